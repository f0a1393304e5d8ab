// HTTP of one connection: read a head under a limit of bytes and time, let the router answer, write, again. A request that has a
// body, or is malformed, is answered and the connection closed; no body is read.
#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <limits>
#include <optional>

#include "gateway/sessions.h"

namespace vedette::gateway {
namespace {

using Response = http::response<http::string_body>;

std::string text_of(beast::string_view view) { return {view.data(), view.size()}; }

RequestHead head_of(const UpgradeRequest& request) {
  RequestHead head;
  head.method = text_of(request.method_string());
  head.target = text_of(request.target());
  head.host = text_of(request[http::field::host]);
  head.origin = text_of(request[http::field::origin]);
  head.authorization = text_of(request[http::field::authorization]);
  head.cookie = text_of(request[http::field::cookie]);
  head.if_none_match = text_of(request[http::field::if_none_match]);
  head.websocket = beast::websocket::is_upgrade(request) && request[http::field::sec_websocket_version] == "13" &&
                   !request[http::field::sec_websocket_key].empty();
  return head;
}

Response response_of(const Reply& reply, bool is_head, bool keep_alive) {
  Response response{static_cast<http::status>(reply.status), 11};
  response.set(http::field::server, "vedette");
  for (const auto& [name, value] : reply.headers) response.set(name, value);
  response.keep_alive(keep_alive);
  if (reply.status == 304) return response;
  response.set(http::field::content_type, reply.content_type);
  if (reply.body && !is_head) response.body() = *reply.body;
  response.content_length(reply.body ? reply.body->size() : 0);
  return response;
}

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(net::ip::tcp::socket socket, SessionContext& context)
      : stream_(std::move(socket)), context_(context), place_(context), buffer_(std::size_t{2} * kMaxHeadBytes) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeadBytes);
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());  // whatever is announced: it isn't read
    stream_.expires_after(kHeadTimeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_head(error); });
  }

 private:
  void on_head(beast::error_code error) {
    if (error == http::error::end_of_stream) return finish();
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return write(error_reply(431, "the request's head is longer than 8 KiB"), false, false);
    if (error && error.category() == http::make_error_code(http::error::bad_version).category())
      return write(error_reply(400, "this is not a well-formed HTTP request"), false, false);
    if (error) return;  // timed out or gone: the socket closes with this session
    const RequestHead head = head_of(parser_->get());
    const Reply reply = context_.router->answer(head);
    if (reply.watch == nullptr) return write(reply, head.method == "HEAD", parser_->is_done() && parser_->get().keep_alive());
    if (context_.viewers >= context_.max_viewers) {
      const std::string most = std::to_string(context_.max_viewers);
      return write(error_reply(503, "all " + most + " places for viewers are taken (gateway.max_viewers)"), false, false);
    }
    stream_.expires_never();
    serve_viewer(std::move(stream_), parser_->release(), *reply.watch, context_, std::move(place_));
  }

  void write(const Reply& reply, bool is_head, bool keep_alive) {
    response_.emplace(response_of(reply, is_head, keep_alive));
    serializer_.emplace(*response_);
    stream_.expires_after(kAnswerTimeout);
    const auto on_written = [self = shared_from_this(), keep_alive](beast::error_code error, std::size_t) {
      if (error) return;
      keep_alive ? self->read() : self->finish();
    };
    // A HEAD's length is announced, but its body isn't there.
    if (is_head) {
      http::async_write_header(stream_, *serializer_, on_written);
    } else {
      http::async_write(stream_, *serializer_, on_written);
    }
  }

  // Closing with unread bytes would make the kernel reset the connection and the answer might never be seen: read a little on.
  void finish() {
    beast::error_code ignored;
    stream_.socket().shutdown(net::ip::tcp::socket::shutdown_send, ignored);
    stream_.expires_after(std::chrono::seconds(2));
    drain(16);
  }

  void drain(int reads_left) {
    if (reads_left == 0) return;
    stream_.async_read_some(net::buffer(scrap_), [self = shared_from_this(), reads_left](beast::error_code error, std::size_t) {
      if (!error) self->drain(reads_left - 1);
    });
  }

  beast::tcp_stream stream_;
  SessionContext& context_;
  ConnectionPlace place_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::optional<Response> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::array<char, 4096> scrap_{};
};

}  // namespace

void serve_http(net::ip::tcp::socket socket, SessionContext& context) {
  std::make_shared<HttpSession>(std::move(socket), context)->read();
}

}  // namespace vedette::gateway
