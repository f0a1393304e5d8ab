#include "gateway/reply.h"

#include <nlohmann/json.hpp>

#include <boost/beast/http/status.hpp>

#include "gateway/request.h"

namespace vedette::gateway {
namespace {

using Json = nlohmann::ordered_json;

// Everything from this server alone. connect-src names the host again because older Safari doesn't take 'self' for WebSockets.
std::string content_security_policy(const std::string& host) {
  std::string connect = "'self'";
  if (is_plain_host(host)) connect += " ws://" + host + " wss://" + host;
  return "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src " + connect +
         "; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
}

}  // namespace

Reply json_reply(int status, std::string body) {
  Reply reply;
  reply.status = status;
  reply.body = std::make_shared<const std::string>(std::move(body));
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

Reply no_content() {
  Reply reply;
  reply.status = 204;
  reply.content_type.clear();
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

Reply problem(int status, std::string_view detail) { return problem(status, detail, {}); }

Reply problem(int status, std::string_view detail, const std::vector<Mistake>& errors) {
  Json json{{"type", "about:blank"}, {"title", reason_of(status)}, {"status", status}, {"detail", detail}};
  for (const Mistake& mistake : errors) json["errors"].push_back({{"pointer", mistake.pointer}, {"detail", mistake.detail}});
  Reply reply = json_reply(status, json.dump(-1, ' ', false, Json::error_handler_t::replace));
  reply.content_type = "application/problem+json";
  return reply;
}

std::string_view reason_of(int status) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {reason.data(), reason.size()};
}

void add_common_headers(Reply& reply, const std::string& host) {
  reply.headers.emplace_back("Content-Security-Policy", content_security_policy(host));
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  reply.headers.emplace_back("Referrer-Policy", "no-referrer");
  reply.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
}

}  // namespace vedette::gateway
