// The handshake by which a reader holds a slot that the writer won't touch: the heart of the bus, apart from files and processes.
// Lock-free, process-shared, any number of readers, one writer. If either side dies at any instruction, the other goes on:
// a dead reader's hazard is cleared once the kernel dropped its lock, a dead writer's half-written slot stays odd.
//
// Why a held slot never changes, in C++20's terms. Let R be a pin() of slot s that succeeded with generation g, and W a claim()
// of s that succeeded after g was published, by the same writer or a successor.
//   R1: hazard := s + 1      R2: reads generation == g        W1: generation := odd      W2: reads every hazard
// These are seq_cst and so in the one order S, which agrees with program order and with each object's coherence order: a load
// that reads something older than a seq_cst store, be it of a weaker access, comes before that store in S.
//   - W1 before R2: then R2 reads W1's value or a later one. From W1 on the generation is odd or larger than g, for ever: a
//     claim that fails later stores back what it found. R2 read g, so this is not the case.
//   - R2 before W1, so R1, R2, W1, W2: then W2 reads R1's value, or a later one of that hazard; not R1's, or W would have failed.
//     Who stored the later one? R's own thread, at its unpin() or a later pin(), both at least release: R's reads of the payload
//     come before that store and W2 acquires it, so they happen before W's writes. Or, after R's death, the holder of its
//     entry's lock, which the kernel hands on only then: the next reader (release) or the writer itself. The same follows.
// What R reads is whole: R2 reads g from publish_slot() or from a failed claim() that stored it back, both release and after the
// payload's writes, which therefore happen before R's reads; the next writes are those of a W. And g names one record: numbers
// only grow, over writers too (inherit()).
// W2 reads the hazards of the entries in use alone: the reader has made sure (seq_cst) that `entries_used` is above its own when
// it attached, and W2 reads that word first (seq_cst). In the second case the former comes before R1 and so before W2, which
// therefore reads that value or a larger one: the word never falls. An entry that is free again costs a look.
//
// On x86 a seq_cst store is a locked exchange; that is what keeps R2 behind R1 and W2 behind W1. On ARMv8 stlr and ldar do.
// tests/unit/weak_memory runs these templates through every execution that C++20 allows (but load buffering), in small numbers of
// readers and records; with any of these orders weakened, frames tear there.
#pragma once

#include <atomic>
#include <cstdint>

#include "bus/layout.h"

namespace vedette::bus {

// Does any hazard name the slot? (W2; also used as a first guess.)
template <class Words>
bool any_names(const Words& hazards, std::uint32_t slot) {
  const std::uint32_t readers = hazards.readers();
  for (std::uint32_t reader = 0; reader < readers; ++reader)
    for (std::uint32_t index = 0; index < hazards.held(); ++index)
      if (hazards.word(reader, index).load(std::memory_order_seq_cst) == slot + 1) return true;
  return false;
}

// Writer: how many of the `readers` entries may have hazards set.
template <class Word>
std::uint32_t entries_used(const Word& word, std::uint32_t readers) {
  const std::uint32_t used = word.load(std::memory_order_seq_cst);
  return used < readers ? used : readers;  // anybody may write anything there
}

// Reader, when it attaches.
template <class Word>
void use_entry(Word& word, std::uint32_t reader) {
  std::uint32_t used = word.load(std::memory_order_seq_cst);
  while (used <= reader && !word.compare_exchange_strong(used, reader + 1, std::memory_order_seq_cst)) continue;
}

// All hazard words of a topic's lease file.
class Hazards {
 public:
  Hazards() = default;
  // `entries` points to the first LeaseEntry, `used` to the word that says how many have ever been used (none: all of them).
  Hazards(std::byte* entries, std::uint32_t stride, std::uint32_t readers, std::uint32_t held,
          std::atomic<std::uint32_t>* used = nullptr)
      : entries_(entries), used_(used), stride_(stride), readers_(readers), held_(held) {}

  // Entries whose hazards may be set.
  std::uint32_t readers() const { return used_ == nullptr ? readers_ : entries_used(*used_, readers_); }
  // Reader, holding the entry's lock, before its first pin().
  void use(std::uint32_t reader) const { use_entry(*used_, reader); }
  std::uint32_t held() const { return held_; }
  LeaseEntry& entry(std::uint32_t reader) const {
    return *reinterpret_cast<LeaseEntry*>(entries_ + std::size_t{reader} * stride_);
  }
  std::atomic<std::uint32_t>& word(std::uint32_t reader, std::uint32_t index) const {
    return reinterpret_cast<std::atomic<std::uint32_t>*>(&entry(reader) + 1)[index];
  }

