#include "control/command_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include "schema/control_socket.h"

namespace vedette::control {
namespace {

constexpr std::size_t kMostClients = 32;
constexpr int kPacketsATurn = 16;  // of one client, so that it can't hold up the rest

// The socket's address by way of the directory's descriptor: no limit on the path's length, no symlink on the way.
sockaddr_un address_in(const bus::BusDir& dir) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir.fd(), kControlSocketName);
  return address;
}

UniqueFd new_socket() { return UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

// Removes the file that a dead control left; an Error if it isn't ours to remove.
Result<> clear_the_way(const bus::BusDir& dir) {
  const std::string path = dir.path() + "/" + kControlSocketName;
  struct stat info {};
  if (::fstatat(dir.fd(), kControlSocketName, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? Result<>() : Result<>(errno_error(path));
  if (!S_ISSOCK(info.st_mode))
    return Error{ErrorCode::kInvalidArgument, path + ": not a socket; expected nothing or a socket there"};
  const UniqueFd probe = new_socket();
  if (!probe) return errno_error("socket");
  const sockaddr_un address = address_in(dir);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN)
    return Error{ErrorCode::kBusy, path + ": another vedette-control listens there; expected one a bus directory"};
  if (::unlinkat(dir.fd(), kControlSocketName, 0) != 0 && errno != ENOENT) return errno_error("can't replace " + path);
  return {};
}

bool send_reply(int fd, bool ok, const std::string& text) {
  const Bytes reply = encode_reply(ok, text);
  return ::send(fd, reply.data(), reply.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

}  // namespace

Result<CommandSocket> CommandSocket::open(const bus::BusDir& dir) {
  VD_TRY(clear_the_way(dir));
  UniqueFd listener = new_socket();
  if (!listener) return errno_error("socket");
  const sockaddr_un address = address_in(dir);
  const std::string path = dir.path() + "/" + kControlSocketName;
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_error("can't bind " + path);
  if (::fchmodat(dir.fd(), kControlSocketName, 0660, 0) != 0) return errno_error("can't set the mode of " + path);
  if (::listen(listener.get(), 16) != 0) return errno_error("can't listen on " + path);
  return CommandSocket(dir, std::move(listener));
}

CommandSocket::~CommandSocket() {
  if (listener_) ::unlinkat(dir_->fd(), kControlSocketName, 0);
}

void CommandSocket::serve(const Handler& handler) {
  accept_clients();
  std::erase_if(clients_, [&](const UniqueFd& client) { return !serve_client(client.get(), handler); });
}

void CommandSocket::accept_clients() {
  for (;;) {
    UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return;
    if (clients_.size() >= kMostClients) clients_.erase(clients_.begin());  // the oldest
    clients_.push_back(std::move(client));
  }
}

bool CommandSocket::serve_client(int fd, const Handler& handler) {
  std::vector<std::byte> packet(kMaxControlPacket);
  for (int i = 0; i < kPacketsATurn; ++i) {
    const ssize_t received = ::recv(fd, packet.data(), packet.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (received < 0) return errno == EAGAIN || errno == EINTR;
    if (received == 0) return false;
    const auto size = static_cast<std::size_t>(received);
    if (size > packet.size()) {
      if (!send_reply(
              fd, false,
              "packet of " + std::to_string(size) + " bytes; expected a Command of at most " + std::to_string(packet.size())))
        return false;
      continue;
    }
    const Result<stage::Command> command = stage::decode_command(std::span(packet).first(size));
    const Result<> done = command ? handler(*command) : Result<>(command.error());
    if (!send_reply(fd, done.ok(), done ? "" : done.error().text)) return false;
  }
  return true;
}

}  // namespace vedette::control
