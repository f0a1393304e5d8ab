#include "support/net_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace vedette::test {
namespace {

constexpr int kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

Connection Connection::open(std::uint16_t port, int receive_buffer) {
  Connection connection;
  connection.fd_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int fd = connection.fd_.get();
  const timeval watchdog{kWatchdog.count(), 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &watchdog, sizeof watchdog);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &watchdog, sizeof watchdog);
  if (receive_buffer > 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) connection.fd_.reset();
  return connection;
}

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Connection::fill() {
  char chunk[16384];
  const auto got = ::recv(fd_.get(), chunk, sizeof chunk, 0);
  if (got <= 0) return false;
  buffer_.append(chunk, static_cast<std::size_t>(got));
  return true;
}

std::string Connection::read_bytes(std::size_t count) {
  while (buffer_.size() < count)
    if (!fill()) break;
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

bool Connection::wait_closed() {
  while (fill()) buffer_.clear();
  return errno != EAGAIN && errno != EWOULDBLOCK;
}

HttpAnswer Connection::read_answer(bool is_head) {
  HttpAnswer answer;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) return answer;
  std::string_view head = std::string_view(buffer_).substr(0, end + 2);
  answer.status = std::atoi(std::string(head.substr(head.find(' ') + 1, 3)).c_str());
  for (head.remove_prefix(head.find("\r\n") + 2); !head.empty(); head.remove_prefix(head.find("\r\n") + 2)) {
    const std::size_t colon = head.find(": ");
    answer.headers[lower(head.substr(0, colon))] = head.substr(colon + 2, head.find("\r\n") - colon - 2);
  }
  buffer_.erase(0, end + 4);
  const std::size_t length = is_head || answer.status == 304 || answer.status == 101
                                 ? 0
                                 : static_cast<std::size_t>(std::atoll(answer.headers["content-length"].c_str()));
  while (buffer_.size() < length)
    if (!fill()) return {};
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return answer;
}

HttpAnswer http_get(std::uint16_t port, std::string_view target, std::string_view headers, std::string_view method) {
  Connection connection = Connection::open(port);
  if (!connection.connected()) return {};
  const bool has_host = headers.find("Host:") != std::string_view::npos;
  connection.send(std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n" +
                  (has_host ? "" : "Host: localhost:" + std::to_string(port) + "\r\n") + std::string(headers) + "\r\n");
  return connection.read_answer(method == "HEAD");
}

WebSocket WebSocket::open(std::uint16_t port, std::string_view target, std::string_view headers, int receive_buffer) {
  WebSocket socket;
  static_cast<Connection&>(socket) = Connection::open(port, receive_buffer);
  if (!socket.connected()) return socket;
  const bool has_host = headers.find("Host:") != std::string_view::npos;
  socket.send("GET " + std::string(target) + " HTTP/1.1\r\n" +
              (has_host ? "" : "Host: localhost:" + std::to_string(port) + "\r\n") +
              "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
              std::string(headers) + "\r\n");
  socket.answer_ = socket.read_answer();
  return socket;
}

bool WebSocket::need(std::size_t bytes) {
  while (buffer_.size() < bytes)
    if (!fill()) return false;
  return true;
}

std::optional<WsMessage> WebSocket::receive() {
  WsMessage message;
  for (;;) {
    if (!need(2)) return std::nullopt;
    const int opcode = buffer_[0] & 15;
    const bool last = (buffer_[0] & 0x80) != 0;
    std::uint64_t length = static_cast<unsigned char>(buffer_[1]) & 127u;
    std::size_t head = 2;
    if (length >= 126) {
      const std::size_t more = length == 126 ? 2 : 8;
      if (!need(head + more)) return std::nullopt;
      length = big_endian(std::string_view(buffer_).substr(head, more));
      head += more;
    }
    if (!need(head + length)) return std::nullopt;
    const std::string payload = buffer_.substr(head, length);
    buffer_.erase(0, head + length);
    if (opcode == kPing) {
      send_frame(kPong, payload);
    } else if (opcode == kPong) {
      pongs_.push_back(payload);
    } else if (opcode == kClose) {
      close_code_ = payload.size() >= 2 ? static_cast<std::uint16_t>(big_endian(std::string_view(payload).substr(0, 2))) : 1005;
      send_frame(kClose, payload.substr(0, 2));
      return std::nullopt;
    } else if (opcode <= kBinary) {
      if (opcode != 0) message.binary = opcode == kBinary;
      message.payload += payload;
      if (last) return message;
    }
  }
}

void WebSocket::send_text(std::string_view text) { send_frame(kText, text); }
void WebSocket::send_ping(std::string_view payload) { send_frame(kPing, payload); }
void WebSocket::send_binary(std::string_view bytes) { send_frame(kBinary, bytes); }

// Masked, as a client must; the mask may be any.
void WebSocket::send_frame(int opcode, std::string_view payload) {
  std::string frame{static_cast<char>(0x80 | opcode)};
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(0x80 | payload.size()));
  } else {  // the shortest length field that holds it, as RFC 6455 demands
    const bool is_short = payload.size() <= 0xffff;
    frame.push_back(static_cast<char>(0x80 | (is_short ? 126 : 127)));
    for (int shift = is_short ? 8 : 56; shift >= 0; shift -= 8)
      frame.push_back(static_cast<char>((payload.size() >> shift) & 0xff));
  }
  constexpr char kMask[4] = {0x12, 0x34, 0x56, 0x78};
  frame.append(kMask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) frame.push_back(static_cast<char>(payload[i] ^ kMask[i % 4]));
  send(frame);
}

}  // namespace vedette::test
