#include "cli/command.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <vector>

#include "base/unique_fd.h"
#include "bus/directory.h"
#include "schema/control_socket.h"
#include "schema/records.h"

namespace vedette::cli {
namespace {

Result<std::vector<std::byte>> encode(const CommandOptions& options) {
  static const std::map<std::string, schema::CommandKind> kinds = {{"pause", schema::CommandKind::Pause},
                                                                   {"resume", schema::CommandKind::Resume},
                                                                   {"auto", schema::CommandKind::AutoMode},
                                                                   {"respawn", schema::CommandKind::Respawn},
                                                                   {"force", schema::CommandKind::ForceMode}};
  static const std::map<std::string, Mode> modes = {
      {"standby", Mode::Standby}, {"validation", Mode::Validation}, {"tracking", Mode::Tracking}};
  const auto kind = kinds.find(options.verb);
  if (kind == kinds.end())
    return Error{ErrorCode::kInvalidArgument,
                 "unknown command \"" + options.verb + "\"; expected pause, resume, auto, force or respawn"};
  const auto mode = modes.find(options.mode);
  if (kind->second == schema::CommandKind::ForceMode && mode == modes.end())
    return Error{ErrorCode::kInvalidArgument, "force needs a mode: standby, validation or tracking"};
  flatbuffers::FlatBufferBuilder builder;
  const auto camera = builder.CreateString(options.camera);
  builder.Finish(schema::CreateCommand(builder, camera, kind->second, mode == modes.end() ? Mode::Standby : mode->second));
  const auto* bytes = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return std::vector<std::byte>(bytes, bytes + builder.GetSize());
}

Result<UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{ErrorCode::kInvalidArgument, path + ": too long for a socket's path"};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("socket");
  const timeval patience{.tv_sec = 3, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Error{ErrorCode::kUnavailable, "nothing answers on " + path + "; is vedette up, and is it this --bus-dir?"};
  return fd;
}

}  // namespace

Result<> send_command(const CommandOptions& options) {
  VD_ASSIGN(const std::vector<std::byte> packet, encode(options));
  const std::string bus_dir = options.bus_dir.empty() ? bus::default_bus_dir() : options.bus_dir;
  VD_ASSIGN(const UniqueFd fd, connect_to(bus_dir + "/" + kControlSocketName));
  if (::send(fd.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) return errno_error("asking control");
  std::vector<std::byte> answer(kMaxRecordBytes);
  const ssize_t got = ::recv(fd.get(), answer.data(), answer.size(), 0);
  if (got <= 0) return Error{ErrorCode::kUnavailable, "control did not answer"};
  VD_ASSIGN(const schema::Reply* reply, verified<schema::Reply>(std::span(answer).first(static_cast<std::size_t>(got))));
  if (reply->ok()) return {};
  return Error{ErrorCode::kInvalidArgument, reply->text() ? reply->text()->str() : "control refused"};
}

}  // namespace vedette::cli
