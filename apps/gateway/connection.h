// One connection's bytes, by TLS or plain: what HTTP and WebSockets read from and write to without knowing which. An AsyncStream
// as Beast wants it, with Beast's time limits below. Belongs to the network thread; movable while nothing is under way.
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
  const_iterator begin() const { return buffers_.data(); }
  const_iterator end() const { return buffers_.data() + size_; }

 private:
  std::array<Buffer, 16> buffers_{};
  std::size_t size_ = 0;
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
  void expires_after(std::chrono::steady_clock::duration time);
  void expires_never();

  // While `on`, bytes that don't fill a packet wait for those behind them: a message that takes several writes (Asio's are of 64 KiB
  // at most) doesn't leave an almost empty packet behind each.
  void fill_packets(bool on);

  // Handlers: void(beast::error_code, std::size_t).
  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    read_some(FewBuffers<net::mutable_buffer>(buffers), Transferred(std::forward<Handler>(handler)));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    write_some(FewBuffers<net::const_buffer>(buffers), Transferred(std::forward<Handler>(handler)));
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

  std::variant<Plain, Tls> stream_;
  bool expires_ = false;
};

}  // namespace vedette::gateway
