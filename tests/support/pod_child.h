// Children that live as in a container of their own: separate pid, mount, net and ipc namespaces, a /proc and a /dev/shm of their
// own, and of all else only the bus directory in common. Needs root (CAP_SYS_ADMIN). Thread-bound; forks.
#pragma once

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include <atomic>
#include <functional>
#include <string>

#include "support/child.h"

namespace vedette::test {

inline constexpr int kNoNamespaces = 77;
inline constexpr const char* kBusInPod = "/tmp";  // where the bus directory is mounted there

class PodChild {
 public:
  PodChild() = default;
  // `body` runs as the Pod's first process, pid 1, with the directory `bus` at kBusInPod.
  PodChild(const std::string& bus, const std::function<int()>& body)
      : inner_(new (::mmap(nullptr, sizeof *inner_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                   std::atomic<pid_t>{0}),
        outer_([&] { return enter(bus, body); }) {
    while (*inner_ == 0) ::usleep(200);
  }
  PodChild(PodChild&& other) noexcept : inner_(std::exchange(other.inner_, nullptr)), outer_(std::move(other.outer_)) {}
  PodChild& operator=(PodChild&& other) noexcept {
    std::swap(inner_, other.inner_);
    std::swap(outer_, other.outer_);
    return *this;
  }
  ~PodChild() {
    if (inner_ == nullptr) return;
    kill();
    ::munmap(inner_, sizeof *inner_);
  }

  // SIGKILLs the process in the Pod, and the Pod with it; waits until it is gone.
  void kill() {
    if (*inner_ > 0) ::kill(inner_->exchange(-1), SIGKILL);
    outer_.wait();
  }
  // The body's result, minus its signal, or kNoNamespaces.
  int exit_code() {
    const int code = outer_.exit_code();
    *inner_ = -1;
    return code;
  }

 private:
  int enter(const std::string& bus, const std::function<int()>& body) {
    const bool alone = ::unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) == 0;
    const pid_t pid = alone ? ::fork() : -1;
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const bool furnished = ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                             ::mount(bus.c_str(), kBusInPod, nullptr, MS_BIND, nullptr) == 0 &&
                             ::mount("tmpfs", "/dev/shm", "tmpfs", 0, nullptr) == 0 &&
                             ::mount("proc", "/proc", "proc", 0, nullptr) == 0;
      ::_exit(furnished ? body() : kNoNamespaces);
    }
    *inner_ = pid;
    int status = kNoNamespaces << 8;
    if (pid > 0) ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::atomic<pid_t>* inner_ = nullptr;  // as seen from here
  Child outer_;
};

inline bool pods_are_possible(const std::string& bus) {
  PodChild probe(bus, [] { return 0; });
  return probe.exit_code() == 0;
}

}  // namespace vedette::test
