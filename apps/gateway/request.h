// What a request says, taken apart without trusting it: target, query, cookies, host names.
//
// Every byte here comes from the network. Pure functions, thread-safe; nothing fails but by returning an empty optional.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vedette::gateway {

// The parts of a request's head that anything here looks at. Absent headers are empty.
struct RequestHead {
  std::string method;  // "GET"
  std::string target;  // as sent: "/ws/front?token=x"
  std::string host;
  std::string origin;
  std::string authorization;
  std::string cookie;
  std::string if_none_match;
  std::string range;
  std::string if_range;
  std::string content_type;
  std::string content_length;  // "": none
  std::string captured_at;     // X-Captured-At
  std::string csrf_token;      // X-CSRF-Token
  std::string fetch_site;      // Sec-Fetch-Site: what a browser says of the page that asks
  std::string proxy_proto;     // X-Forwarded-Proto: what a proxy in front was spoken to by
  std::string remote;          // the address that it came from
  bool websocket = false;      // a complete WebSocket upgrade
  bool forwarded = false;      // a proxy says so: X-Forwarded-For, -Host, -Proto, Forwarded or Via
};

struct Target {
  std::string path;                                        // decoded; starts with "/", no empty, "." or ".." parts
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order

  std::optional<std::string> value(std::string_view key) const;  // of the first pair with this key
};

// Longest target that is looked at, and most query pairs.
inline constexpr std::size_t kMaxTargetBytes = 2048;
inline constexpr std::size_t kMaxQueryPairs = 32;

// Empty for anything but an origin-form target ("/path?query") of visible ASCII with sound escapes, no NUL or control
// character even when escaped, and no path part that is empty (but the last), "." or "..".
std::optional<Target> parse_target(std::string_view target);

// "%41" -> "A"; with `plus_is_space` also "+" -> " ". Empty for a broken escape or a decoded control character.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// Everything but letters, digits, '-', '.', '_' and '~' as %XX.
std::string percent_encode(std::string_view text);

// The decoded value of cookie `name` in a Cookie header ("a=1; b=2").
std::optional<std::string> cookie_value(std::string_view header, std::string_view name);

// A Host header that is only letters, digits and ".-_:[]"; at most 255 bytes. What passes can stand in a header of ours.
bool is_plain_host(std::string_view host);
// The Host header names this machine in a way that no foreign DNS entry can: "localhost", "*.localhost" or an IP address,
// with or without a port.
bool is_local_or_literal_host(std::string_view host);
// The Origin header ("https://host:port") names the same host and port as the Host header.
bool is_same_origin(std::string_view origin, std::string_view host);

}  // namespace vedette::gateway
