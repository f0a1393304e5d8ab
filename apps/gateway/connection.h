// One connection's bytes, by TLS or plain: what HTTP and WebSockets read from and write to without knowing which. An AsyncStream
// as Beast wants it, with Beast's time limits below. Belongs to the network thread; movable while nothing is under way.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <chrono>
#include <utility>
#include <variant>

namespace vedette::gateway {

namespace net = boost::asio;
namespace beast = boost::beast;

class Connection {
 public:
  using Plain = beast::tcp_stream;
  using Tls = net::ssl::stream<beast::tcp_stream>;
  using executor_type = Plain::executor_type;

  explicit Connection(net::ip::tcp::socket socket) : stream_(std::in_place_type<Plain>, std::move(socket)) {}
  // Begins with async_handshake(). `tls` outlives it.
  Connection(net::ip::tcp::socket socket, net::ssl::context& tls)
      : stream_(std::in_place_type<Tls>, Plain(std::move(socket)), tls) {}

  bool is_tls() const { return std::holds_alternative<Tls>(stream_); }
  Plain& next_layer() {
    Tls* tls = std::get_if<Tls>(&stream_);
    return tls != nullptr ? tls->next_layer() : std::get<Plain>(stream_);
  }
  net::ip::tcp::socket& socket() { return next_layer().socket(); }
  executor_type get_executor() { return next_layer().get_executor(); }

  // Of everything from now on that isn't done by then: it fails and the connection is closed.
  void expires_after(std::chrono::steady_clock::duration time) { next_layer().expires_after(time); }
  void expires_never() { next_layer().expires_never(); }

  // Handlers: void(beast::error_code, std::size_t).
  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    std::visit([&](auto& stream) { stream.async_read_some(buffers, std::forward<Handler>(handler)); }, stream_);
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    std::visit([&](auto& stream) { stream.async_write_some(buffers, std::forward<Handler>(handler)); }, stream_);
  }

  // Of TLS alone. Handlers: void(beast::error_code).
  template <typename Handler>
  void async_handshake(Handler&& handler) {
    std::get<Tls>(stream_).async_handshake(net::ssl::stream_base::server, std::forward<Handler>(handler));
  }
  template <typename Handler>
  void async_shutdown(Handler&& handler) {
    std::get<Tls>(stream_).async_shutdown(std::forward<Handler>(handler));
  }

 private:
  // How Beast ends a WebSocket's connection.
  template <typename Handler>
  friend void async_teardown(beast::role_type role, Connection& connection, Handler&& handler) {
    if (connection.is_tls()) return connection.async_shutdown(std::forward<Handler>(handler));
    beast::websocket::async_teardown(role, connection.socket(), std::forward<Handler>(handler));
  }

  std::variant<Plain, Tls> stream_;
};

}  // namespace vedette::gateway
