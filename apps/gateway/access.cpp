#include "gateway/access.h"

namespace vedette::gateway {
namespace {

constexpr std::string_view kBearer = "Bearer ";

// Who has the token, or reaches a port where none is asked for, may do everything.
Decision allowed(std::string set_cookie = {}) { return {200, {}, std::move(set_cookie), {{}, Role::kAdmin, {}}}; }

}  // namespace

bool constant_time_equal(std::string_view guess, std::string_view secret) {
  if (secret.empty()) return false;
  unsigned difference = guess.size() == secret.size() ? 0u : 1u;
  for (std::size_t i = 0; i < guess.size(); ++i)
    difference |= static_cast<unsigned char>(guess[i]) ^ static_cast<unsigned char>(secret[i % secret.size()]);
  return difference == 0;
}

Access::Access(std::string token, std::uint16_t port) : token_(std::move(token)), cookie_("vedette_" + std::to_string(port)) {}

bool Access::has_token(const RequestHead& head) const {
  const std::string_view authorization = head.authorization;
  if (authorization.starts_with(kBearer) && constant_time_equal(authorization.substr(kBearer.size()), token_)) return true;
  const auto cookie = cookie_value(head.cookie, cookie_);
  return cookie && constant_time_equal(*cookie, token_);
}

Decision Access::check(const RequestHead& head, const Target& target) const {
  // Browsers let any page open a WebSocket, or post a form, anywhere.
  if ((head.websocket || head.method == "POST") && !head.origin.empty() && !is_same_origin(head.origin, head.host))
    return {403, "a page of another site may not watch or push: Origin and Host differ", {}, {}};
  if (token_.empty()) {
    if (is_local_or_literal_host(head.host)) return allowed();
    return {403, "without a token only localhost or an IP address will do as host name: set gateway.token", {}, {}};
  }
  if (const auto token = target.value("token"); token && constant_time_equal(*token, token_))
    return allowed(cookie_ + "=" + percent_encode(token_) + "; Path=/; HttpOnly; SameSite=Strict");
  if (has_token(head)) return allowed();
  return {401, "a token is needed: open the page with ?token=… as the gateway's log or `vedette up` printed it", {}, {}};
}

}  // namespace vedette::gateway
