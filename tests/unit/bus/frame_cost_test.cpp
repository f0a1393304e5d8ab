// What a frame costs besides its own work: no system call and no allocation, from loan to release. (A Subscriber looks
// its topic's files up ten times a second, however many frames there are.)
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstdlib>
#include <new>

#include "support/bus_fixture.h"

static std::atomic<std::uint64_t> g_allocations{0};

// The whole test program's: counted here, else as ever.
void* operator new(std::size_t bytes) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace vedette::bus {
namespace {

constexpr int kRefused = 3, kAllocated = 4, kLost = 5;

class FrameCost : public test::BusFixture {
 protected:
  RingOptions options(SlotPolicy policy) const {
    return {.schema_id = 7, .slot_bytes = 4096, .keep = policy == SlotPolicy::kOldestFirst ? 64u : 1u, .policy = policy};
  }

  // In a process where the kernel kills whoever calls anything but read, write and exit.
  template <typename Frame>
  void run(SlotPolicy policy, Frame frame) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "sanitizers call the kernel and allocate";
#endif
    const pid_t child = ::fork();
    if (child == 0) {
      auto writer = std::move(RingWriter::open(dir_, topic("cam0/frames"), options(policy))).value();
      auto reader = std::move(RingReader::attach(dir_, topic("cam0/frames"), 7)).value();
      const std::uint64_t before = g_allocations;
      if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) ::_exit(kRefused);
      int result = 0;
      for (std::uint64_t id = 1; id <= 1000 && result == 0; ++id) result = frame(writer, reader, id) ? 0 : kLost;
      if (result == 0 && g_allocations != before) result = kAllocated;
      ::syscall(SYS_exit, result);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_FALSE(WIFSIGNALED(status)) << "a system call on the frame path";
    if (WEXITSTATUS(status) == kRefused) GTEST_SKIP() << "no seccomp here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
};

TEST_F(FrameCost, the_newest_of_frames_costs_no_system_call) {
  run(SlotPolicy::kLowestFree, [](RingWriter& writer, RingReader& reader, std::uint64_t id) {
    return test::publish_value(writer, id, id) && reader.take_newest().lease.frame_id() == id;
  });
}

TEST_F(FrameCost, the_next_of_a_history_costs_no_system_call) {
  run(SlotPolicy::kOldestFirst, [](RingWriter& writer, RingReader& reader, std::uint64_t id) {
    if (id % 3 != 0) return test::publish_value(writer, id, id);
    if (!test::publish_value(writer, id, id)) return false;
    for (std::uint64_t next = id - 2; next <= id; ++next)
      if (reader.take_next().lease.frame_id() != next) return false;
    return reader.find(id - 1).status == Find::kFound;
  });
}

}  // namespace
}  // namespace vedette::bus
