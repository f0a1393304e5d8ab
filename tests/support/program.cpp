#include "support/program.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/unique_fd.h"

namespace vedette::test {
namespace {

struct Stat {
  char state = 'X';
  pid_t parent = 0;
};

// /proc/PID/stat: "pid (name) state ppid …"; the name may hold anything, so from the last parenthesis on.
std::optional<Stat> stat_of(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto end = text.rfind(')');
  if (end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(end + 1));
  Stat stat;
  rest >> stat.state >> stat.parent;
  return stat;
}

bool is_over(char state) { return state == 'Z' || state == 'X'; }

void redirect(int fd, const std::string& path) {
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_TRUNC, 0600);
  if (file < 0 || ::dup2(file, fd) < 0) ::_exit(126);
}

}  // namespace

bool wait_until(const std::function<bool()>& condition, std::chrono::seconds watchdog) {
  const auto end = std::chrono::steady_clock::now() + watchdog;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

TempFolder::TempFolder(const std::string& parent) : path_(parent + "/vedette-system-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) std::abort();
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream(file(name), std::ios::binary) << text;
  return file(name);
}

std::string read_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char chunk[16384];
  // Files of /proc fail in the middle when their process ends: what came until then.
  for (ssize_t got; fd && (got = ::read(fd.get(), chunk, sizeof chunk)) > 0;) text.append(chunk, static_cast<std::size_t>(got));
  return text;
}

Program::Program(const std::vector<std::string>& arguments, const std::string& prefix) : prefix_(prefix) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ != 0) {
    ::setpgid(pid_, pid_);
    return;
  }
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  redirect(0, "/dev/null");
  redirect(1, prefix_ + ".out");
  redirect(2, prefix_ + ".err");
  ::setenv("VEDETTE_STORAGE_DIR", (std::filesystem::path(prefix_).parent_path() / "storage").c_str(), 1);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

Program::~Program() {
  if (!running()) return;
  signal(SIGKILL);
  (void)wait_exit();
}

bool Program::running() {
  int status = 0;
  if (exit_ || pid_ < 0) return false;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

void Program::signal(int number) const {
  if (!exit_ && pid_ > 0) ::kill(pid_, number);
}

void Program::signal_group(int number) const {
  if (!exit_ && pid_ > 0) ::kill(-pid_, number);
}

std::optional<int> Program::wait_exit(std::chrono::seconds watchdog) {
  wait_until([this] { return !running(); }, watchdog);
  return exit_;
}

std::vector<ChildProcess> children_of(pid_t parent) {
  std::vector<ChildProcess> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    const auto stat = pid > 0 ? stat_of(pid) : std::nullopt;
    if (!stat || stat->parent != parent || is_over(stat->state)) continue;
    std::error_code gone;
    const auto program = std::filesystem::read_symlink(entry.path() / "exe", gone);
    if (!gone) children.push_back({program.filename(), pid});
  }
  std::sort(children.begin(), children.end(),
            [](const auto& a, const auto& b) { return std::tie(a.name, a.pid) < std::tie(b.name, b.pid); });
  return children;
}

bool has_ended(pid_t pid) {
  const auto stat = stat_of(pid);
  return !stat || is_over(stat->state);
}

}  // namespace vedette::test
