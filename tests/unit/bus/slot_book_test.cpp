// The book's choices against the plain rule, tried on every slot: over random histories of claims, publications, leases, loans
// given back unseen and slots that the writer still holds.
#include "bus/slot_book.h"

#include <gtest/gtest.h>

#include <random>

namespace vedette::bus {
namespace {

struct Slot {
  std::uint64_t sequence = 0;  // 0: never used
  bool in_pieces = false;
  bool lent = false;
  bool leased = false;
};

struct Topic {
  std::uint32_t keep;
  SlotPolicy policy;
  std::vector<Slot> slots;
  std::uint64_t newest = 0;

  bool is_kept(const Slot& slot) const { return slot.sequence != 0 && !slot.in_pieces && slot.sequence + keep > newest; }
  std::optional<std::uint32_t> best() const {
    std::optional<std::uint32_t> best;
    std::uint64_t oldest = ~0ull;
    for (std::uint32_t i = 0; i < slots.size(); ++i) {
      const Slot& slot = slots[i];
      if (slot.lent || slot.leased || is_kept(slot)) continue;
      if (policy == SlotPolicy::kLowestFree) return i;
      const std::uint64_t age = slot.in_pieces ? 0 : slot.sequence;
      if (age < oldest) oldest = age, best = i;
    }
    return best;
  }
};

struct Case {
  std::uint32_t slots, keep;
  SlotPolicy policy;
};

class SlotBookTest : public ::testing::TestWithParam<Case> {};

TEST_P(SlotBookTest, chooses_what_the_rule_says) {
  const auto [count, keep, policy] = GetParam();
  Topic topic{keep, policy, std::vector<Slot>(count)};
  auto book = std::make_optional<SlotBook>(count, keep, policy);
  std::mt19937 random(7);
  const auto one_in = [&](std::uint32_t n) { return random() % n == 0; };
  std::uint64_t chosen = 0, none = 0;
  for (int step = 0; step < 50'000; ++step) {
    for (Slot& slot : topic.slots) {
      if (one_in(3)) slot.leased = slot.sequence != 0 && !slot.in_pieces && one_in(4);
      if (slot.lent && one_in(8)) slot.lent = false;  // given back unseen, or a reference frame that isn't needed any more
    }
    if (one_in(500)) {  // a successor finds what is there; nothing is out, oldest records first
      book.emplace(count, keep, policy);
      std::vector<std::pair<std::uint64_t, std::uint32_t>> whole;
      for (std::uint32_t i = 0; i < count; ++i) {
        topic.slots[i].lent = false;
        if (topic.slots[i].sequence != 0 && !topic.slots[i].in_pieces) whole.emplace_back(topic.slots[i].sequence, i);
      }
      std::sort(whole.begin(), whole.end());
      for (const auto& [sequence, slot] : whole) book->publish(slot, sequence);
    }
    const std::uint32_t wanted = topic.best().value_or(kNoSlot);
    const std::uint32_t slot = book->best([&](std::uint32_t i) { return !topic.slots[i].lent && !topic.slots[i].leased; });
    ASSERT_EQ(slot, wanted) << "step " << step;
    ++(slot != kNoSlot ? chosen : none);
    if (slot == kNoSlot || one_in(10)) continue;  // chosen, but a reader leased it in the meantime
    book->claim(slot);
    topic.slots[slot].in_pieces = topic.slots[slot].lent = true;
    if (one_in(4)) continue;  // publishes later, or never
    topic.slots[slot] = {.sequence = ++topic.newest, .lent = one_in(3)};
    book->publish(slot, topic.newest);
  }
  EXPECT_GT(chosen, 20'000u);
  EXPECT_TRUE(none > 0 || count > 12) << "slots never ran short";
}

INSTANTIATE_TEST_SUITE_P(, SlotBookTest,
                         ::testing::Values(Case{3, 1, SlotPolicy::kLowestFree}, Case{3, 1, SlotPolicy::kOldestFirst},
                                           Case{34, 1, SlotPolicy::kLowestFree}, Case{97, 64, SlotPolicy::kOldestFirst},
                                           Case{97, 64, SlotPolicy::kLowestFree}, Case{12, 4, SlotPolicy::kOldestFirst},
                                           Case{130, 9, SlotPolicy::kLowestFree}, Case{130, 9, SlotPolicy::kOldestFirst}));

}  // namespace
}  // namespace vedette::bus
