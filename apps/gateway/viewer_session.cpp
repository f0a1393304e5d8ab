// A viewer: one WebSocket, one message under way at a time, fed from its outbox. What the viewer sends is a ping, or read and
// dropped. Beast shakes hands, reads, and writes the control frames; messages go past it (connection.h).
#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "base/clock.h"
#include "gateway/sessions.h"
#include "gateway/stats.h"

namespace vedette::gateway {
namespace {

namespace websocket = boost::beast::websocket;

class ViewerSession : public std::enable_shared_from_this<ViewerSession>, public Closable, public Wakeable {
 public:
  ViewerSession(Connection connection, UpgradeRequest request, CameraHub& camera, const VideoWish& wish, SessionContext& context,
                ConnectionPlace place)
      : socket_(std::move(connection)),
        request_(std::move(request)),
        camera_(camera),
        wish_(wish),
        context_(context),
        place_(std::move(place)),
        received_(kMaxClientMessage) {
    ++context_.viewers;
    context_.open_sockets.insert(this);
  }

  ~ViewerSession() override {
    if (outbox_) camera_.leave(outbox_);
    context_.open_sockets.erase(this);
    --context_.viewers;
  }

  void accept() {
    beast::error_code ignored;
    auto& tcp = beast::get_lowest_layer(socket_).socket();
    tcp.set_option(net::socket_base::send_buffer_size(kViewerSendBuffer), ignored);
    tcp.set_option(net::ip::tcp::no_delay(true), ignored);
    socket_.set_option(websocket::stream_base::timeout{kHeadTimeout, kViewerTimeout, true});
    socket_.set_option(websocket::stream_base::decorator(
        [](websocket::response_type& response) { response.set(http::field::server, "vedette"); }));
    socket_.read_message_max(kMaxClientMessage);
    socket_.async_accept(request_, [self = shared_from_this()](beast::error_code error) {
      if (!error) self->on_open();
    });
  }

  void close() override {
    if (outbox_ == nullptr || closing_) return;
    closing_ = true;
    socket_.async_close(websocket::close_code::going_away, [self = shared_from_this()](beast::error_code) {});
  }

  const std::string& ticket() const override { return place_.ticket; }
  void on_wake() override { write_next(); }

 private:
  Connection& connection() { return socket_.next_layer(); }

  void on_open() {
    connection().on_free([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->write_next();
    });
    outbox_ = std::make_shared<Outbox>(context_.wakes->of(weak_from_this()));
    camera_.join(outbox_, wish_);
    read();
    write_next();
  }

  void read() {
    socket_.async_read(received_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->on_gone();
      self->on_message();
      self->read();
    });
  }

  void on_message() {
    if (socket_.got_text()) {
      const auto data = received_.cdata();
      if (const auto ping = parse_ping({static_cast<const char*>(data.data()), data.size()})) outbox_->offer_pong(*ping);
    }
    received_.clear();
  }

  // Whatever waits, until the kernel takes no more for now.
  void write_next() {
    while (!gone_ && !closing_ && connection().may_write_message()) {
      sending_ = outbox_->next();
      if (std::holds_alternative<std::monostate>(sending_)) return;
      const Buffers buffers = std::visit([this](const auto& message) { return buffers_of(message); }, sending_);
      const auto on_end = [self = shared_from_this()](beast::error_code error) {
        if (error) return self->on_gone();
        self->on_sent();
        self->write_next();
      };
      if (!connection().write_message(buffers, on_end)) return;
      on_sent();
    }
  }

  // A WebSocket's frame (RFC 6455, 5.2) of its head and up to four parts.
  using Buffers = std::array<net::const_buffer, 5>;
  enum class Opcode : unsigned char { kText = 1, kBinary = 2 };

  Buffers frame_of(Opcode opcode, const std::array<net::const_buffer, 4>& parts) {
    const std::uint64_t size = net::buffer_size(parts);
    const std::size_t digits = size < 126 ? 0 : size < 65536 ? 2 : 8;
    constexpr unsigned kLast = 0x80;  // of its message: each is of one frame
    frame_head_[0] = static_cast<unsigned char>(kLast | static_cast<unsigned>(opcode));
    frame_head_[1] = static_cast<unsigned char>(digits == 0 ? size : digits == 2 ? 126 : 127);
    for (std::size_t i = 0; i < digits; ++i) frame_head_[2 + i] = static_cast<unsigned char>(size >> (8 * (digits - 1 - i)));
    return {net::buffer(frame_head_, 2 + digits), parts[0], parts[1], parts[2], parts[3]};
  }

  Buffers buffers_of(std::monostate) { return {}; }
  Buffers buffers_of(const Text& text) { return frame_of(Opcode::kText, {net::buffer(*text)}); }
  Buffers buffers_of(const StateHead& state) {
    header_ = state_json(*state.text, sent_.per_second(monotonic_ns()));
    return frame_of(Opcode::kText, {net::buffer(header_)});
  }
  Buffers buffers_of(const Ping& ping) {
    header_ = pong_json(ping, monotonic_ns());
    return frame_of(Opcode::kText, {net::buffer(header_)});
  }
  Buffers buffers_of(const PicturePtr& picture) {
    const auto part = [&](std::size_t index) {
      return net::buffer(picture->parts()[index].data(), picture->parts()[index].size());
    };
    return frame_of(Opcode::kBinary, {net::buffer(picture->head()), part(0), part(1), part(2)});
  }

  void on_sent() {
    const auto* picture = std::get_if<PicturePtr>(&sending_);
    if (picture == nullptr) return;
    sent_.add(monotonic_ns());
    camera_.count_sent(**picture);
  }

  // From now on nothing is offered to it; the session ends with its last operation.
  void on_gone() {
    gone_ = true;
    camera_.leave(outbox_);
    beast::error_code ignored;
    if (!closing_) beast::get_lowest_layer(socket_).socket().close(ignored);
  }

  websocket::stream<Connection> socket_;
  UpgradeRequest request_;
  CameraHub& camera_;
  const VideoWish wish_;
  SessionContext& context_;
  ConnectionPlace place_;
  beast::flat_buffer received_;
  std::shared_ptr<Outbox> outbox_;  // null until the handshake is done
  Outgoing sending_;                // keeps the bytes under way alive
  std::array<unsigned char, 10> frame_head_{};
  std::string header_;
  RateWindow sent_;
  bool gone_ = false;
  bool closing_ = false;
};

}  // namespace

void serve_viewer(Connection connection, UpgradeRequest request, CameraHub& camera, const VideoWish& wish,
                  SessionContext& context, ConnectionPlace place) {
  std::make_shared<ViewerSession>(std::move(connection), std::move(request), camera, wish, context, std::move(place))->accept();
}

}  // namespace vedette::gateway
