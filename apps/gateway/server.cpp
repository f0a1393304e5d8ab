#include "gateway/server.h"

#include <unistd.h>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "config/text.h"
#include "gateway/accounts.h"
#include "gateway/sessions.h"

namespace vedette::gateway {
namespace {

constexpr std::chrono::milliseconds kCloseTimeout{300};
constexpr std::chrono::milliseconds kAcceptPause{100};  // after an accept that failed (descriptors used up)
constexpr std::size_t kWorkers = 4;
constexpr std::size_t kMostWaiting = 32;  // requests that wait for a worker
constexpr std::chrono::milliseconds kSweepEvery{500};
constexpr std::size_t kSpareConnections = 64;  // over max_viewers, for the page and its requests

std::string where(const ServerOptions& options) {
  const bool v6 = options.listen.find(':') != std::string::npos;
  return (v6 ? "[" + options.listen + "]" : options.listen) + ":" + std::to_string(options.port);
}

Error listen_error(const ServerOptions& options, const boost::system::error_code& error) {
  const std::string what = "cannot listen on " + where(options) + ": ";
  if (error == net::error::address_in_use)
    return {ErrorCode::kBusy, what + "another program uses port " + std::to_string(options.port) + " (gateway.port)"};
  if (error.value() == EADDRNOTAVAIL)
    return {ErrorCode::kInvalidArgument, what + "this machine has no address " + options.listen + " (gateway.listen)"};
  if (error == net::error::access_denied)
    return {ErrorCode::kPermissionDenied, what + "ports below 1024 need root (gateway.port)"};
  return {ErrorCode::kIo, what + error.message()};
}

class Listener {
 public:
  Listener(Acceptor& acceptor, SessionContext& context, const std::shared_ptr<net::ssl::context>& tls)
      : acceptor_(acceptor), context_(context), tls_(tls), pause_(acceptor.get_executor()) {}

  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, Socket socket) {
      if (error == net::error::operation_aborted || !acceptor_.is_open()) return;
      if (error) return wait();
      if (context_.connections < context_.max_connections || make_room())
        serve_http(!tls_ ? Connection(std::move(socket)) : Connection(std::move(socket), *tls_), context_);
      accept();
    });
  }

 private:
  // Who takes longest to say what it wants goes. Where all are busy the new one is closed at once, the only answer that costs
  // nothing.
  bool make_room() {
    if (context_.idle.empty()) return false;
    context_.idle.front()->close();
    return true;
  }

  void wait() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](boost::system::error_code error) {
      if (!error) accept();
    });
  }

  Acceptor& acceptor_;
  SessionContext& context_;
  const std::shared_ptr<net::ssl::context>& tls_;  // null: plain; may become another one
  Timer pause_;
};

// Ends what goes on for who isn't let in any more; takes a certificate that was renewed.
class Sweeper {
 public:
  Sweeper(net::io_context& io, SessionContext& context, ServerOptions& options)
      : context_(context), options_(options), timer_(io) {}

  void wait() {
    timer_.expires_after(kSweepEvery);
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      Accounts& accounts = *context_.router->access().accounts();
      accounts.refresh();
      for (Closable* socket : context_.open_sockets)
        if (!accounts.holds(socket->ticket())) socket->close();
      if (options_.renewed_tls && ++sweeps_ % kSweepsALook == 0)
        if (auto renewed = options_.renewed_tls()) options_.tls = std::move(renewed);
      wait();
    });
  }
  void stop() { timer_.cancel(); }

 private:
  static constexpr int kSweepsALook = 60;
  SessionContext& context_;
  ServerOptions& options_;
  Timer timer_;
  int sweeps_ = 0;
};

}  // namespace

struct Server::Parts {
  explicit Parts(const ServerOptions& given) : options(given) {}
  ServerOptions options;
  SessionContext context;  // outlives the sessions, which end with `io` at the latest
  net::io_context io{1};
  Wakes wakes{io.get_executor()};
  Acceptor acceptor{io};
};

Result<Server> Server::open(const ServerOptions& options) {
  boost::system::error_code error;
  const auto address = net::ip::make_address(config::listen_ip(options.listen), error);
  if (error)
    return Error{ErrorCode::kInvalidArgument, "cannot listen on " + where(options) + ": \"" + options.listen +
                                                  "\" is not an IP address or \"localhost\" (gateway.listen)"};
  auto parts = std::make_unique<Parts>(options);
  const net::ip::tcp::endpoint endpoint(address, options.port);
  parts->acceptor.open(endpoint.protocol(), error);
  if (!error) parts->acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error) parts->acceptor.bind(endpoint, error);
  if (!error) parts->acceptor.listen(net::socket_base::max_listen_connections, error);
  if (error) return listen_error(options, error);
  return Server(std::move(parts));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::Server(Server&&) noexcept = default;
Server::~Server() = default;

std::uint16_t Server::port() const {
  boost::system::error_code error;
  return parts_->acceptor.local_endpoint(error).port();
}

std::string Server::url() const {
  boost::system::error_code error;
  auto address = parts_->acceptor.local_endpoint(error).address();
  if (address.is_unspecified()) address = net::ip::address_v4::loopback();
  return (parts_->options.tls ? "https://" : "http://") + where({address.to_string(), port(), 0}) + "/";
}

void Server::run(const Router& router, int stop_fd) {
  SessionContext& context = parts_->context;
  // Ends before the sessions do: what its threads have done is posted to `io`.
  Workers workers(kWorkers, kMostWaiting);
  context.router = &router;
  context.workers = &workers;
  context.wakes = &parts_->wakes;
  context.max_viewers = parts_->options.max_viewers;
  context.max_connections = context.max_viewers + kSpareConnections;
  Listener listener(parts_->acceptor, context, parts_->options.tls);
  listener.accept();

  net::io_context& io = parts_->io;
  Sweeper sweeper(io, context, parts_->options);
  sweeper.wait();
  Timer deadline(io);
  net::posix::stream_descriptor stop(io, ::dup(stop_fd));
  stop.async_wait(net::posix::stream_descriptor::wait_read, [&](boost::system::error_code) {
    boost::system::error_code ignored;
    parts_->acceptor.close(ignored);
    sweeper.stop();
    if (context.open_sockets.empty()) return io.stop();
    for (Closable* socket : context.open_sockets) socket->close();
    deadline.expires_after(kCloseTimeout);
    deadline.async_wait([&io](boost::system::error_code) { io.stop(); });
  });
  io.run();
}

}  // namespace vedette::gateway