  bool name(std::uint32_t slot) const { return any_names(*this, slot); }

 private:
  std::byte* entries_ = nullptr;
  std::atomic<std::uint32_t>* used_ = nullptr;
  std::uint32_t stride_ = 0;
  std::uint32_t readers_ = 0;
  std::uint32_t held_ = 0;
};

inline constexpr std::uint64_t kNotPinned = ~0ull;

// Reader: tries once to hold `slot`. Returns the slot's generation (even), or kNotPinned with the hazard cleared.
// kRecheck = false leaves R2 out: the torture's negative control, nothing else.
template <bool kRecheck = true, class Word, class Slot>
std::uint64_t pin(Word& hazard, const Slot& descriptor, std::uint32_t slot) {
  // acquire: who finds the slot of the newest record odd here sees the newer head that the writer stored before it claimed the
  // slot (RingReader::take_newest()). The payload needs R2 only.
  const std::uint64_t generation = descriptor.generation.load(std::memory_order_acquire);
  if (being_written(generation) || generation == 0) return kNotPinned;
  hazard.store(slot + 1, std::memory_order_seq_cst);                                                        // R1
  if (!kRecheck || descriptor.generation.load(std::memory_order_seq_cst) == generation) return generation;  // R2
  // release costs nothing here and keeps one rule: a hazard is cleared with release.
  hazard.store(0, std::memory_order_release);
  return kNotPinned;
}

// release: the reads of the payload happen before the writer's scan that sees 0.
template <class Word>
void unpin(Word& hazard) {
  hazard.store(0, std::memory_order_release);
}

// Writer: tries to take `slot` for writing. True: nobody reads it, it is odd. False: somebody does, it is as it was.
template <class Slot, class Words>
bool claim(Slot& descriptor, std::uint32_t slot, const Words& hazards) {
  // relaxed: the writer reads what it (or a predecessor, ordered by the writer lock) wrote itself.
  const std::uint64_t before = descriptor.generation.load(std::memory_order_relaxed);
  const std::uint64_t odd = before | 1;
  descriptor.generation.store(odd, std::memory_order_seq_cst);  // W1
  if (!any_names(hazards, slot)) return true;                   // W2
  // Nothing was written. An abandoned slot (odd before) must stay odd: its bytes are torn.
  descriptor.generation.store(before, std::memory_order_release);
  return false;
}

// Writer: makes a claimed slot's payload visible as number `sequence`.
template <class Slot>
void publish_slot(Slot& descriptor, std::uint64_t sequence, std::uint64_t frame_id, std::uint64_t bytes) {
  // release: RingReader::find() reads it before it pins; who reads this id finds the slot odd or newer afterwards.
  descriptor.frame_id.store(frame_id, std::memory_order_release);
  // relaxed: used only after a pin(), which acquires the generation stored next.
  descriptor.bytes.store(bytes, std::memory_order_relaxed);
  descriptor.generation.store(2 * sequence, std::memory_order_release);
}

// What a successor finds in a dead writer's files.
struct Inheritance {
  std::uint64_t sequence = 0;  // the largest that any slot or the head has had: numbers go on after it
  std::uint64_t head = 0;      // the newest whole record, packed; if the head names another, announce it before the first claim
};

// Writer, before anything else: `descriptor(slot)` gives a slot's Descriptor. Odd slots count too (their old number was used),
// and stay odd: one whose bytes are torn must never look whole.
template <class DescriptorOf>
Inheritance inherit(std::uint64_t head, std::uint32_t slots, DescriptorOf&& descriptor) {
  Inheritance found{head_sequence(head), head};
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    // relaxed: the writer lock, which the kernel took from the dead, orders all of its stores before this.
    const std::uint64_t generation = descriptor(slot).generation.load(std::memory_order_relaxed);
    const std::uint64_t sequence = sequence_of(generation);
    if (sequence > found.sequence) found.sequence = sequence;
    if (!being_written(generation) && sequence > head_sequence(found.head)) found.head = pack_head(sequence, slot);
  }
  return found;
}

// Writer, holding the lock of a reader that is dead (never of one that lives: it may be reading): its hazards name nothing more.
template <class Words>
void clear_hazards(const Words& hazards, std::uint32_t reader) {
  // relaxed: whoever takes the entry next takes its lock first, and the writer's own scans come after in program order.
  for (std::uint32_t index = 0; index < hazards.held(); ++index) hazards.word(reader, index).store(0, std::memory_order_relaxed);
}

}  // namespace vedette::bus
