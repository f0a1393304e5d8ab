#include "process/control/program.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/check.h"

namespace vedette::test {

Program::Program(std::vector<std::string> words) {
  int ends[2];
  VD_ASSERT(::pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  log_fd_ = UniqueFd(ends[0]);
  const UniqueFd write_end(ends[1]);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = ::fork();
  VD_ASSERT(pid_ >= 0, "fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(write_end.get(), STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  reader_ = std::thread([this] { read_log(); });
}

Program::~Program() {
  kill();
  reader_.join();
}

void Program::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void Program::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  wait_exit();
}

int Program::wait_exit() {
  if (pid_ <= 0) return status_;
  int status = 0;
  const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) != 0; });
  if (!ended) return -1;
  pid_ = -1;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

void Program::read_log() {
  char chunk[4096];
  for (;;) {
    const ssize_t got = ::read(log_fd_.get(), chunk, sizeof chunk);
    const std::lock_guard lock(mutex_);
    if (got > 0)
      log_.append(chunk, static_cast<std::size_t>(got));
    else
      log_ended_ = true;
    grown_.notify_all();
    if (got <= 0) return;
  }
}

bool Program::wait_log(const std::string& text) {
  std::unique_lock lock(mutex_);
  return grown_.wait_for(lock, kPatience, [&] { return log_ended_ || log_.find(text) != std::string::npos; }) &&
         log_.find(text) != std::string::npos;
}

std::string Program::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

int Program::count_log(const std::string& text) const {
  const std::string all = log();
  int count = 0;
  for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + text.size())) ++count;
  return count;
}

}  // namespace vedette::test
