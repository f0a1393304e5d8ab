// HTTP of one connection: read a head under a limit of bytes and time, let the router say what it is, read the body that its
// route takes under limits of its own, let the handler answer (on a worker's thread if it blocks), write, again. Any other
// request that has a body, or is malformed, is answered and the connection closed.
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/vector_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <limits>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "gateway/http_message.h"
#include "gateway/messages.h"
#include "gateway/router.h"
#include "gateway/sessions.h"
#include "gateway/snapshot_taker.h"

namespace vedette::gateway {
namespace {

constexpr std::chrono::seconds kLingerTimeout{2};
// To who speaks plain HTTP where TLS is spoken.
constexpr std::string_view kPlainHttp =
    "HTTP/1.1 400 Bad Request\r\nServer: vedette\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 57\r\n\r\n"
    "TLS is spoken here: the address begins with https:// now\n";

bool is_plain_http(const beast::error_code& error) {
  return error.category() == net::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
}

constexpr std::size_t kFilePiece = 256 * 1024;
// curl waits for it before it sends more than a megabyte.
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

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

// A piece of a file: read on a worker's thread, written by the network thread.
struct Piece {
  std::array<char, kFilePiece> bytes;
  std::size_t size = 0;
};

std::size_t read_piece(const FileBody& file, Piece& piece) {
  const std::size_t wanted = std::min<std::uint64_t>(file.bytes, piece.bytes.size());
  piece.size = 0;
  while (piece.size < wanted) {
    const ssize_t got = ::pread(file.fd->get(), piece.bytes.data() + piece.size, wanted - piece.size,
                                static_cast<off_t>(file.offset + piece.size));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;  // it has become shorter, or can't be read any more
    piece.size += static_cast<std::size_t>(got);
  }
  return piece.size;
}

class HttpSession : public std::enable_shared_from_this<HttpSession>, public Closable {
 public:
  HttpSession(Connection connection, SessionContext& context)
      : stream_(std::move(connection)), context_(context), place_(context), buffer_(std::size_t{2} * kMaxHeadBytes) {}

  ~HttpSession() override { be_busy(); }

  void start() {
    be_idle();
    if (!stream_.is_tls()) return read();
    stream_.expires_after(kHandshakeTimeout);
    stream_.async_handshake([self = shared_from_this()](beast::error_code error) { self->on_handshake(error); });
  }

  const std::string& ticket() const override { return place_.ticket; }

  void close() override {
    be_busy();
    beast::error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  // Idle is who hasn't sent a whole head, or isn't known yet: it makes room when others come.
  void be_idle() {
    if (!idle_) idle_ = context_.idle.insert(context_.idle.end(), this);
  }
  void be_busy() {
    if (idle_) context_.idle.erase(*std::exchange(idle_, std::nullopt));
  }

  void on_handshake(beast::error_code error) {
    if (!error) return read();
    if (!is_plain_http(error)) return;  // too slow, gone, or nothing that we speak
    stream_.expires_after(kAnswerTimeout);
    net::async_write(stream_.next_layer(), net::buffer(kPlainHttp),
                     [self = shared_from_this()](beast::error_code failed, std::size_t) {
                       if (!failed) self->linger();
                     });
  }

  void read() {
    be_idle();
    call_ = {};
    parser_.emplace();
    parser_->header_limit(kMaxHeadBytes);
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());  // whatever is announced: it isn't read
    stream_.expires_after(kHeadTimeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_head(error); });
  }

  void on_head(beast::error_code error) {
    began_ns_ = monotonic_ns();
    is_head_ = keep_alive_ = false;
    if (error == http::error::end_of_stream) return finish();
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return refuse(431, "the request's head is longer than 8 KiB");
    if (error && error.category() == http::make_error_code(http::error::bad_version).category())
      return refuse(400, "this is not a well-formed HTTP request");
    if (error) return;  // timed out or gone: the socket closes with this session
    RequestHead head = head_of(parser_->get());
    beast::error_code ignored;
    head.remote = stream_.socket().remote_endpoint(ignored).address().to_string();
    call_ = context_.router->begin(head);
    if (!call_.is_unknown) be_busy();
    is_head_ = call_.request.head.method == "HEAD";
    if (call_.wants_body()) return start_json();
    keep_alive_ = parser_->is_done() && parser_->get().keep_alive();
    answer();
  }

