// The doorbell under the weak memory model: nobody sleeps through a record, a retirement or a take-over. A sleeper that no wake
// reaches must have taken the newest there is. Each order that bus/doorbell.h argues with is weakened once and must be missed.
#include "bus_model.h"

namespace vedette::weak {
namespace {

constexpr auto kRlx = std::memory_order_relaxed;
constexpr auto kAcq = std::memory_order_acquire;
constexpr auto kRel = std::memory_order_release;
constexpr auto kAcqRel = std::memory_order_acq_rel;
constexpr auto kSc = std::memory_order_seq_cst;

struct Sleeper {
  Bus& bus;
  std::uint64_t last = 1;
  std::uint32_t wakes_before = 0;
  bool asleep = false, saw_retired = false;

  bool newer() {
    const std::uint64_t sequence = bus::head_sequence(bus.head.load(kSc));
    return sequence > last ? (last = sequence, true) : false;  // takes it
  }
  bool retired() { return saw_retired = bus.retired.load(kAcq) != 0; }

  // RingReader::wait(), `turns` times, each time until something is taken, the files are retired or it sleeps for ever.
  void wait(std::uint32_t turns, bool second_look) {
    last = 1, asleep = saw_retired = false;
    for (std::uint32_t turn = 0; turn < turns; ++turn) {
      if (retired()) return;
      if (newer()) continue;
      const std::uint32_t expected = bus::announce_waiter(bus.doorbell, bus.waiters);
      if (second_look && newer()) continue;
      if (second_look && retired()) return;
      if (!bus.sleep(expected, wakes_before)) continue;
      asleep = true;
      await((bus.futex.load(kAcq) & 0xffff) != wakes_before);
      asleep = false;
    }
  }
  void expect_not_forgotten() {
    if (!asleep || bus.woken_since(wakes_before)) return;
    expect(bus::head_sequence(bus.head.peek()) <= last, "lost wake: asleep beside a newer record");
    expect(bus.retired.peek() == 0, "lost wake: asleep beside a retirement");
  }
};

enum class Way { kRight, kNoSecondLook, kDoorbellFirst, kClearedLast, kSuccessorAsksWaiters };

// The order that the bus had once: a reader that took the record already and goes to sleep for the next is forgotten.
void announce_doorbell_first(Bus& bus, std::uint64_t sequence) {
  bus.head.store(bus::pack_head(sequence, 0), kSc);
  bus::ring_doorbell(bus.doorbell);
  if (bus.waiters.load(kSc) == 0) return;
  bus.waiters.store(0, kRlx);
  bus.wake();
}

void announce_cleared_last(Bus& bus, std::uint64_t sequence) {
  bus.head.store(bus::pack_head(sequence, 0), kSc);
  if (bus.waiters.load(kSc) == 0) return;
  bus::ring_doorbell(bus.doorbell);
  bus.wake();
  bus.waiters.store(0, kRlx);
}

void publish(Bus& bus, std::uint64_t sequence, Way way) {
  if (way == Way::kDoorbellFirst) return announce_doorbell_first(bus, sequence);
  if (way == Way::kClearedLast) return announce_cleared_last(bus, sequence);
  bus.announce(sequence, 0);
}

struct Size {
  std::uint32_t sleepers, turns, records;
  bool retires = false, dies = false;
};

Explored explore_sleep(Size size, Way way = Way::kRight, const std::optional<Weakened>& mutation = {}) {
  Bus bus(1, 1);
  if (mutation) bus.program.weaken(*mutation);
  const auto write = [&] {
    for (std::uint64_t sequence = 2; sequence < 2 + size.records; ++sequence) publish(bus, sequence, way);
    if (!size.retires) return;
    bus.retired.store(1, kSc);  // retire_files()
    bus::ring_doorbell(bus.doorbell);
    bus.wake();
  };
  bool has_successor = false;
  if (size.dies) {
    bus.program.mortal_thread(write, [&] { bus.writer_lock.store(0, kRel); });
    bus.program.thread([&] {
      has_successor = false;
      await(bus.writer_lock.load(kAcq) == 0);
      Writer{bus}.take_over({.always_ring = way != Way::kSuccessorAsksWaiters});
      has_successor = true;
    });
  } else {
    bus.program.thread(write);
  }
  std::vector<Sleeper> sleepers(size.sleepers, Sleeper{bus});
  for (Sleeper& sleeper : sleepers) bus.program.thread([&] { sleeper.wait(size.turns, way != Way::kNoSecondLook); });
  bus.program.at_end([&] {
    if (bus.writer_lock.peek() == 0 && !has_successor) return;  // nobody there to wake, yet
    for (Sleeper& sleeper : sleepers) sleeper.expect_not_forgotten();
  });
  return explore(bus.program);
}

TEST(DoorbellModel, one_sleeper) { expect_right("1 sleeper, 3 turns, 2 records", explore_sleep({1, 3, 2})); }
TEST(DoorbellModel, two_sleepers) {
  expect_right("2 sleepers, 2 turns, 2 records", explore_sleep({2, 2, 2}));
  expect_right("3 sleepers, 1 turn, 1 record", explore_sleep({3, 1, 1}));
}
TEST(DoorbellModel, retirement) { expect_right("1 sleeper, 2 turns, 1 record, then retired", explore_sleep({1, 2, 1, true})); }
TEST(DoorbellModel, the_writer_dies_and_its_successor_rings) {
  expect_right("1 sleeper, 2 turns, writer dies within 2 records", explore_sleep({1, 2, 2, false, true}));
}

class DoorbellMutant : public testing::TestWithParam<Mutant> {};

TEST_P(DoorbellMutant, is_found) {
  const Mutant& mutant = GetParam();
  const std::string name = mutant.name;
  if (name == "successor_asks_waiters")
    return expect_wrong(explore_sleep({1, 1, 1, false, true}, Way::kSuccessorAsksWaiters), mutant.violation);
  const Way way = name == "no_second_look"         ? Way::kNoSecondLook
                  : name == "doorbell_first"       ? Way::kDoorbellFirst
                  : name == "waiters_cleared_last" ? Way::kClearedLast
                                                   : Way::kRight;
  const Explored one = explore_sleep({1, 2, 2}, way, mutant.order);
  expect_wrong(one.wrong.empty() ? explore_sleep({2, 1, 1}, way, mutant.order) : one, mutant.violation);
}

constexpr const char* kLost = "lost wake: asleep beside a newer record";
INSTANTIATE_TEST_SUITE_P(
    All, DoorbellMutant,
    testing::Values(Mutant{"no_second_look", {}, kLost}, Mutant{"doorbell_first", {}, kLost},
                    Mutant{"successor_asks_waiters", {}, kLost},
                    Mutant{"doorbell_load_relaxed", Weakened{"doorbell", Access::kLoad, kAcq, kRlx}, kLost},     // R1
                    Mutant{"waiters_store_release", Weakened{"waiters", Access::kStore, kSc, kRel}, kLost},      // R2
                    Mutant{"waiters_store_relaxed", Weakened{"waiters", Access::kStore, kSc, kRlx}, kLost},      // R2
                    Mutant{"second_look_acquire", Weakened{"head", Access::kLoad, kSc, kAcq}, kLost},            // R3
                    Mutant{"head_store_release", Weakened{"head", Access::kStore, kSc, kRel}, kLost},            // W1
                    Mutant{"waiters_load_acquire", Weakened{"waiters", Access::kLoad, kSc, kAcq}, kLost},        // W2
                    Mutant{"waiters_cleared_last", {}, kLost},                                                   // W3
                    Mutant{"doorbell_store_relaxed", Weakened{"doorbell", Access::kStore, kRel, kRlx}, kLost}),  // W4
    name_of);

}  // namespace
}  // namespace vedette::weak
