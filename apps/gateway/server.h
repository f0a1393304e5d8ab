// The network side: one listening socket and one thread that serves every connection (JPEG encoding is on the cameras' threads,
// so one is plenty). Everything is bounded: connections, viewers, header bytes, time per request. Bodies are read of pictures
// that are pushed (POST /ingest/<camera>) alone: as long as announced, all of them together no more than kMaxIngestInFlight.
//
// A viewer that goes away is dropped at its next failed write, or a minute after it stopped answering pings. Thread-bound.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "gateway/router.h"

namespace boost::asio::ssl {
class context;
}

namespace vedette::gateway {

struct ServerOptions {
  std::string listen;      // IP address or "localhost"
  std::uint16_t port = 0;  // 0: any free one
  std::uint32_t max_viewers = 64;
  std::shared_ptr<boost::asio::ssl::context> tls = nullptr;  // gateway/tls.h; null: plain HTTP
  // Asked every half a minute: what takes its place for new connections; null: nothing.
  std::function<std::shared_ptr<boost::asio::ssl::context>()> renewed_tls = nullptr;
};

class Server {
 public:
  // Bound and listening. The error names address, port and the key to change.
  static Result<Server> open(const ServerOptions& options);
  Server(Server&&) noexcept;
  ~Server();

  std::uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:8080/", https: with TLS

  // Serves until `stop_fd` is readable, then closes every viewer properly (at most kCloseTimeout) and returns.
  void run(const Router& router, int stop_fd);

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace vedette::gateway
