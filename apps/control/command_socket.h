// CommandSocket: `<bus>/control.sock`, where other processes ask control to do something (SOCK_SEQPACKET, one Command a packet,
// one Reply each). Mode 0660: who may read the bus's lease files may command. A client that sends rubbish gets a Reply that says
// so; one that doesn't read its replies is dropped. Thread-bound; never blocks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "bus/directory.h"
#include "control/records.h"
#include "stage/command.h"

namespace vedette::control {

class CommandSocket {
 public:
  // `dir` must outlive it. Replaces the file of a dead control; kBusy while a live one listens on it.
  static Result<CommandSocket> open(const bus::BusDir& dir);
  CommandSocket(CommandSocket&&) noexcept = default;
  CommandSocket& operator=(CommandSocket&&) = delete;
  ~CommandSocket();  // removes the file

  using Handler = std::function<Result<>(const stage::Command&)>;
  // Accepts, reads and answers whatever is there now.
  void serve(const Handler& handler);

 private:
  CommandSocket(const bus::BusDir& dir, UniqueFd listener) : dir_(&dir), listener_(std::move(listener)) {}
  void accept_clients();
  static bool serve_client(int fd, const Handler& handler);  // false: it is gone

  const bus::BusDir* dir_;
  UniqueFd listener_;
  std::vector<UniqueFd> clients_;
};

}  // namespace vedette::control
