// Who gets in: by a token in the query, an Authorization header, or a cookie that one of these or a login sets (Accounts knows
// them all); and, against pages of other sites, whose Host and Origin a request may carry.
//
// Where nobody is asked a request's Host must be a loopback name or an IP address, so that no foreign DNS name that points here
// (DNS rebinding) reads the cameras; and unless gateway.auth is none it must not say that it came through a proxy, which opens to
// others what was meant for this machine alone. The Origin of a WebSocket or an unsafe request, if there is one, must equal its
// Host: browsers let any page open a WebSocket, and post a form, anywhere. An unsafe request that comes with a cookie must carry
// what GET /api/session said beside it (X-CSRF-Token). Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/principal.h"
#include "gateway/request.h"

namespace vedette::gateway {

class Accounts;
struct Identity;

// Equal contents; takes as long for a wrong guess as for a right one of the same length.
bool constant_time_equal(std::string_view guess, std::string_view secret);

struct Decision {
  int status = 200;             // 200, 401 (nobody known), 403 (foreign host or origin, proxy), 429 (too many wrong tokens)
  std::string why = {};         // a sentence, when it isn't 200
  std::string set_cookie = {};  // a Set-Cookie header's value, when a token in the query logged them in
  Principal who = {};           // when it is 200
  std::chrono::seconds retry_after = {};  // with 429
  bool wrong_token = false;               // one came; also when a cookie let them in all the same
};

class Access {
 public:
  // `port` makes the cookie's name: cookies don't respect ports. `tls`: the cookie is for TLS alone.
  Access(std::shared_ptr<Accounts> accounts, std::uint16_t port, bool tls = false);
  // Of one token and no users; "": everybody who reaches the port.
  Access(std::string token, std::uint16_t port);

  Decision check(const RequestHead& head, const Target& target) const;

  // What the cookie of this request holds; "": it has none.
  std::string cookie_of(const RequestHead& head) const;
  // Set-Cookie's value in the answer to this request: keeps `value` in the browser, or removes what is there ("").
  std::string set_cookie(const RequestHead& head, std::string_view value) const;
  // Strict-Transport-Security's value; "": nothing is to be said. Other programs of a machine's localhost may speak plain HTTP.
  std::string strict_transport(const std::string& host) const;
  const std::shared_ptr<Accounts>& accounts() const { return accounts_; }

 private:
  Decision check_nobody_asked(const RequestHead& head) const;
  Decision check_token(const RequestHead& head, const Target& target, const std::string& token, bool in_query) const;
  Decision check_cookie(const RequestHead& head) const;

  std::shared_ptr<Accounts> accounts_;
  std::string cookie_;
  bool tls_ = false;
};

}  // namespace vedette::gateway
