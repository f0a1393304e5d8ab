// GET /stream/<camera>.mjpeg: a camera's JPEGs one behind the other as multipart/x-mixed-replace, which an <img> and most
// programs show without any code. One picture under way at a time; the newest wins.
#include <array>
#include <boost/asio/write.hpp>

#include "gateway/sessions.h"

namespace vedette::gateway {
namespace {

// The boundary stands right behind each picture: browsers show it when they have seen that.
constexpr std::string_view kBoundary = "\r\n--vedette\r\n";
constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nServer: vedette\r\nContent-Type: multipart/x-mixed-replace; boundary=vedette\r\nCache-Control: "
    "no-store\r\n"
    "Connection: close\r\n";

class StreamSession : public std::enable_shared_from_this<StreamSession>, public Closable, public Wakeable {
 public:
  StreamSession(Connection connection, std::string head, CameraHub& camera, SessionContext& context, ConnectionPlace place)
      : stream_(std::move(connection)), head_(std::move(head)), camera_(camera), context_(context), place_(std::move(place)) {
    ++context_.viewers;
    context_.open_sockets.insert(this);
  }

  ~StreamSession() override {
    if (outbox_) camera_.leave(outbox_);
    context_.open_sockets.erase(this);
    --context_.viewers;
  }

  void start(bool is_head) {
    beast::error_code ignored;
    stream_.socket().set_option(net::socket_base::send_buffer_size(kViewerSendBuffer), ignored);
    stream_.socket().set_option(net::ip::tcp::no_delay(true), ignored);
    stream_.expires_never();
    read();
    if (!is_head) head_ += kBoundary;
    stream_.expires_after(kAnswerTimeout);
    net::async_write(stream_, net::buffer(head_), [self = shared_from_this(), is_head](beast::error_code error, std::size_t) {
      error || is_head ? self->close() : self->on_open();
    });
  }

  const std::string& ticket() const override { return place_.ticket; }
  void on_wake() override { write_next(); }

  void close() override {
    gone_ = true;
    if (outbox_) camera_.leave(outbox_);
    beast::error_code ignored;
    stream_.socket().shutdown(Socket::shutdown_both, ignored);
    stream_.socket().close(ignored);
  }

 private:
  void on_open() {
    outbox_ = std::make_shared<Outbox>(context_.wakes->of(weak_from_this()), Outbox::Takes::kPicturesOnly);
    camera_.join(outbox_);
    write_next();
  }

  // Nothing is expected; the end is noticed so.
  void read() {
    stream_.async_read_some(net::buffer(scrap_), [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error && !self->gone_) return self->read();
      if (!self->gone_) self->close();
    });
  }

  void write_next() {
    if (gone_) return;
    const Outgoing next = outbox_->next();
    const PicturePtr* picture = std::get_if<PicturePtr>(&next);
    if (picture == nullptr) return;
    sending_ = *picture;
    head_ = "Content-Type: image/jpeg\r\nContent-Length: " + std::to_string(sending_->bytes()) +
            "\r\nX-Frame-Id: " + std::to_string(sending_->frame_id()) + "\r\n\r\n";
    const auto part = [&](std::size_t index) {
      return net::buffer(sending_->parts()[index].data(), sending_->parts()[index].size());
    };
    const std::array<net::const_buffer, 5> buffers{net::buffer(head_), part(0), part(1), part(2), net::buffer(kBoundary)};
    stream_.expires_after(kViewerTimeout);
    net::async_write(stream_, buffers, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (self->gone_) return;
      if (error) return self->close();
      self->camera_.count_sent(*self->sending_);
      self->write_next();
    });
  }

  Connection stream_;
  std::string head_;  // of the answer, then of the picture under way
  CameraHub& camera_;
  SessionContext& context_;
  ConnectionPlace place_;
  std::shared_ptr<Outbox> outbox_;  // null until the head is sent
  PicturePtr sending_;
  std::array<char, 512> scrap_{};
  bool gone_ = false;
};

}  // namespace

void serve_stream(Connection connection, const Reply& reply, bool is_head, SessionContext& context, ConnectionPlace place) {
  std::string head(kHead);
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  std::make_shared<StreamSession>(std::move(connection), head + (is_head ? "\r\n" : ""), *reply.watch, context, std::move(place))
      ->start(is_head);
}

}  // namespace vedette::gateway
