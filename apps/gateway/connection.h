// One connection's bytes, by TLS or plain: what HTTP and WebSockets read from and write to without knowing which. An AsyncStream
// as Beast wants it, with Beast's time limits below, and a way beside Beast for whole messages: Asio writes 64 KiB at most at
// once, which costs a picture several system calls and as many rounds through handlers. Belongs to the network thread; movable
// while nothing is under way.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/role.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "gateway/any_handler.h"
#include "gateway/network.h"

namespace vedette::gateway {

namespace beast = boost::beast;

// The first few of a sequence of buffers: as many as one system call is given.
template <typename Buffer>
class FewBuffers {
 public:
  using value_type = Buffer;
  using const_iterator = const Buffer*;

  template <typename Sequence>
  explicit FewBuffers(const Sequence& buffers) {
    const auto end = net::buffer_sequence_end(buffers);
    for (auto buffer = net::buffer_sequence_begin(buffers); buffer != end && size_ < buffers_.size(); ++buffer)
      buffers_[size_++] = *buffer;
  }
  const_iterator begin() const { return buffers_.data() + first_; }
  const_iterator end() const { return buffers_.data() + size_; }

  // The first `bytes` are done with.
  void consume(std::size_t bytes) {
    for (; first_ < size_ && bytes >= buffers_[first_].size(); ++first_) bytes -= buffers_[first_].size();
    if (first_ < size_) buffers_[first_] += bytes;
  }
  bool empty() const { return first_ == size_; }

 private:
  std::array<Buffer, 16> buffers_{};
  std::size_t first_ = 0, size_ = 0;
};

class Connection {
 public:
  using Plain = beast::basic_stream<net::ip::tcp, Executor>;
  using Tls = net::ssl::stream<Plain>;
  using executor_type = Plain::executor_type;
  using Transferred = AnyHandler<beast::error_code, std::size_t>;
  using Done = AnyHandler<beast::error_code>;

  explicit Connection(Socket socket);
  // Begins with async_handshake(). What it needs of `tls` it keeps.
  Connection(Socket socket, net::ssl::context& tls);

  bool is_tls() const { return std::holds_alternative<Tls>(stream_); }
  Plain& next_layer();
  Socket& socket() { return next_layer().socket(); }
  executor_type get_executor() { return next_layer().get_executor(); }

  // Of everything from now on that isn't done by then: it fails and the connection is closed.
  void expires_after(std::chrono::steady_clock::duration time) { next_layer().expires_after(time); }
  void expires_never() { next_layer().expires_never(); }

  // Handlers: void(beast::error_code, std::size_t).
  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    read_some(FewBuffers<net::mutable_buffer>(buffers), Transferred(std::forward<Handler>(handler)));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    write_some(FewBuffers<net::const_buffer>(buffers), Transferred(std::forward<Handler>(handler)));
  }

  // A message in one piece between what Beast writes by itself (pongs, pings, the close): a frame of Beast's waits for the
  // message, and a message for the frame. Beast writes nothing else meanwhile, so its frames are small, and a write of all that
  // was given ends one. Has no time limit.
  //
  // Not now? Then on_free's function is called when it may be.
  bool may_write_message() const { return !frame_under_way_ && held_.expired(); }
  void on_free(std::function<void()> act) { on_free_ = std::move(act); }
  // True: it is written. Else `handler`, void(beast::error_code), is called when it is or can't be; the bytes stay there till
  // then.
  template <typename Buffers, typename Handler>
  bool write_message(const Buffers& buffers, Handler&& handler) {
    FewBuffers<net::const_buffer> left(buffers);
    if (write_now(left)) return true;
    write_rest(left, Done(std::forward<Handler>(handler)));
    return false;
  }

  // Of TLS alone. Handlers: void(beast::error_code).
  template <typename Handler>
  void async_handshake(Handler&& handler) {
    handshake(Done(std::forward<Handler>(handler)));
  }
  template <typename Handler>
  void async_shutdown(Handler&& handler) {
    shut_down(Done(std::forward<Handler>(handler)));
  }

 private:
  // How Beast ends a WebSocket's connection.
  template <typename Handler>
  friend void async_teardown(beast::role_type role, Connection& connection, Handler&& handler) {
    connection.tear_down(role, Done(std::forward<Handler>(handler)));
  }

  void read_some(const FewBuffers<net::mutable_buffer>& buffers, Transferred handler);
  void write_some(const FewBuffers<net::const_buffer>& buffers, Transferred handler);
  void handshake(Done handler);
  void shut_down(Done handler);
  void tear_down(beast::role_type role, Done handler);

  // Beast's frame that waits for a message. The message's operation owns it: what is never ended ends with that.
  struct Held {
    std::optional<std::pair<FewBuffers<net::const_buffer>, Transferred>> frame;
  };

  bool write_now(FewBuffers<net::const_buffer>& left);
  void write_rest(const FewBuffers<net::const_buffer>& left, Done handler);
  void go_on(FewBuffers<net::const_buffer> left, Done handler, std::shared_ptr<Held> held);
  void end_message(beast::error_code error, Done& handler, const std::shared_ptr<Held>& held);
  void end_frame();

  std::variant<Plain, Tls> stream_;
  bool frame_under_way_ = false;  // a write of Beast's, or what is left of its frame
  std::weak_ptr<Held> held_;      // while a message is under way
  std::function<void()> on_free_;
};

}  // namespace vedette::gateway
