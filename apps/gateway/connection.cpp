#include "gateway/connection.h"

#include <boost/beast/websocket/teardown.hpp>

namespace vedette::gateway {

Connection::Connection(net::ip::tcp::socket socket) : stream_(std::in_place_type<Plain>, std::move(socket)) {}

Connection::Connection(net::ip::tcp::socket socket, net::ssl::context& tls)
    : stream_(std::in_place_type<Tls>, Plain(std::move(socket)), tls) {}

Connection::Plain& Connection::next_layer() {
  Tls* tls = std::get_if<Tls>(&stream_);
  return tls != nullptr ? tls->next_layer() : std::get<Plain>(stream_);
}

void Connection::read_some(const FewBuffers<net::mutable_buffer>& buffers, Transferred handler) {
  std::visit([&](auto& stream) { stream.async_read_some(buffers, std::move(handler)); }, stream_);
}

void Connection::write_some(const FewBuffers<net::const_buffer>& buffers, Transferred handler) {
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
