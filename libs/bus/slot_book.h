// SlotBook: which slot the writer uses next. Knows which record each slot holds; what readers have leased and what the writer
// has out comes from outside. A choice looks at few slots, however many there are. Internal to the bus. Plain bookkeeping of one
// process, no shared memory; thread-bound. A successor builds its own from the slots' generations.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "bus/ring.h"

namespace vedette::bus {

inline constexpr std::uint32_t kNoSlot = ~0u;  // not std::optional: the hot path would wait for it to go through memory

// A set of slot numbers.
class SlotSet {
 public:
  explicit SlotSet(std::uint32_t slots) : words_((slots + 63) / 64) {}
  void insert(std::uint32_t slot) { words_[slot / 64] |= bit(slot); }
  void erase(std::uint32_t slot) { words_[slot / 64] &= ~bit(slot); }
  bool contains(std::uint32_t slot) const { return (words_[slot / 64] & bit(slot)) != 0; }
  void clear() { std::fill(words_.begin(), words_.end(), 0); }
  // The lowest that `accepts` takes, or kNoSlot.
  template <typename Accepts>
  std::uint32_t lowest(Accepts&& accepts) const {
    for (std::uint32_t word = 0; word < words_.size(); ++word)
      for (std::uint64_t rest = words_[word]; rest != 0; rest &= rest - 1)
        if (const std::uint32_t slot = word * 64 + static_cast<std::uint32_t>(std::countr_zero(rest)); accepts(slot)) return slot;
    return kNoSlot;
  }

 private:
  static std::uint64_t bit(std::uint32_t slot) { return 1ull << slot % 64; }
  std::vector<std::uint64_t> words_;
};

class SlotBook {
 public:
  // No slot holds anything yet.
  SlotBook(std::uint32_t slots, std::uint32_t keep, SlotPolicy policy);

  // The slot, claimed or empty before, holds record `sequence` now: larger than all before.
  void publish(std::uint32_t slot, std::uint64_t sequence);
  // The writer took the slot that best() named: what it held is gone.
  void claim(std::uint32_t slot);

  // The best slot that isn't among the `keep` newest and that `is_free` accepts, or kNoSlot. kLowestFree: the lowest.
  // kOldestFirst: one that holds nothing whole, the lowest of those first; else that with the oldest record.
  template <typename IsFree>
  std::uint32_t best(IsFree&& is_free) const {
    if (policy_ == SlotPolicy::kLowestFree) return reusable_.lowest(is_free);
    if (const std::uint32_t empty = empty_.lowest(is_free); empty != kNoSlot) return empty;
    for (std::uint32_t slot = next_[end_]; slot != oldest_kept_; slot = next_[slot])
      if (is_free(slot)) return slot;
    return kNoSlot;
  }

 private:
  const SlotPolicy policy_;
  const std::uint32_t keep_;
  const std::uint32_t end_;  // stands for "none" in the list: the number of slots
  SlotSet reusable_;         // all but the `keep` newest
  SlotSet empty_;            // hold nothing whole: never used, or claimed and not published
  // The slots that hold something, a list in order of their records; `end_` comes before the oldest and after the newest.
  std::vector<std::uint32_t> next_, previous_;
  std::vector<std::uint64_t> sequence_;
  std::uint32_t oldest_kept_;
};

}  // namespace vedette::bus
