#include "supervise/log_relay.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "telemetry/log.h"

namespace vedette::supervise {
namespace {

constexpr std::size_t kLongestLine = 16 * 1024;

}  // namespace

bool LogRelay::drain(int fd) {
  char buffer[4096];
  for (std::size_t left = kMostAtOnce; left >= sizeof buffer; left -= sizeof buffer) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) {
      if (!pending_.empty()) pass(std::exchange(pending_, {}));
      return false;
    }
    pending_.append(buffer, static_cast<std::size_t>(got));
    for (std::size_t end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
      pass(pending_.substr(0, end));
      pending_.erase(0, end + 1);
    }
    if (pending_.size() > kLongestLine) pass(std::exchange(pending_, {}));
  }
  return true;
}

void LogRelay::pass(const std::string& line) {
  if (line.empty()) return;
  last_ = log::forward(tag_, line);
}

}  // namespace vedette::supervise
