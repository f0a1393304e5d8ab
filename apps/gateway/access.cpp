#include "gateway/access.h"

#include "gateway/accounts.h"

namespace vedette::gateway {
namespace {

constexpr std::string_view kBearer = "Bearer ";

bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

std::shared_ptr<Accounts> accounts_of(std::string token) {
  AccountOptions options;
  options.token = std::move(token);
  return Accounts::open(std::move(options)).value();  // nothing is read without a storage folder
}

Decision refused(int status, std::string why) { return {.status = status, .why = std::move(why)}; }
Decision allowed(Principal who) { return {.who = std::move(who)}; }

}  // namespace

bool constant_time_equal(std::string_view guess, std::string_view secret) {
  if (secret.empty()) return false;
  unsigned difference = guess.size() == secret.size() ? 0u : 1u;
  for (std::size_t i = 0; i < guess.size(); ++i)
    difference |= static_cast<unsigned char>(guess[i]) ^ static_cast<unsigned char>(secret[i % secret.size()]);
  return difference == 0;
}

// Browsers take a cookie that begins with __Host- only by TLS, for this host alone and all of it.
Access::Access(std::shared_ptr<Accounts> accounts, std::uint16_t port, bool tls)
    : accounts_(std::move(accounts)), cookie_((tls ? "__Host-vedette_" : "vedette_") + std::to_string(port)), tls_(tls) {}

Access::Access(std::string token, std::uint16_t port) : Access(accounts_of(std::move(token)), port) {}

std::string Access::cookie_of(const RequestHead& head) const { return cookie_value(head.cookie, cookie_).value_or(""); }

// For TLS alone also behind a proxy that does it. Who says so and doesn't speak TLS harms himself: he has no cookie then.
std::string Access::set_cookie(const RequestHead& head, std::string_view value) const {
  const bool secure = tls_ || head.proxy_proto == "https";
  const auto seconds = value.empty() ? std::chrono::seconds(0) : std::chrono::seconds(Logins::kLongest);
  return cookie_ + "=" + percent_encode(value) + "; Path=/; Max-Age=" + std::to_string(seconds.count()) +
         "; HttpOnly; SameSite=Strict" + (secure ? "; Secure" : "");
}

std::string Access::strict_transport(const std::string& host) const {
  return tls_ && !is_local_or_literal_host(host) ? "max-age=31536000" : "";
}

Decision Access::check(const RequestHead& head, const Target& target) const {
  if ((head.websocket || !is_safe(head.method)) && !head.origin.empty() && !is_same_origin(head.origin, head.host))
    return refused(403, "a page of another site may not do this: Origin and Host differ");
  accounts_->refresh();
  if (accounts_->auth() == Accounts::Auth::kNone) return check_nobody_asked(head);
  if (const auto token = target.value("token")) {
    Decision decision = check_token(head, target, *token, true);
    // A page that was opened with an old token and has logged in since goes on with its cookie.
    if (decision.status == 200 || cookie_of(head).empty()) return decision;
    Decision by_cookie = check_cookie(head);
    by_cookie.wrong_token = decision.wrong_token;
    return by_cookie.status == 401 ? decision : by_cookie;
  }
  if (head.authorization.starts_with(kBearer)) return check_token(head, target, head.authorization.substr(kBearer.size()), false);
  return check_cookie(head);
}

Decision Access::check_nobody_asked(const RequestHead& head) const {
  if (head.forwarded && accounts_->asks())
    return refused(
        403,
        "this came through a proxy, but nobody is asked who they are here: make users first (`vedette user add`), or set "
        "gateway.token");
  if (is_local_or_literal_host(head.host)) return allowed({{}, Role::kAdmin, {}, {}});
  return refused(403,
                 "where nobody is asked who they are, only localhost or an IP address will do as host name: make users "
                 "(`vedette user add`) or set gateway.token");
}

Decision Access::check_token(const RequestHead& head, const Target& target, const std::string& token, bool in_query) const {
  // A page that is opened so goes on with a cookie; not by another site's link, which may have somebody else's token in it.
  const bool opens_page = in_query && target.path == "/" && is_safe(head.method) && head.fetch_site != "cross-site";
  Attempt attempt =
      opens_page ? accounts_->log_in_by_token(token, head.remote, cookie_of(head)) : accounts_->by_token(token, head.remote);
  if (attempt.status == 429) {
    Decision decision = refused(429, "too many wrong tokens came from this address");
    decision.retry_after = attempt.retry_after;
    return decision;
  }
  if (attempt.status != 200) {
    Decision decision = refused(401, "this token isn't known, or not any more");
    decision.wrong_token = true;
    return decision;
  }
  Decision decision = allowed(std::move(attempt.identity.who));
  if (!attempt.cookie.empty()) decision.set_cookie = set_cookie(head, attempt.cookie);
  return decision;
}

Decision Access::check_cookie(const RequestHead& head) const {
  const std::string cookie = cookie_of(head);
  auto identity = cookie.empty() ? std::nullopt : accounts_->by_cookie(cookie);
  if (!identity) {
    if (accounts_->auth() == Accounts::Auth::kUsers)
      return refused(401, "nobody is logged in: POST name and password to /api/session");
    return refused(401, "a token is needed: open the page with ?token=… as the gateway's log or `vedette up` printed it");
  }
  if (!is_safe(head.method) && !constant_time_equal(head.csrf_token, identity->csrf))
    return refused(403, "the header X-CSRF-Token isn't what GET /api/session says");
  return allowed(std::move(identity->who));
}

}  // namespace vedette::gateway
