#include "gateway/connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/beast/websocket/teardown.hpp>

namespace vedette::gateway {

Connection::Connection(Socket socket) : stream_(std::in_place_type<Plain>, std::move(socket)) {}

Connection::Connection(Socket socket, net::ssl::context& tls)
    : stream_(std::in_place_type<Tls>, Plain(std::move(socket)), tls) {}

Connection::Plain& Connection::next_layer() {
  Tls* tls = std::get_if<Tls>(&stream_);
  return tls != nullptr ? tls->next_layer() : std::get<Plain>(stream_);
}

void Connection::expires_after(std::chrono::steady_clock::duration time) {
  expires_ = true;
  next_layer().expires_after(time);
}

void Connection::expires_never() {
  expires_ = false;
  next_layer().expires_never();
}

void Connection::fill_packets(bool on) {
  const int value = on ? 1 : 0;
  (void)::setsockopt(socket().native_handle(), IPPROTO_TCP, TCP_CORK, &value, sizeof value);  // packets as they come otherwise
}

void Connection::read_some(const FewBuffers<net::mutable_buffer>& buffers, Transferred handler) {
  std::visit([&](auto& stream) { stream.async_read_some(buffers, std::move(handler)); }, stream_);
}

void Connection::write_some(const FewBuffers<net::const_buffer>& buffers, Transferred handler) {
  // Beast's time limit costs something at each write, even where there is none.
  if (!expires_ && !is_tls()) return socket().async_write_some(buffers, std::move(handler));
  std::visit([&](auto& stream) { stream.async_write_some(buffers, std::move(handler)); }, stream_);
}

void Connection::handshake(Done handler) {
  std::get<Tls>(stream_).async_handshake(net::ssl::stream_base::server, std::move(handler));
}

void Connection::shut_down(Done handler) { std::get<Tls>(stream_).async_shutdown(std::move(handler)); }

void Connection::tear_down(beast::role_type role, Done handler) {
  if (is_tls()) return shut_down(std::move(handler));
  beast::websocket::async_teardown(role, socket(), std::move(handler));
}

}  // namespace vedette::gateway
