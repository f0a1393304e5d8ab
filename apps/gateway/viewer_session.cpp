// A viewer: one WebSocket, one write under way at a time, fed from its outbox. What the viewer sends is a ping, or
// read and dropped.
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
    socket_.auto_fragment(false);
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
  void on_open() {
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

  void write_next() {
    if (gone_ || closing_) return;
    std::visit([this](auto& message) { write(message); }, sending_ = outbox_->next());
  }

  void write(std::monostate) {}

  void write(const Text& text) {
    socket_.text(true);
    start_write({net::buffer(*text)});
  }

  void write(const StateHead& state) {
    header_ = state_json(*state.text, sent_.per_second(monotonic_ns()));
    socket_.text(true);
    start_write({net::buffer(header_)});
  }

  void write(const Ping& ping) {
    header_ = pong_json(ping, monotonic_ns());
    socket_.text(true);
    start_write({net::buffer(header_)});
  }

  void write(const PicturePtr& picture) {
    socket_.binary(true);
    const auto part = [&](std::size_t index) {
      return net::buffer(picture->parts()[index].data(), picture->parts()[index].size());
    };
    fills_packets_ = picture->bytes() > kOneWrite;
    if (fills_packets_) socket_.next_layer().fill_packets(true);
    start_write({net::buffer(picture->head()), part(0), part(1), part(2)});
  }

  void start_write(const std::array<net::const_buffer, 4>& buffers) {
    socket_.async_write(buffers, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->on_gone();
      if (std::exchange(self->fills_packets_, false)) self->socket_.next_layer().fill_packets(false);
      if (const auto* picture = std::get_if<PicturePtr>(&self->sending_)) {
        self->sent_.add(monotonic_ns());
        self->camera_.count_sent(**picture);
      }
      self->write_next();
    });
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
  std::string header_;
  RateWindow sent_;
  bool fills_packets_ = false;
  bool gone_ = false;
  bool closing_ = false;
};

}  // namespace

void serve_viewer(Connection connection, UpgradeRequest request, CameraHub& camera, const VideoWish& wish,
                  SessionContext& context, ConnectionPlace place) {
  std::make_shared<ViewerSession>(std::move(connection), std::move(request), camera, wish, context, std::move(place))->accept();
}

}  // namespace vedette::gateway
