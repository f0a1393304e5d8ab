#include "bus/slot_book.h"

namespace vedette::bus {

SlotBook::SlotBook(std::uint32_t slots, std::uint32_t keep, SlotPolicy policy)
    : policy_(policy),
      keep_(keep),
      end_(slots),
      reusable_(slots),
      empty_(slots),
      next_(slots + 1, slots),
      previous_(slots + 1, slots),
      sequence_(slots, 0),
      oldest_kept_(slots) {
  for (std::uint32_t slot = 0; slot < slots; ++slot) reusable_.insert(slot), empty_.insert(slot);
}

void SlotBook::publish(std::uint32_t slot, std::uint64_t sequence) {
  sequence_[slot] = sequence;
  empty_.erase(slot);
  reusable_.erase(slot);
  previous_[slot] = previous_[end_];
  next_[slot] = end_;
  next_[previous_[end_]] = slot;
  previous_[end_] = slot;
  if (oldest_kept_ == end_) oldest_kept_ = slot;
  for (; sequence_[oldest_kept_] + keep_ <= sequence; oldest_kept_ = next_[oldest_kept_]) reusable_.insert(oldest_kept_);
}

void SlotBook::claim(std::uint32_t slot) {
  if (empty_.contains(slot)) return;
  empty_.insert(slot);
  next_[previous_[slot]] = next_[slot];
  previous_[next_[slot]] = previous_[slot];
}

}  // namespace vedette::bus
