#include "bus/mapping.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <cstdint>
#include <mutex>

namespace vedette::bus {
namespace {

constexpr std::size_t kPage = 4096, kHugePage = 2u << 20;

// The table that the SIGBUS handler reads: fixed size and atomics only, because a handler may not lock or allocate.
struct GuardedRange {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::size_t> bytes{0};
  std::atomic<bool> tripped{false};
};
std::array<GuardedRange, 1024> g_ranges;
std::mutex g_ranges_mutex;  // taken by enlisting and leaving threads only
struct sigaction g_previous;

void on_sigbus(int signal, siginfo_t* info, void* context) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (GuardedRange& range : g_ranges) {
    const std::uintptr_t begin = range.begin.load(std::memory_order_acquire);
    const std::size_t bytes = range.bytes.load(std::memory_order_relaxed);
    if (begin == 0 || address < begin || address - begin >= bytes) continue;
    range.tripped.store(true, std::memory_order_seq_cst);
    void* const zeros =
        ::mmap(reinterpret_cast<void*>(begin), bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros != MAP_FAILED) return;
  }
  // Not ours: whoever was there before us, or the default, which ends the process.
  if ((g_previous.sa_flags & SA_SIGINFO) != 0) return g_previous.sa_sigaction(signal, info, context);
  if (g_previous.sa_handler != SIG_DFL && g_previous.sa_handler != SIG_IGN) return g_previous.sa_handler(signal);
  ::signal(signal, SIG_DFL);
}

// A child has none of its parent's mappings: where they were it may have something of its own.
void forget_ranges() {  // with the mutex held since before the fork
  for (GuardedRange& range : g_ranges) range.begin.store(0, std::memory_order_relaxed);
  g_ranges_mutex.unlock();
}

void install_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = on_sigbus;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &g_previous);
    ::pthread_atfork([] { g_ranges_mutex.lock(); }, [] { g_ranges_mutex.unlock(); }, forget_ranges);
  });
}

int enlist(std::byte* data, std::size_t bytes) {
  install_handler();
  const std::lock_guard lock(g_ranges_mutex);
  for (std::size_t i = 0; i < g_ranges.size(); ++i) {
    if (g_ranges[i].begin.load(std::memory_order_relaxed) != 0) continue;
    g_ranges[i].tripped.store(false, std::memory_order_relaxed);
    g_ranges[i].bytes.store(bytes, std::memory_order_relaxed);
    g_ranges[i].begin.store(reinterpret_cast<std::uintptr_t>(data), std::memory_order_release);
    return static_cast<int>(i);
  }
  return -1;
}

// mmap() of a shared file, at an address where huge pages of the file, if it has some, can be mapped as such.
void* map_aligned(int fd, std::size_t bytes, int protection) {
  constexpr int kFlags = MAP_SHARED | MAP_POPULATE;
  if (bytes < kHugePage) return ::mmap(nullptr, bytes, protection, kFlags, fd, 0);
  // Room for one huge page more than needed, the file's mapping over its aligned part; what is left over goes back.
  const std::size_t room = (bytes + kPage - 1) / kPage * kPage + kHugePage;
  void* const reserved = ::mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return MAP_FAILED;
  auto* const begin = static_cast<std::byte*>(reserved);
  const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(reserved) % kHugePage) % kHugePage;
  void* const data = ::mmap(begin + before, bytes, protection, kFlags | MAP_FIXED, fd, 0);
  if (data == MAP_FAILED) {
    ::munmap(reserved, room);
    return data;
  }
  if (before != 0) ::munmap(begin, before);
  ::munmap(begin + before + (room - kHugePage), kHugePage - before);
  return data;
}

}  // namespace

Result<Mapping> Mapping::map(int fd, std::size_t bytes, Access access, bool guarded) {
  const int protection = access == Access::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
  void* const data = map_aligned(fd, bytes, protection);
  if (data == MAP_FAILED) return errno_error("mapping " + std::to_string(bytes) + " bytes");
  ::madvise(data, bytes, MADV_DONTFORK);
  Mapping mapping;
  mapping.data_ = static_cast<std::byte*>(data);
  mapping.bytes_ = bytes;
  mapping.owner_ = ::getpid();
  if (!guarded) return mapping;
  if ((mapping.guard_ = enlist(mapping.data_, bytes)) < 0)
    return Error{ErrorCode::kResourceExhausted,
                 "this process has too many topics open (more than " + std::to_string(g_ranges.size()) + ")"};
  mapping.tripped_ = &g_ranges[static_cast<std::size_t>(mapping.guard_)].tripped;
  return mapping;
}

void Mapping::unmap() {
  if (data_ == nullptr || owner_ != ::getpid()) return;
  if (guard_ >= 0) {
    const std::lock_guard lock(g_ranges_mutex);
    g_ranges[static_cast<std::size_t>(guard_)].begin.store(0, std::memory_order_release);
  }
  ::munmap(data_, bytes_);
  data_ = nullptr;
  tripped_ = nullptr;
}

}  // namespace vedette::bus
