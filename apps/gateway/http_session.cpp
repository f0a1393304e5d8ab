// HTTP of one connection: read a head under a limit of bytes and time, let the router answer, write, again. The body of a picture
// that is pushed is read under limits of its own; any other request that has a body, or is malformed, is answered and the
// connection closed.
#include <array>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/vector_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <limits>
#include <optional>

#include "gateway/messages.h"
#include "gateway/sessions.h"

namespace vedette::gateway {
namespace {

using Response = http::response<http::string_body>;

constexpr std::chrono::seconds kLingerTimeout{2};
// To who speaks plain HTTP where TLS is spoken.
constexpr std::string_view kPlainHttp =
    "HTTP/1.1 400 Bad Request\r\nServer: vedette\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 57\r\n\r\n"
    "TLS is spoken here: the address begins with https:// now\n";

bool is_plain_http(const beast::error_code& error) {
  return error.category() == net::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
}

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
  head.content_type = text_of(request[http::field::content_type]);
  head.content_length = text_of(request[http::field::content_length]);
  head.captured_at = text_of(request["X-Captured-At"]);
  head.csrf_token = text_of(request["X-CSRF-Token"]);
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

// Announced bytes in the context's count of what is being received.
class InFlight {
 public:
  InFlight(SessionContext& context, std::uint64_t bytes) : context_(context), bytes_(bytes) {
    context_.ingest_in_flight += bytes;
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() { context_.ingest_in_flight -= bytes_; }

 private:
  SessionContext& context_;
  const std::uint64_t bytes_;
};

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(Connection connection, SessionContext& context)
      : stream_(std::move(connection)), context_(context), place_(context), buffer_(std::size_t{2} * kMaxHeadBytes) {}

  void start() {
    if (!stream_.is_tls()) return read();
    stream_.expires_after(kHandshakeTimeout);
    stream_.async_handshake([self = shared_from_this()](beast::error_code error) { self->on_handshake(error); });
  }

 private:
  void on_handshake(beast::error_code error) {
    if (!error) return read();
    if (!is_plain_http(error)) return;  // too slow, gone, or nothing that we speak
    stream_.next_layer().expires_after(kAnswerTimeout);
    net::async_write(stream_.next_layer(), net::buffer(kPlainHttp),
                     [self = shared_from_this()](beast::error_code failed, std::size_t) {
                       if (!failed) self->linger();
                     });
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeadBytes);
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());  // whatever is announced: it isn't read
    stream_.expires_after(kHeadTimeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_head(error); });
  }

  void on_head(beast::error_code error) {
    if (error == http::error::end_of_stream) return finish();
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return write(error_reply(431, "the request's head is longer than 8 KiB"), false, false);
    if (error && error.category() == http::make_error_code(http::error::bad_version).category())
      return write(error_reply(400, "this is not a well-formed HTTP request"), false, false);
    if (error) return;  // timed out or gone: the socket closes with this session
    RequestHead head = head_of(parser_->get());
    beast::error_code ignored;
    head.remote = stream_.socket().remote_endpoint(ignored).address().to_string();
    Reply reply = context_.router->answer(head);
    if (reply.push != nullptr) return push(std::move(reply), head.websocket);
    if (reply.watch == nullptr) return write(reply, head.method == "HEAD", parser_->is_done() && parser_->get().keep_alive());
    if (context_.viewers >= context_.max_viewers) {
      const std::string most = std::to_string(context_.max_viewers);
      return write(error_reply(503, "all " + most + " places for viewers are taken (gateway.max_viewers)"), false, false);
    }
    stream_.expires_never();
    serve_viewer(std::move(stream_), parser_->release(), *reply.watch, reply.wish, context_, std::move(place_));
  }

  void push(Reply reply, bool websocket) {
    Ingest& ingest = *reply.push;
    if (websocket) {
      if (ingest.pushers >= kMaxPushers)
        return write(error_reply(503, std::to_string(kMaxPushers) + " connections push to this camera already"), false, false);
      stream_.expires_never();
      return serve_pusher(std::move(stream_), parser_->release(), ingest, context_, std::move(place_));
    }
    in_flight_.emplace(context_, reply.pushed.body_bytes);
    if (context_.ingest_in_flight > kMaxIngestInFlight)
      return write(error_reply(503, "too many pictures are being received at once; send it again"), false, false);
    const bool must_continue = beast::iequals(parser_->get()[http::field::expect], "100-continue");
    body_.emplace(std::move(*parser_));
    body_->body_limit(kMaxIngestBytes);
    pushing_ = std::move(reply);
    stream_.expires_after(kBodyTimeout);
    if (!must_continue) return read_body();
    // curl waits for it before it sends more than a megabyte.
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    net::async_write(stream_, net::buffer(kContinue), [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->read_body();
    });
  }

  void read_body() {
    http::async_read(stream_, buffer_, *body_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->on_body();  // else gone, or too slow: the socket closes with this session
    });
  }

  void on_body() {
    PushedPicture picture = std::move(pushing_.pushed.picture);
    const bool keep_alive = body_->get().keep_alive();
    picture.bytes = std::move(body_->get().body());
    body_.reset();
    in_flight_.reset();
    const auto pushed = pushing_.push->offer(std::move(picture));
    if (!pushed.ok())
      return write(error_reply(pushed.error().code == ErrorCode::kCorrupt ? 422 : 503, pushed.error().text), false, keep_alive);
    write(json_answer(202, pushed_json(*pushed)), false, keep_alive);
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

  void finish() {
    stream_.expires_after(kLingerTimeout);
    if (!stream_.is_tls()) return linger();
    stream_.async_shutdown([self = shared_from_this()](beast::error_code) { self->linger(); });
  }

  // Closing with unread bytes would make the kernel reset the connection and the answer might never be seen: read a little on.
  void linger() {
    beast::error_code ignored;
    stream_.socket().shutdown(net::ip::tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kLingerTimeout);
    drain(256);
  }

  void drain(int reads_left) {
    if (reads_left == 0) return;
    stream_.next_layer().async_read_some(net::buffer(scrap_),
                                         [self = shared_from_this(), reads_left](beast::error_code error, std::size_t) {
                                           if (!error) self->drain(reads_left - 1);
                                         });
  }

  Connection stream_;
  SessionContext& context_;
  ConnectionPlace place_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::optional<http::request_parser<http::vector_body<std::uint8_t>>> body_;
  Reply pushing_;  // whose body is being read
  std::optional<InFlight> in_flight_;
  std::optional<Response> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::array<char, 4096> scrap_{};
};

}  // namespace

void serve_http(Connection connection, SessionContext& context) {
  std::make_shared<HttpSession>(std::move(connection), context)->start();
}

}  // namespace vedette::gateway