  // The handler's part, or what the head alone decided.
  void answer() {
    if (!call_.blocks()) return on_reply(context_.router->finish(call_, text_));
    const bool taken = context_.workers->offer([self = shared_from_this(), gone = watch_for_end()]() mutable {
      if (!*gone) self->answered_ = self->context_.router->finish(self->call_, self->text_);
      // The session must end on the network thread, whoever holds it last.
      const auto executor = self->stream_.get_executor();
      net::post(executor, [session = std::move(self)] { session->on_worker_done(); });
    });
    if (taken) return;
    stop_watching();
    Reply busy = problem(503, "too many requests wait for an answer; ask again");
    busy.headers.emplace_back("Retry-After", "1");
    on_reply(std::move(busy));
  }

  // Nothing is read while a worker is busy for this connection. Should its other end close meanwhile, what hasn't begun isn't
  // done.
  std::shared_ptr<std::atomic<bool>> watch_for_end() {
    gone_ = std::make_shared<std::atomic<bool>>(false);
    stream_.socket().async_wait(Socket::wait_read, [self = shared_from_this(), gone = gone_](beast::error_code error) {
      if (error || self->gone_ != gone) return;
      char byte = 0;
      *gone = ::recv(self->stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    });
    return gone_;
  }

  void stop_watching() {
    gone_.reset();
    beast::error_code ignored;
    stream_.socket().cancel(ignored);
  }

  void on_worker_done() {
    const bool gone = *gone_;
    stop_watching();
    std::optional<Reply> reply = std::exchange(answered_, std::nullopt);
    if (!gone) return on_reply(*std::move(reply));
    if (reply) count(reply->status);  // nobody hears of it, but it is done
  }

  void on_reply(Reply reply) {
    text_.clear();
    if (reply.push != nullptr) return push(std::move(reply));
    if (reply.watch == nullptr) return write(reply);
    if (context_.viewers >= context_.max_viewers) {
      const std::string most = std::to_string(context_.max_viewers);
      return refuse(503, "all " + most + " places for viewers are taken (gateway.max_viewers)");
    }
    if (reply.watching.as == Watching::As::kSnapshot) return snapshot(reply);
    const bool is_stream = reply.watching.as != Watching::As::kWebSocket;
    count(is_stream ? 200 : 101);
    stream_.expires_never();
    if (is_stream) return serve_stream(std::move(stream_), reply, is_head_, context_, place_of_guest());
    serve_viewer(std::move(stream_), parser_->release(), *reply.watch, reply.watching.video, context_, place_of_guest());
  }

  void snapshot(const Reply& reply) {
    take_snapshot(stream_.get_executor(), *reply.watch, reply.watching.snapshot, context_,
                  [self = shared_from_this(), headers = reply.headers](Reply taken) {
                    taken.headers.insert(taken.headers.end(), headers.begin(), headers.end());
                    self->write(taken);
                  });
  }

  void push(Reply reply) {
    Ingest& ingest = *reply.push;
    if (call_.request.head.websocket) {
      if (ingest.pushers >= kMaxPushers)
        return refuse(503, std::to_string(kMaxPushers) + " connections push to this camera already");
      count(101);
      stream_.expires_never();
      return serve_pusher(std::move(stream_), parser_->release(), ingest, context_, place_of_guest());
    }
    in_flight_.emplace(context_, reply.pushed.body_bytes);
    if (context_.ingest_in_flight > kMaxIngestInFlight)
      return refuse(503, "too many pictures are being received at once; send it again");
    const bool must_continue = wants_continue();
    picture_.emplace(std::move(*parser_));
    picture_->body_limit(kMaxIngestBytes);
    pushing_ = std::move(reply);
    stream_.expires_after(kBodyTimeout);
    go_on_after_continue(must_continue, [this] { read_picture(); });
  }

  void read_picture() {
    http::async_read(stream_, buffer_, *picture_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->on_picture();  // else gone, or too slow: the socket closes with this session
    });
  }

  void on_picture() {
    PushedPicture picture = std::move(pushing_.pushed.picture);
    keep_alive_ = picture_->get().keep_alive();
    picture.bytes = std::move(picture_->get().body());
    picture_.reset();
    in_flight_.reset();
    const auto pushed = pushing_.push->offer(std::move(picture));
    Reply reply = pushed ? json_reply(202, pushed_json(*pushed))
                         : problem(pushed.error().code == ErrorCode::kCorrupt ? 422 : 503, pushed.error().text);
    add_common_headers(reply, {});
    write(reply);
  }

  void start_json() {
    const bool must_continue = wants_continue();
    json_.emplace(std::move(*parser_));
    json_->body_limit(call_.most_body_bytes());
    stream_.expires_after(kJsonTimeout);
    go_on_after_continue(must_continue, [this] { read_json(); });
  }

