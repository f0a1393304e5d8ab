#include "gateway/http_message.h"

#include <algorithm>
#include <array>
#include <boost/beast/websocket/rfc6455.hpp>

namespace vedette::gateway {

namespace http = boost::beast::http;

namespace {

// What proxies put there. Who comes without one may leave them out, so nothing is allowed for their sake.
bool is_forwarded(const http::request<http::empty_body>& request) {
  constexpr std::array kOfProxies{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via"};
  return std::any_of(kOfProxies.begin(), kOfProxies.end(), [&](const char* name) { return request.count(name) > 0; });
}

std::string text_of(boost::beast::string_view view) { return {view.data(), view.size()}; }

}  // namespace

RequestHead head_of(const http::request<http::empty_body>& request) {
  RequestHead head;
  head.method = text_of(request.method_string());
  head.target = text_of(request.target());
  head.host = text_of(request[http::field::host]);
  head.origin = text_of(request[http::field::origin]);
  head.authorization = text_of(request[http::field::authorization]);
  head.cookie = text_of(request[http::field::cookie]);
  head.if_none_match = text_of(request[http::field::if_none_match]);
  head.range = text_of(request[http::field::range]);
  head.if_range = text_of(request[http::field::if_range]);
  head.content_type = text_of(request[http::field::content_type]);
  head.content_length = text_of(request[http::field::content_length]);
  head.captured_at = text_of(request["X-Captured-At"]);
  head.csrf_token = text_of(request["X-CSRF-Token"]);
  head.fetch_site = text_of(request["Sec-Fetch-Site"]);
  head.proxy_proto = text_of(request["X-Forwarded-Proto"]);
  head.forwarded = is_forwarded(request);
  head.websocket = boost::beast::websocket::is_upgrade(request) && request[http::field::sec_websocket_version] == "13" &&
                   !request[http::field::sec_websocket_key].empty();
  return head;
}

Response response_of(const Reply& reply, bool is_head, bool keep_alive) {
  Response response{static_cast<http::status>(reply.status), 11};
  response.set(http::field::server, "vedette");
  for (const auto& [name, value] : reply.headers) response.set(name, value);
  response.keep_alive(keep_alive);
  if (reply.status == 304 || reply.status == 204) return response;
  response.set(http::field::content_type, reply.content_type);
  if (reply.body && !is_head) response.body() = *reply.body;
  response.content_length(reply.file.fd ? reply.file.bytes : reply.body ? reply.body->size() : 0);
  return response;
}

}  // namespace vedette::gateway
