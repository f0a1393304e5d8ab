// The tracker allocates nothing once it has met as many objects and boxes as there are.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "unit/track/feed.h"

static std::atomic<std::uint64_t> g_allocations{0};

// Not to be inlined: the compiler would take new and free() in one place for a mistake.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace vedette::track {
namespace {

// Twenty objects that come, jump, are hidden, go and are followed by others.
std::vector<Detection> boxes_of(int frame) {
  std::vector<Detection> boxes;
  for (int object = 0; object < 20; ++object) {
    if ((frame + 3 * object) % 50 < 5) continue;
    const double x = 0.05 + 0.045 * object + (frame % 40 == 20 ? 0.05 : 0);
    boxes.push_back(box_at(x, 0.3 + 0.02 * object, 0.03, 0.1, (frame + object) % 7 == 0 ? 0.45f : 0.9f));
  }
  return boxes;
}

TEST(Memory, NothingIsAllocatedInTheSteadyState) {
  Tracker tracker{TrackerOptions{}};
  std::uint64_t now = kStart, before = 0;
  for (int round = 0; round < 4; ++round) {
    std::uint64_t during = 0;
    for (int frame = 0; frame < 400; ++frame) {
      const std::vector<Detection> boxes = boxes_of(frame);
      now += (frame == 399 ? 10'000 : 33) * kMs;
      before = g_allocations.load();
      tracker.update(boxes, now);
      during += g_allocations.load() - before;
      ASSERT_GT(tracker.tracks().size(), 10u);
    }
    if (round == 0)
      EXPECT_GT(during, 0u) << "the count counts";
    else
      EXPECT_EQ(during, 0u) << "round " << round;
  }
}

}  // namespace
}  // namespace vedette::track
