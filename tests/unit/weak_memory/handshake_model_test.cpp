// The lease handshake under the weak memory model: pin and unpin against claim and publish, slots used again, readers that are
// slow or stop anywhere. Each order that the argument in bus/handshake.h needs is weakened once, and the checker must tell.
#include "bus_model.h"

namespace vedette::weak {
namespace {

constexpr auto kRlx = std::memory_order_relaxed;
constexpr auto kAcq = std::memory_order_acquire;
constexpr auto kRel = std::memory_order_release;
constexpr auto kSc = std::memory_order_seq_cst;

constexpr const char* kTorn = "data race on payload";
constexpr const char* kStays = "the head stays at a slot that can't be held";

struct Size {
  std::uint32_t readers, takes, records;
};

// Two slots: every publication uses one again, whatever readers do. They take the newest, or (as take_next() and find() come to a
// slot by hints of any age) any.
template <bool kRecheck = true>
Explored explore_takes(Size size, bool any_slot, const std::optional<Weakened>& mutation = {}) {
  Bus bus(2, size.readers);
  if (mutation) bus.program.weaken(*mutation);
  bus.program.thread([&] {
    Writer writer{bus};
    for (std::uint32_t i = 0; i < size.records; ++i) (void)writer.publish();
  });
  for (std::uint32_t number = 0; number < size.readers; ++number)
    bus.program.thread([&, number] {
      Reader reader{bus, number};
      for (std::uint32_t i = 0; i < size.takes; ++i)
        any_slot ? void(reader.take<kRecheck>(choose(2))) : reader.take_newest<kRecheck>();
    });
  return explore(bus.program);
}

TEST(HandshakeModel, a_slow_reader) {
  expect_right("1 reader, 3 takes, 4 records", explore_takes({1, 3, 4}, false));
  expect_right("1 reader, 3 takes of any slot, 4 records", explore_takes({1, 3, 4}, true));
}

TEST(HandshakeModel, two_readers) {
  expect_right("2 readers, 2 takes, 3 records", explore_takes({2, 2, 3}, false));
  expect_right("2 readers, 2 takes of any slot, 2 records", explore_takes({2, 2, 2}, true));
}

TEST(HandshakeModel, three_readers) {
  expect_right("3 readers, 1 take, 3 records", explore_takes({3, 1, 3}, false));
  expect_right("3 readers, 1 take of any slot, 2 records", explore_takes({3, 1, 2}, true));
}

// Readers attach while the writer writes: it looks at the entries in use alone.
Explored explore_attach(Size size, const std::optional<Weakened>& mutation = {}, bool late = false) {
  Bus bus(2, size.readers);
  bus.hazards.all_used = false;
  if (mutation) bus.program.weaken(*mutation);
  bus.program.thread([&] {
    Writer writer{bus};
    for (std::uint32_t i = 0; i < size.records; ++i) (void)writer.publish();
  });
  for (std::uint32_t number = 0; number < size.readers; ++number)
    bus.program.thread([&, number] {
      Reader reader{bus, number};
      if (!late) bus::use_entry(bus.hazards.used, number);
      for (std::uint32_t i = 0; i < size.takes; ++i) (void)reader.take(choose(2));
      if (late) bus::use_entry(bus.hazards.used, number);
    });
  return explore(bus.program);
}

TEST(HandshakeModel, readers_attach) {
  expect_right("1 reader attaches, 2 takes, 3 records", explore_attach({1, 2, 3}));
  expect_right("2 readers attach, 1 take, 2 records", explore_attach({2, 1, 2}));
}
TEST(AttachMutant, is_found) {
  expect_wrong(explore_attach({1, 1, 2}, {}, true), kTorn);
  expect_wrong(explore_attach({1, 1, 2}, Weakened{"used", Access::kExchange, kSc, kRel}), kTorn);
  expect_wrong(explore_attach({1, 1, 2}, Weakened{"used", Access::kLoad, kSc, kAcq}), kTorn);
}

Explored explore_find(int records, const std::optional<Weakened>& mutation = {}) {
  Bus bus(2, 1);
  if (mutation) bus.program.weaken(*mutation);
  bus.program.thread([&] {
    Writer writer{bus};
    for (int i = 0; i < records; ++i) (void)writer.publish();
  });
  bus.program.thread([&] {
    Reader reader{bus, 0};
    if (reader.find(2)) (void)reader.find(3);
  });
  return explore(bus.program);
}

TEST(HandshakeModel, find_says_never_only_of_what_was) { expect_right("find, 4 records", explore_find(4)); }
TEST(FindMutant, find_with_relaxed_frame_ids) {
  expect_wrong(explore_find(2, Weakened{"frame_id", Access::kStore, kRel, kRlx}), "'never' for a record");
  expect_wrong(explore_find(2, Weakened{"frame_id", Access::kLoad, kAcq, kRlx}), "'never' for a record");
}

TEST(HandshakeModel, the_search_is_the_plain_one_here_too) {
  Bus bus(2, 1);
  bus.program.thread([&] {
    Writer writer{bus};
    for (int i = 0; i < 2; ++i) (void)writer.publish();
  });
  bus.program.thread([&] {
    Reader reader{bus, 0};
    for (int i = 0; i < 2; ++i) reader.take_newest();
  });
  const Explored fast = explore(bus.program, true), plain = explore_plainly(bus.program);
  EXPECT_EQ(fast.graphs, plain.graphs);
  EXPECT_GT(fast.executions, 50u);
}

class HandshakeMutant : public testing::TestWithParam<Mutant> {};

TEST_P(HandshakeMutant, is_found) {
  const Mutant& mutant = GetParam();
  const Size size{1, 2, 3};
  const bool any_slot = mutant.violation == kTorn;
  expect_wrong(mutant.order ? explore_takes(size, any_slot, mutant.order) : explore_takes<false>(size, any_slot),
               mutant.violation);
}

INSTANTIATE_TEST_SUITE_P(
    All, HandshakeMutant,
    testing::Values(Mutant{"no_recheck", {}, kTorn},                                                          // R2 left out
                    Mutant{"hazard_store_release", Weakened{"hazard", Access::kStore, kSc, kRel}, kTorn},     // R1
                    Mutant{"recheck_acquire", Weakened{"generation", Access::kLoad, kSc, kAcq}, kTorn},       // R2
                    Mutant{"claim_store_release", Weakened{"generation", Access::kStore, kSc, kRel}, kTorn},  // W1
                    Mutant{"claim_store_relaxed", Weakened{"generation", Access::kStore, kSc, kRlx}, kTorn},  // W1
                    Mutant{"scan_acquire", Weakened{"hazard", Access::kLoad, kSc, kAcq}, kTorn},              // W2
                    Mutant{"scan_relaxed", Weakened{"hazard", Access::kLoad, kSc, kRlx}, kTorn},              // W2
                    Mutant{"unpin_relaxed", Weakened{"hazard", Access::kStore, kRel, kRlx}, kTorn},           //
                    Mutant{"publish_relaxed", Weakened{"generation", Access::kStore, kRel, kRlx}, kTorn},     //
                    Mutant{"first_look_relaxed", Weakened{"generation", Access::kLoad, kAcq, kRlx}, kStays},  // R0
                    Mutant{"head_store_relaxed", Weakened{"head", Access::kStore, kSc, kRlx}, kStays},        //
                    Mutant{"head_load_relaxed", Weakened{"head", Access::kLoad, kAcq, kRlx}, kStays}),        //
    name_of);

}  // namespace
}  // namespace vedette::weak
