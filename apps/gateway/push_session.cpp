// A camera that pushes: one WebSocket, each of whose binary messages is a JPEG. Each is answered with {"frame_id":…} or
// {"error":…}, but an answer is left out while the one before is still under way: who doesn't read answers isn't held up by them.
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "gateway/messages.h"
#include "gateway/sessions.h"

namespace vedette::gateway {
namespace {

namespace websocket = boost::beast::websocket;

class PushSession : public std::enable_shared_from_this<PushSession>, public Closable {
 public:
  PushSession(Connection connection, UpgradeRequest request, Ingest& ingest, SessionContext& context, ConnectionPlace place)
      : socket_(std::move(connection)),
        request_(std::move(request)),
        ingest_(ingest),
        context_(context),
        place_(std::move(place)),
        received_(kMaxIngestMessage) {
    ++ingest_.pushers;
    context_.open_sockets.insert(this);
  }

  ~PushSession() override {
    context_.open_sockets.erase(this);
    --ingest_.pushers;
  }

  void accept() {
    socket_.set_option(websocket::stream_base::timeout{kHeadTimeout, kViewerTimeout, true});
    socket_.set_option(websocket::stream_base::decorator(
        [](websocket::response_type& response) { response.set(http::field::server, "vedette"); }));
    socket_.read_message_max(kMaxIngestMessage);
    socket_.async_accept(request_, [self = shared_from_this()](beast::error_code error) {
      if (error) return;
      self->open_ = true;
      self->read();
    });
  }

  void close() override { close(websocket::close_code::going_away, {}); }

  const std::string& ticket() const override { return place_.ticket; }

 private:
  void close(websocket::close_code code, std::string_view why) {
    if (!open_ || closing_) return;
    closing_ = true;
    socket_.async_close({code, beast::string_view(why.data(), why.size())}, [self = shared_from_this()](beast::error_code) {});
  }

  void read() {
    socket_.async_read(received_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->on_message();
    });
  }

  void on_message() {
    if (closing_) return;
    if (!socket_.got_binary())
      return close(websocket::close_code::unknown_data, "a text message; expected binary ones, each a JPEG");
    PushedPicture picture;
    const auto* bytes = static_cast<const std::uint8_t*>(received_.data().data());
    picture.bytes.assign(bytes, bytes + received_.size());
    received_.clear();
    const auto pushed = ingest_.offer(std::move(picture));
    answer(pushed.ok() ? pushed_json(*pushed) : error_json(pushed.error().text));
    read();
  }

  void answer(std::string text) {
    if (answering_) return;
    answering_ = true;
    answer_ = std::move(text);
    socket_.text(true);
    socket_.async_write(net::buffer(answer_), [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->answering_ = false;
    });
  }

  websocket::stream<Connection> socket_;
  UpgradeRequest request_;
  Ingest& ingest_;
  SessionContext& context_;
  ConnectionPlace place_;
  beast::flat_buffer received_;
  std::string answer_;
  bool open_ = false;
  bool answering_ = false;
  bool closing_ = false;
};

}  // namespace

void serve_pusher(Connection connection, UpgradeRequest request, Ingest& ingest, SessionContext& context, ConnectionPlace place) {
  std::make_shared<PushSession>(std::move(connection), std::move(request), ingest, context, std::move(place))->accept();
}

}  // namespace vedette::gateway
