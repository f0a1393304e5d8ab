#include "base/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <csignal>

#include <atomic>
#include <climits>

namespace vedette {
namespace {

std::atomic<bool> g_stop{false};
int g_pipe[2] = {-1, -1};

void on_stop_signal(int signal) {
  if (g_stop.load(std::memory_order_relaxed)) {
    // The second request: the orderly way takes too long for somebody. Die of the signal itself.
    ::signal(signal, SIG_DFL);
    ::raise(signal);
    return;
  }
  request_stop();
}

}  // namespace

void install_stop_signals() {
  if (g_pipe[0] < 0 && ::pipe2(g_pipe, O_CLOEXEC | O_NONBLOCK) != 0) g_pipe[0] = g_pipe[1] = -1;
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
}

bool stop_requested() { return g_stop.load(std::memory_order_relaxed); }
int stop_fd() { return g_pipe[0]; }

void request_stop() {
  g_stop.store(true, std::memory_order_relaxed);
  const char byte = 1;
  if (g_pipe[1] >= 0) [[maybe_unused]]
    const auto written = ::write(g_pipe[1], &byte, 1);
}

bool end_with_parent(int parent_pid) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return ::getppid() == parent_pid;
}

std::string executable_dir() {
  char path[PATH_MAX];
  const auto length = ::readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0) return ".";
  const std::string file(path, static_cast<size_t>(length));
  return file.substr(0, file.rfind('/'));
}

std::string data_dir() {
  const std::string beside = executable_dir() + "/..";
  const std::string installed = beside + "/share/vedette";
  return ::access(installed.c_str(), X_OK) == 0 ? installed : beside;
}

}  // namespace vedette
