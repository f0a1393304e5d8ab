#include "stage/command.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstring>

#include "base/unique_fd.h"
#include "bus/directory.h"
#include "schema/control_socket.h"

namespace vedette::stage {
namespace {

// As verified(), but for what is longer than a record.
template <typename T>
Result<const T*> verified_packet(std::span<const std::byte> copy) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(copy.data()), copy.size());
  if (copy.size() > kMaxControlPacket || !verifier.VerifyBuffer<T>(nullptr))
    return Error{ErrorCode::kCorrupt,
                 "packet of " + std::to_string(copy.size()) + " bytes is not a valid " + T::GetFullyQualifiedName()};
  return flatbuffers::GetRoot<T>(copy.data());
}

Result<UniqueFd> connect_to(const std::string& path, std::chrono::milliseconds patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{ErrorCode::kInvalidArgument, path + ": too long for a socket's path"};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("socket");
  const timeval longest{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
  for (const int way : {SO_RCVTIMEO, SO_SNDTIMEO}) ::setsockopt(fd.get(), SOL_SOCKET, way, &longest, sizeof longest);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Error{ErrorCode::kUnavailable, "nothing answers on " + path + "; is vedette up, and is it this --bus-dir?"};
  return fd;
}

}  // namespace

std::vector<std::byte> encode(const Command& command) {
  flatbuffers::FlatBufferBuilder builder;
  const auto camera = builder.CreateString(command.camera);
  const auto key = builder.CreateString(command.key), value = builder.CreateString(command.value);
  return finished(builder, schema::CreateCommand(builder, camera, command.kind, command.mode, key, value));
}

Result<Command> decode_command(std::span<const std::byte> packet) {
  const std::vector<std::byte> copy(packet.begin(), packet.end());
  VD_ASSIGN(const schema::Command* const record, verified_packet<schema::Command>(copy));
  if (record->kind() > schema::CommandKind::MAX) return bad_value("command", "kind", static_cast<unsigned>(record->kind()));
  if (!is_mode(record->mode())) return bad_value("command", "mode", static_cast<unsigned>(record->mode()));
  return Command{record->camera()->str(), record->kind(), record->mode(), text_of(record->key()), text_of(record->value())};
}

Result<> send_command(const std::string& bus_dir, const Command& command, std::chrono::milliseconds patience) {
  const std::vector<std::byte> packet = encode(command);
  if (packet.size() > kMaxControlPacket)
    return Error{ErrorCode::kInvalidArgument, "a command of " + std::to_string(packet.size()) + " bytes; expected at most " +
                                                  std::to_string(kMaxControlPacket)};
  const std::string place = bus_dir.empty() ? bus::default_bus_dir() : bus_dir;
  VD_ASSIGN(const UniqueFd fd, connect_to(place + "/" + kControlSocketName, patience));
  if (::send(fd.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) return errno_error("asking control");
  std::vector<std::byte> answer(kMaxControlPacket);
  const ssize_t got = ::recv(fd.get(), answer.data(), answer.size(), 0);
  if (got <= 0) return Error{ErrorCode::kUnavailable, "control did not answer"};
  VD_ASSIGN(const schema::Reply* reply, verified_packet<schema::Reply>(std::span(answer).first(static_cast<std::size_t>(got))));
  if (reply->ok()) return {};
  return Error{ErrorCode::kInvalidArgument, reply->text() ? reply->text()->str() : "control refused"};
}

}  // namespace vedette::stage
