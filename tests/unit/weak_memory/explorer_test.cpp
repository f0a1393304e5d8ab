// The quick exploration against the plain one, on programs drawn at random: the same complete executions, none twice.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "explore.h"

namespace vedette::weak {
namespace {

constexpr std::array kLoads{std::memory_order_relaxed, std::memory_order_acquire, std::memory_order_seq_cst};
constexpr std::array kStores{std::memory_order_relaxed, std::memory_order_release, std::memory_order_seq_cst};
constexpr std::array kBoth{std::memory_order_relaxed, std::memory_order_acq_rel, std::memory_order_seq_cst};

// What one thread does: `op` on variable `v` with the given order, or a fence.
struct Step {
  unsigned op, variable, order;
};

void perform(const Step& step, std::array<Atomic<int>, 3>& memory, int& sum) {
  Atomic<int>& v = memory[step.variable];
  switch (step.op) {
    case 0:
    case 1:
      sum = 3 * sum + v.load(kLoads[step.order]);
      break;
    case 2:
    case 3:
      v.store(1 + sum % 3, kStores[step.order]);
      break;
    case 4:
      sum += v.fetch_add(1, kBoth[step.order]);
      break;
    case 5: {
      int expected = 0;
      (void)v.compare_exchange_strong(expected, 5, kBoth[step.order]);
      sum += expected;
      break;
    }
    case 6:
      fence(kBoth[step.order]);
      break;
    case 7:
      await(v.load(kLoads[step.order]) != 0);
      break;  // a lock
    default:
      sum += static_cast<int>(choose(2));
      break;
  }
}

TEST(Explorer, finds_what_the_plain_search_finds_and_nothing_twice) {
  std::mt19937 engine(20260611);
  const auto random = [&](unsigned below) { return static_cast<unsigned>(engine() % below); };
  std::uint64_t executions = 0, waiting = 0, steps = 0, plain_steps = 0;
  for (int round = 0; round < 400; ++round) {
    Program program;
    std::array<Atomic<int>, 3> memory;
    std::vector<std::vector<Step>> threads(2 + random(2));
    for (auto& steps_of : threads)
      for (unsigned i = 0, count = 2 + random(3); i < count; ++i)
        steps_of.push_back({round % 4 == 3 && random(3) == 0 ? 6 : random(9), random(round % 2 == 0 ? 2 : 3), random(3)});
    for (const auto& steps_of : threads) {
      const auto body = [&] {
        int sum = 0;
        for (const Step& step : steps_of) perform(step, memory, sum);
      };
      if (round % 5 == 0 && &steps_of == &threads[0])
        program.mortal_thread(body, [&] { memory[0].store(7, std::memory_order_release); });
      else
        program.thread(body);
    }
    const Explored fast = explore(program, true), plain = explore_plainly(program);
    ASSERT_EQ(fast.graphs.size(), plain.graphs.size()) << "program " << round;
    ASSERT_EQ(fast.graphs, plain.graphs) << "program " << round;
    ASSERT_EQ(fast.waiting, plain.waiting) << "program " << round;
    executions += fast.executions, waiting += fast.waiting, steps += fast.steps, plain_steps += plain.steps;
  }
  EXPECT_GT(executions, 10'000u);
  EXPECT_GT(waiting, 100u);
  std::printf("%zu executions (%zu with a thread that waits for ever): %zu steps, plainly %zu\n", executions, waiting, steps,
              plain_steps);
}

}  // namespace
}  // namespace vedette::weak
