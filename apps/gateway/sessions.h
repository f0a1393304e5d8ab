// One connection: first HTTP (http_session.cpp), then perhaps a viewer's WebSocket (viewer_session.cpp) or that of a camera which
// pushes its pictures (push_session.cpp). Inside of server.cpp's network thread; sessions keep themselves alive by the operation
// they wait for.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <set>
#include <string>
#include <utility>

#include "gateway/api/workers.h"
#include "gateway/camera_hub.h"
#include "gateway/connection.h"
#include "gateway/router.h"
#include "gateway/wakes.h"

namespace vedette::gateway {

namespace http = boost::beast::http;

// Time for a TLS handshake, for a whole request head, for an answer to be taken, and between two requests of a connection.
inline constexpr std::chrono::seconds kHandshakeTimeout{10};
inline constexpr std::chrono::seconds kHeadTimeout{10};
inline constexpr std::chrono::seconds kAnswerTimeout{30};
// A viewer that answers no ping and takes no byte for so long is gone.
inline constexpr std::chrono::seconds kViewerTimeout{60};
// A picture that is pushed must be there after so long.
inline constexpr std::chrono::seconds kBodyTimeout{30};
// A JSON body must be there after so long.
inline constexpr std::chrono::seconds kJsonTimeout{10};
inline constexpr std::uint32_t kMaxHeadBytes = 8192;
// Bytes of all pictures together that are being received, as announced; and connections that push to one camera.
inline constexpr std::uint64_t kMaxIngestInFlight = 4 * kMaxIngestBytes;
inline constexpr std::uint32_t kMaxPushers = 4;
inline constexpr std::size_t kMaxClientMessage = 4096;
// What the kernel may buffer for a viewer (it doubles this): little, so that a slow viewer skips pictures instead of seeing old
// ones.
inline constexpr int kViewerSendBuffer = 64 * 1024;
class Closable {
 public:
  virtual ~Closable() = default;
  virtual void close() = 0;
  // What Accounts::holds() knows who opened it by.
  virtual const std::string& ticket() const = 0;
};

// Shared by all sessions; the network thread's alone.
struct SessionContext {
  const Router* router = nullptr;
  Workers* workers = nullptr;
  Wakes* wakes = nullptr;
  std::uint32_t max_viewers = 0;
  std::size_t max_connections = 0;
  std::size_t connections = 0;  // HTTP and viewers
  std::uint32_t viewers = 0;
  std::uint64_t ingest_in_flight = 0;
  std::set<Closable*> open_sockets;  // WebSockets and streams
  std::list<Closable*> idle;         // connections whose next request isn't there yet, the longest-waiting first
};

// A place in the context's count of connections, for as long as it lives.
class ConnectionPlace {
 public:
  explicit ConnectionPlace(SessionContext& context) : context_(&context) { ++context.connections; }
  ConnectionPlace(ConnectionPlace&& other) noexcept
      : ticket(std::move(other.ticket)), context_(std::exchange(other.context_, nullptr)) {}
  ConnectionPlace& operator=(ConnectionPlace&&) = delete;
  ~ConnectionPlace() {
    if (context_ != nullptr) --context_->connections;
  }

  std::string ticket;  // of who has it, once that is known

 private:
  SessionContext* context_;
};

using UpgradeRequest = http::request<http::empty_body>;

void serve_http(Connection connection, SessionContext& context);
// Goes on with the connection as a viewer of `camera`.
void serve_viewer(Connection connection, UpgradeRequest request, CameraHub& camera, const VideoWish& wish,
                  SessionContext& context, ConnectionPlace place);
// Goes on with the connection as a stream of JPEGs of `reply.watch`, behind a head with the reply's headers.
void serve_stream(Connection connection, const Reply& reply, bool is_head, SessionContext& context, ConnectionPlace place);
// Goes on with the connection as a WebSocket whose binary messages are JPEGs for `ingest`.
void serve_pusher(Connection connection, UpgradeRequest request, Ingest& ingest, SessionContext& context, ConnectionPlace place);

}  // namespace vedette::gateway
