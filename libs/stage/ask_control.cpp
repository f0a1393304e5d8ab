#include "stage/ask_control.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdio>

#include "base/unique_fd.h"
#include "schema/control_socket.h"

namespace vedette::stage {
namespace {

constexpr timeval kPatience{.tv_sec = 3, .tv_usec = 0};

Result<UniqueFd> connect_to_control(const bus::BusDir& dir) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("socket");
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  sockaddr_un address{};  // by way of the directory's descriptor: no limit on the path's length
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir.fd(), kControlSocketName);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Error{ErrorCode::kUnavailable,
                 "nothing answers on " + dir.path() + "/" + kControlSocketName + "; is vedette up, and is it this bus?"};
  return fd;
}

}  // namespace

Result<> ask_control(const bus::BusDir& dir, const ControlCommand& command) {
  VD_ASSIGN(const UniqueFd fd, connect_to_control(dir));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateCommandDirect(builder, command.camera.c_str(), command.kind, command.mode,
                                             command.key.empty() ? nullptr : command.key.c_str(),
                                             command.value.empty() ? nullptr : command.value.c_str()));
  if (::send(fd.get(), builder.GetBufferPointer(), builder.GetSize(), MSG_NOSIGNAL) < 0) return errno_error("asking control");
  RecordBuffer answer;
  const ssize_t got = ::recv(fd.get(), answer.data(), answer.size(), 0);
  if (got <= 0) return Error{ErrorCode::kUnavailable, "control did not answer"};
  VD_ASSIGN(const schema::Reply* reply, verified<schema::Reply>(std::span(answer).first(static_cast<std::size_t>(got))));
  if (reply->ok()) return {};
  return Error{ErrorCode::kInvalidArgument, reply->text() != nullptr ? reply->text()->str() : "control refused"};
}

}  // namespace vedette::stage
