#include "supervise/child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstring>

#include <vector>

#include "base/process.h"

namespace vedette::supervise {
namespace {

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const char* program, char* const* arguments, int output, int parent) {
  ::setpgid(0, 0);
  if (!end_with_parent(parent)) ::_exit(0);
  ::signal(SIGPIPE, SIG_DFL);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execv(program, arguments);
  const char text[] = ": cannot be started: ";
  const char* why = ::strerrordesc_np(errno);
  for (const char* part : {program, text, why, "\n"})
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, part, ::strlen(part));
  ::_exit(kExitConfig);
}

}  // namespace

Result<Child> Child::start(const StageSpec& spec) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return errno_error(spec.tag + ": pipe");
  UniqueFd read_end(ends[0]), write_end(ends[1]);

  std::vector<char*> arguments;
  arguments.push_back(const_cast<char*>(spec.program.c_str()));
  for (const std::string& argument : spec.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return errno_error(spec.tag + ": fork");
  if (pid == 0) become(spec.program.c_str(), arguments.data(), write_end.get(), parent);
  return Child(pid, std::move(read_end));
}

void Child::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

std::optional<int> Child::ended() {
  int status = 0;
  if (pid_ <= 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = -1;
  return status;
}

std::string describe(int wait_status) {
  if (WIFEXITED(wait_status)) return "ended with exit code " + std::to_string(WEXITSTATUS(wait_status));
  const int number = WTERMSIG(wait_status);
  return "died of signal " + std::to_string(number) + " (" + ::strsignal(number) + ")";
}

}  // namespace vedette::supervise
