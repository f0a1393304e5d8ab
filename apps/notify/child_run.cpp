#include "notify/child_run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/unique_fd.h"

namespace vedette::notify {
namespace {

constexpr int kLookMs = 50;  // for the end, the time, a stop
constexpr std::size_t kLongestLine = 400;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void set_nonblocking(const UniqueFd& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In a process group of its own, with no signal blocked or ignored and no descriptor of ours but the three.
Result<pid_t> spawn(const ChildRun& run, int input, int output) {
  std::vector<std::string> words = run.words;
  std::vector<std::string> variables = run.environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    if (!std::string_view(*entry).starts_with("VEDETTE_")) variables.emplace_back(*entry);  // those are our configuration
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&how);
  ::posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);  // libraries open some that children inherit
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ::posix_spawnattr_setpgroup(&how, 0);
  ::posix_spawnattr_setsigmask(&how, &none);
  ::posix_spawnattr_setsigdefault(&how, &all);
  pid_t pid = -1;
  const int failed =
      ::posix_spawnp(&pid, words.front().c_str(), &files, &how, pointers_to(words).data(), pointers_to(variables).data());
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&how);
  if (failed != 0) return errno_error("can't run " + words.front(), failed);
  return pid;
}

// Whether it has ended; it isn't reaped yet, so its process group's number is still its own.
bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

// Hands each whole line on, and what is left at the end.
class Lines {
 public:
  explicit Lines(const std::function<void(std::string_view)>& print) : print_(print) {}
  void add(std::string_view text) {
    for (const char c : text) {
      if (c == '\n')
        finish();
      else if (line_.size() < kLongestLine)
        line_ += c;
    }
  }
  void finish() {
    if (!line_.empty()) print_(line_);
    line_.clear();
  }

 private:
  const std::function<void(std::string_view)>& print_;
  std::string line_;
};

// Until the child has ended: writes its input, reads its output.
class Talk {
 public:
  Talk(const ChildRun& run, UniqueFd input, UniqueFd output)
      : run_(run), input_(std::move(input)), output_(std::move(output)), lines_(run.print) {
    set_nonblocking(input_);
    set_nonblocking(output_);
  }

  void step() {
    if (left() == 0) input_.reset();
    pollfd sources[] = {{output_.get(), POLLIN, 0}, {input_.get(), POLLOUT, 0}};  // a closed one is -1: ignored
    if (::poll(sources, 2, kLookMs) <= 0) return;
    if (sources[1].revents != 0) write_some();
    if (sources[0].revents != 0) read_some();
  }
  void finish() {
    read_some();
    lines_.finish();
  }

 private:
  std::size_t left() const { return run_.input.size() - written_; }
  void write_some() {
    const ssize_t wrote = ::write(input_.get(), run_.input.data() + written_, left());
    if (wrote > 0) written_ += static_cast<std::size_t>(wrote);
    if (wrote < 0 && errno != EAGAIN && errno != EINTR) input_.reset();  // it doesn't want it
  }
  void read_some() {
    char chunk[4096];
    ssize_t got = 0;
    for (int i = 0; i < 16 && (got = ::read(output_.get(), chunk, sizeof chunk)) > 0; ++i)
      lines_.add({chunk, static_cast<std::size_t>(got)});
    if (got == 0) output_.reset();
  }

  const ChildRun& run_;
  UniqueFd input_;
  UniqueFd output_;
  Lines lines_;
  std::size_t written_ = 0;
};

}  // namespace

Result<int> run_child(const ChildRun& run) {
  VD_ASSIGN(Pipe input, make_pipe());
  VD_ASSIGN(Pipe output, make_pipe());
  VD_ASSIGN(const pid_t pid, spawn(run, input.read.get(), output.write.get()));
  input.read.reset();
  output.write.reset();
  Talk talk(run, std::move(input.write), std::move(output.read));
  const std::uint64_t began = monotonic_ns();
  bool killed = false;
  while (!has_ended(pid)) {
    if (!killed && (age_ns(began) >= to_ns(run.timeout) || run.stopping())) {
      ::kill(-pid, SIGKILL);
      killed = true;
    }
    talk.step();
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  talk.finish();
  if (killed && !run.stopping())
    return Error{ErrorCode::kUnavailable,
                 fmt::format("killed after {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(run.timeout).count())};
  if (killed) return Error{ErrorCode::kUnavailable, "killed: vedette stops"};
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace vedette::notify
