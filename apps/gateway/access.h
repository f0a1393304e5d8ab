// Who gets in: a token in the query, an Authorization header or the cookie that the first of these sets; and, against pages of
// other sites, whose Host and Origin a request may carry.
//
// Without a token (loopback only) a request's Host must be a loopback name or an IP address, so that no foreign DNS name that
// points here (DNS rebinding) reads the cameras. The Origin of a WebSocket or a POST, if there is one, must equal its Host:
// browsers let any page open a WebSocket, and post a form, anywhere. Immutable, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/principal.h"
#include "gateway/request.h"

namespace vedette::gateway {

// Equal contents; takes as long for a wrong guess as for a right one of the same length.
bool constant_time_equal(std::string_view guess, std::string_view secret);

struct Decision {
  int status = 200;        // 200, 401 (no or wrong token) or 403 (foreign host or origin)
  std::string why;         // a sentence, when it isn't 200
  std::string set_cookie;  // a Set-Cookie header's value, when the token came in the query
  Principal who;           // when it is 200
};

class Access {
 public:
  // `token` "": everybody who reaches the port. `port` makes the cookie's name: cookies don't respect ports.
  Access(std::string token, std::uint16_t port);

  Decision check(const RequestHead& head, const Target& target) const;

 private:
  bool has_token(const RequestHead& head) const;

  std::string token_;
  std::string cookie_;
};

}  // namespace vedette::gateway
