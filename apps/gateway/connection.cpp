#include "gateway/connection.h"

#include <boost/asio/write.hpp>
#include <boost/beast/websocket/teardown.hpp>

namespace vedette::gateway {

Connection::Connection(Socket socket) : stream_(std::in_place_type<Plain>, std::move(socket)) {}

Connection::Connection(Socket socket, net::ssl::context& tls) : stream_(std::in_place_type<Tls>, Plain(std::move(socket)), tls) {}

Connection::Plain& Connection::next_layer() {
  Tls* tls = std::get_if<Tls>(&stream_);
  return tls != nullptr ? tls->next_layer() : std::get<Plain>(stream_);
}

void Connection::read_some(const FewBuffers<net::mutable_buffer>& buffers, Transferred handler) {
  std::visit([&](auto& stream) { stream.async_read_some(buffers, std::move(handler)); }, stream_);
}

void Connection::write_some(const FewBuffers<net::const_buffer>& buffers, Transferred handler) {
  if (const auto held = held_.lock()) {
    held->frame.emplace(buffers, std::move(handler));
    return;
  }
  frame_under_way_ = true;
  auto done = [this, size = net::buffer_size(buffers), handler = std::move(handler)](beast::error_code error,
                                                                                     std::size_t written) mutable {
    if (error || written == size) end_frame();
    handler(error, written);
  };
  std::visit([&](auto& stream) { stream.async_write_some(buffers, std::move(done)); }, stream_);
}

void Connection::end_frame() {
  frame_under_way_ = false;
  if (on_free_) on_free_();
}

bool Connection::write_now(FewBuffers<net::const_buffer>& left) {
  if (is_tls()) return false;
  beast::error_code error;
  if (!socket().non_blocking()) socket().non_blocking(true, error);
  while (!error && !left.empty()) left.consume(socket().write_some(left, error));
  return left.empty();  // what went wrong does so again in write_rest()
}

void Connection::write_rest(const FewBuffers<net::const_buffer>& left, Done handler) {
  auto held = std::make_shared<Held>();
  held_ = held;
  if (!is_tls()) return go_on(left, std::move(handler), std::move(held));
  net::async_write(std::get<Tls>(stream_), left,
                   [this, handler = std::move(handler), held = std::move(held)](beast::error_code error, std::size_t) mutable {
                     end_message(error, handler, held);
                   });
}

void Connection::go_on(FewBuffers<net::const_buffer> left, Done handler, std::shared_ptr<Held> held) {
  auto act = [this, left, handler = std::move(handler), held = std::move(held)](beast::error_code error) mutable {
    if (!error) left.consume(socket().write_some(left, error));
    if (error == net::error::would_block) error = {};
    if (error || left.empty()) return end_message(error, handler, held);
    go_on(left, std::move(handler), std::move(held));
  };
  socket().async_wait(Socket::wait_write, std::move(act));
}

void Connection::end_message(beast::error_code error, Done& handler, const std::shared_ptr<Held>& held) {
  held_.reset();
  if (held->frame) write_some(held->frame->first, std::move(held->frame->second));
  handler(error);
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