  void read_json() {
    http::async_read(stream_, buffer_, *json_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error == http::error::body_limit)
        return self->refuse(413, "a body of more than " + std::to_string(self->call_.most_body_bytes()) + " bytes");
      if (error && error.category() == http::make_error_code(http::error::bad_version).category())
        return self->refuse(400, "this is not a well-formed HTTP request");
      if (!error) self->on_json();  // else gone, or too slow: the socket closes with this session
    });
  }

  void on_json() {
    keep_alive_ = json_->get().keep_alive();
    text_ = std::move(json_->get().body());
    json_.reset();
    answer();
  }

  bool wants_continue() const { return beast::iequals(parser_->get()[http::field::expect], "100-continue"); }

  template <typename Next>
  void go_on_after_continue(bool must_continue, Next next) {
    if (!must_continue) return next();
    net::async_write(stream_, net::buffer(kContinue), [self = shared_from_this(), next](beast::error_code error, std::size_t) {
      if (!error) next();
    });
  }

  // What goes on after this request, goes on for as long as who asked is let in.
  ConnectionPlace place_of_guest() {
    place_.ticket = call_.request.who.ticket;
    return std::move(place_);
  }

  // A problem behind which the connection ends: bytes may be left that nobody reads.
  void refuse(int status, const std::string& sentence) {
    keep_alive_ = false;
    Reply reply = problem(status, sentence);
    add_common_headers(reply, {});
    write(reply);
  }

  void count(int status) const { context_.router->finished(call_, status, static_cast<double>(age_ns(began_ns_)) / 1e9); }

  void write(const Reply& reply) {
    count(reply.status);
    response_.emplace(response_of(reply, is_head_, keep_alive_));
    serializer_.emplace(*response_);
    file_ = reply.file;
    stream_.expires_after(kAnswerTimeout);
    // A HEAD's length is announced, but its body isn't there; that of a file follows piece by piece.
    if (is_head_ || file_.fd) {
      http::async_write_header(stream_, *serializer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
        if (error) return;
        self->is_head_ || self->file_.bytes == 0 ? self->on_written() : self->send_piece();
      });
    } else {
      http::async_write(stream_, *serializer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
        if (!error) self->on_written();
      });
    }
  }

  void on_written() {
    file_ = {};
    keep_alive_ ? read() : finish();
  }

  void send_piece() {
    if (!piece_) piece_ = std::make_unique<Piece>();
    context_.workers->go_on([self = shared_from_this()]() mutable {
      read_piece(self->file_, *self->piece_);
      const auto executor = self->stream_.get_executor();
      net::post(executor, [session = std::move(self)] { session->on_piece(); });
    });
  }

  // A file that has become shorter can't be told any more: the connection ends before what was announced.
  void on_piece() {
    if (piece_->size == 0) return;
    stream_.expires_after(kAnswerTimeout);
    net::async_write(stream_, net::buffer(piece_->bytes.data(), piece_->size),
                     [self = shared_from_this()](beast::error_code error, std::size_t written) {
                       if (error) return;
                       self->file_.offset += written;
                       self->file_.bytes -= written;
                       self->file_.bytes == 0 ? self->on_written() : self->send_piece();
                     });
  }

  void finish() {
    stream_.expires_after(kLingerTimeout);
    if (!stream_.is_tls()) return linger();
    stream_.async_shutdown([self = shared_from_this()](beast::error_code) { self->linger(); });
  }

  // Closing with unread bytes would make the kernel reset the connection and the answer might never be seen: read a little on.
  void linger() {
    beast::error_code ignored;
    stream_.socket().shutdown(Socket::shutdown_send, ignored);
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
  std::optional<std::list<Closable*>::iterator> idle_;
  ConnectionPlace place_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::optional<http::request_parser<http::vector_body<std::uint8_t>>> picture_;
  std::optional<http::request_parser<http::string_body>> json_;
  std::uint64_t began_ns_ = 0;  // when the head was there
  Call call_;                   // a worker's while one is busy for it, with `text_` and `answered_`
  std::string text_;            // of the body
  std::optional<Reply> answered_;
  std::shared_ptr<std::atomic<bool>> gone_;  // while a worker is busy: the other end has closed
  bool is_head_ = false;
  bool keep_alive_ = false;
  Reply pushing_;  // whose picture is being read
  std::optional<InFlight> in_flight_;
  std::optional<Response> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  FileBody file_;  // what is left to be sent of it
  std::unique_ptr<Piece> piece_;
  std::array<char, 4096> scrap_{};
};

}  // namespace

void serve_http(Connection connection, SessionContext& context) {
  std::make_shared<HttpSession>(std::move(connection), context)->start();
}

}  // namespace vedette::gateway
