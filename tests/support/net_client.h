// A small HTTP and WebSocket client over blocking sockets, independent of the library that the gateway is built with, so that
// tests can also send what no library would. Every wait ends after kWatchdog. Thread-bound.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace vedette::test {

inline constexpr std::chrono::seconds kWatchdog{30};

struct HttpAnswer {
  int status = 0;                              // 0: none came
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class Connection {
 public:
  // `receive_buffer` > 0 sets SO_RCVBUF: a slow client with a small one fills up soon.
  static Connection open(std::uint16_t port, int receive_buffer = 0);

  bool connected() const { return static_cast<bool>(fd_); }
  bool send(std::string_view bytes);
  // The next answer; its body by Content-Length, none for `is_head` or 304.
  HttpAnswer read_answer(bool is_head = false);
  std::string read_bytes(std::size_t count);  // fewer: closed or watchdog
  // Reads until the other end closes; false: the watchdog came first.
  bool wait_closed();

 protected:
  bool fill();  // some more bytes; false: closed or watchdog
  UniqueFd fd_;
  std::string buffer_;
};

// One request on a connection of its own. `headers`: whole lines, each with "\r\n".
HttpAnswer http_get(std::uint16_t port, std::string_view target, std::string_view headers = "", std::string_view method = "GET");

struct WsMessage {
  bool binary = false;
  std::string payload;
};

class WebSocket : public Connection {
 public:
  // Connects and upgrades; answer().status is 101 if it worked.
  static WebSocket open(std::uint16_t port, std::string_view target, std::string_view headers = "", int receive_buffer = 0);

  const HttpAnswer& answer() const { return answer_; }
  // The next text or binary message; answers pings. Empty: closed or watchdog.
  std::optional<WsMessage> receive();
  void send_text(std::string_view text);
  void send_binary(std::string_view bytes);
  void send_ping(std::string_view payload);
  const std::vector<std::string>& pongs() const { return pongs_; }  // that receive() has come by
  std::uint16_t close_code() const { return close_code_; }          // 0: no close frame came

 private:
  void send_frame(int opcode, std::string_view payload);
  bool need(std::size_t bytes);
  HttpAnswer answer_;
  std::uint16_t close_code_ = 0;
  std::vector<std::string> pongs_;
};

}  // namespace vedette::test
