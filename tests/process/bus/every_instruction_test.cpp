// The bus with one side stopped or killed at every single machine instruction of loan → publish and of take → release.
// A child is single-stepped n instructions into the window, for n = 0, 1, 2, … up to the window's end; what the test then does is
// thus interleaved with the child in every way that there is at instruction level (on one CPU: reordering is the torture's).
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "bus/attachment.h"
#include "bus/doorbell.h"
#include "bus/ring.h"
#include "support/every_instruction.h"

namespace vedette::bus {
namespace {

using test::SteppedChild;

constexpr std::uint64_t kSchema = 7;
constexpr std::size_t kWords = 8;  // a payload of 64 bytes keeps the window small

RingOptions options() {
  return {.schema_id = kSchema, .slot_bytes = kWords * 8, .keep = 2, .writer_slots = 1, .readers = 2, .held_per_reader = 1};
}

using Words = std::array<std::uint64_t, kWords>;

bool publish_stamped(RingWriter& writer, std::uint64_t id) {
  auto loan = writer.loan();
  if (!loan) return false;
  for (std::size_t i = 0; i < kWords; ++i) reinterpret_cast<volatile std::uint64_t*>(loan->bytes().data())[i] = id;
  writer.publish(std::move(*loan), id, kWords * 8);
  return true;
}

// Every word says whose frame it is.
bool intact(std::span<const std::byte> bytes, std::uint64_t id) {
  if (bytes.size() != kWords * 8) return false;
  for (std::size_t i = 0; i < kWords; ++i)
    if (reinterpret_cast<const volatile std::uint64_t*>(bytes.data())[i] != id) return false;
  return true;
}
bool intact(const Lease& lease) { return intact(lease.bytes(), lease.frame_id()); }

// How many slots the writer can have out at once.
std::size_t free_slots(RingWriter& writer) {
  std::vector<Loan> out;
  while (auto loan = writer.loan()) out.push_back(std::move(*loan));
  return out.size();
}

class EveryInstruction : public test::EveryInstructionFixture {
 protected:
  EveryInstruction() {
    // Symbols resolved here are resolved in every child: the dynamic linker isn't part of the window.
    auto w = writer("warm/up");
    auto r = reader("warm/up");
    EXPECT_TRUE(publish_stamped(w, 1));
    EXPECT_TRUE(intact(r.take_newest().lease));
  }
  RingWriter writer(std::string_view name = "cam0/frames") {
    return std::move(RingWriter::open(dir_, topic(name), options())).value();
  }
  RingReader reader(std::string_view name = "cam0/frames") {
    return std::move(RingReader::attach(dir_, topic(name), kSchema)).value();
  }

  // Opens the writer (taking over), publishes one frame; the window is the next.
  std::function<int()> publishing_child() {
    return [this] {
      auto w = writer();
      if (!publish_stamped(w, w.next_frame_id())) return 1;
      const std::uint64_t id = w.next_frame_id();
      SteppedChild::mark();
      const bool published = publish_stamped(w, id);
      SteppedChild::mark();
      return published ? 0 : 2;
    };
  }
};

TEST_F(EveryInstruction, a_writer_killed_between_loan_and_publish_leaves_nothing_to_mend) {
  std::optional<RingReader> old;
  Lease held;
  {
    auto w = writer();
    ASSERT_TRUE(publish_stamped(w, w.next_frame_id()));
    old = reader();
    held = std::move(old->take_newest().lease);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(publish_stamped(w, w.next_frame_id()));  // beyond what is kept anyway
  }
  std::uint64_t epoch = 1, last_id = held.frame_id(), last_sequence = held.sequence();
  at_every_instruction(publishing_child(), [&](SteppedChild& child) {
    child.kill();
    ASSERT_TRUE(intact(held)) << "what a reader holds stays";
    {
      auto fresh = reader();
      const Taken taken = fresh.take_newest();
      ASSERT_TRUE(taken);
      ASSERT_TRUE(intact(taken.lease));
      ASSERT_GT(taken.lease.frame_id(), last_id);
      ASSERT_GT(taken.lease.sequence(), last_sequence);
    }
    auto successor = writer();
    ASSERT_TRUE(successor.took_over());
    ASSERT_EQ(successor.stats().epoch, epoch += 2);
    auto fresh = reader();
    Taken newest = fresh.take_newest();
    ASSERT_TRUE(newest) << "the head names a whole slot, whenever its writer died";
    ASSERT_TRUE(intact(newest.lease));
    ASSERT_EQ(newest.lease.frame_id(), successor.stats().frame_id);
    last_id = newest.lease.frame_id(), last_sequence = newest.lease.sequence();
    newest.lease.release();
    ASSERT_EQ(free_slots(successor), options().slots() - options().keep - 1) << "all but the kept and the held";
    const std::uint64_t id = successor.next_frame_id();
    ASSERT_GT(id, last_id);
    ASSERT_TRUE(publish_stamped(successor, id));
    ASSERT_EQ(fresh.wait(std::chrono::seconds(60)), Wait::kNew);
    const Taken next = fresh.take_newest();
    ASSERT_TRUE(next);
    ASSERT_TRUE(intact(next.lease));
    ASSERT_EQ(next.lease.frame_id(), id);
    ASSERT_EQ(next.lease.sequence(), last_sequence + 1);
    last_id = id, last_sequence = next.lease.sequence();
  });
}

TEST_F(EveryInstruction, a_reader_beside_a_publication_gets_whole_frames) {
  {
    auto w = writer();
    ASSERT_TRUE(publish_stamped(w, w.next_frame_id()));
  }
  std::size_t old_ones = 0, new_ones = 0;
  at_every_instruction(publishing_child(), [&](SteppedChild& child) {
    auto r = reader();
    const Taken before = r.take_newest();
    ASSERT_TRUE(before);
    ASSERT_TRUE(intact(before.lease));
    ASSERT_TRUE(child.run_to_end());
    ASSERT_TRUE(intact(before.lease)) << "a lease taken while the writer was at work";
    auto other = reader();
    const Taken after = other.take_newest();
    ASSERT_TRUE(after);
    ASSERT_TRUE(intact(after.lease));
    ++(after.lease.sequence() == before.lease.sequence() ? new_ones : old_ones);
    ASSERT_EQ(child.finish(), 0);
  });
  EXPECT_GT(old_ones, 0u);
  EXPECT_GT(new_ones, 0u);
}

TEST_F(EveryInstruction, a_reader_that_goes_to_sleep_beside_a_publication_is_woken) {
  {
    auto w = writer();
    ASSERT_TRUE(publish_stamped(w, w.next_frame_id()));
  }
  std::size_t woken = 0, asleep = 0;
  at_every_instruction(publishing_child(), [&](SteppedChild& child) {
    const auto attached = Attachment::attach(dir_, topic("cam0/frames"), kSchema, {});
    ASSERT_TRUE(attached.ok());
    const Attachment& a = **attached;
    // RingReader::wait()'s steps up to the futex, by a reader that took all there is; it comes to the futex last of all.
    const std::uint32_t expected = announce_waiter(a.header().doorbell, a.waiters());
    const std::uint64_t seen = head_sequence(a.header().head.load());
    ASSERT_TRUE(child.run_to_end());
    if (a.header().doorbell.load() == expected) {
      ++asleep;
      ASSERT_EQ(head_sequence(a.header().head.load()), seen) << "who falls asleep has seen all there is";
      ASSERT_EQ(a.waiters().load(), 1u) << "and is announced to the next publication";
    } else {
      ++woken;
      ASSERT_EQ(a.waiters().load(), 0u) << "who slept already was woken";
    }
    ASSERT_EQ(child.finish(), 0);
  });
  EXPECT_GT(woken, 0u);
  EXPECT_GT(asleep, 0u);
}

#ifdef __x86_64__
// The other way round: the reader is stopped at each instruction of a wait, up to its system call, and there is a whole
// publication. It must come out of the wait without having slept until a time-out: a wait that lost it would find it 400 ms
// later.
TEST_F(EveryInstruction, a_publication_anywhere_before_a_reader_sleeps_ends_its_wait) {
  auto w = writer();
  ASSERT_TRUE(publish_stamped(w, w.next_frame_id()));
  for (const bool subscribed : {false, true}) {
    SCOPED_TRACE(subscribed ? "Subscriber" : "RingReader");
    bool asleep = false;
    std::size_t n = 0;
    for (; !asleep && n < kMaxWindow; ++n) {
      SCOPED_TRACE("after " + std::to_string(n) + " instructions");
      SteppedChild child([&] {
        auto r = reader();
        Subscriber s(dir_, topic("cam0/frames"), kSchema);
        if (!r.take_newest() || !s.take_newest() || s.wait(Nanoseconds(0)) != Wait::kTimeout) return 1;
        SteppedChild::mark();
        const Wait wait = subscribed ? s.wait(std::chrono::hours(1)) : r.wait(std::chrono::hours(1));
        SteppedChild::mark();
        return wait == Wait::kNew ? 0 : 2;
      });
      for (std::size_t i = 0; i < n && !asleep; ++i) {
        ASSERT_TRUE(child.step());
        asleep = child.at_futex_wait();
      }
      ASSERT_TRUE(publish_stamped(w, w.next_frame_id()));
      bool timed_out = false;
      ASSERT_TRUE(child.run_to_end(timed_out));
      ASSERT_FALSE(timed_out) << "slept through a publication";
      ASSERT_EQ(child.finish(), 0);
    }
    std::printf("window of %zu instructions\n", n);
    EXPECT_TRUE(asleep);
    EXPECT_GT(n, 50u);
  }
}
#endif

TEST_F(EveryInstruction, a_reader_killed_between_take_and_release_gives_everything_back) {
  auto w = writer();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(publish_stamped(w, w.next_frame_id()));
  at_every_instruction(
      [this] {
        auto r = reader();
        SteppedChild::mark();
        Taken taken = r.take_newest();
        const bool good = taken && intact(taken.lease);
        taken.lease.release();
        SteppedChild::mark();
        return good ? 0 : 1;
      },
      [&](SteppedChild& child) {
        child.kill();
        ASSERT_EQ(free_slots(w), options().slots() - options().keep) << "all but the kept";
        auto a = reader(), b = reader();  // its entry is free again
        ASSERT_TRUE(publish_stamped(w, w.next_frame_id()));
        const Taken taken = a.take_newest();
        ASSERT_TRUE(taken);
        ASSERT_TRUE(intact(taken.lease));
        ASSERT_TRUE(b.take_newest());
      });
}

// Publishes until it has the slot `wanted` on loan and half written, or can't get it because it is leased; then calls
// `meanwhile`.
void overtake(RingWriter& writer, const std::uint32_t wanted, std::uint32_t& newest, const std::function<void()>& meanwhile) {
  for (int i = 0;; ++i) {
    auto loan = writer.loan();
    ASSERT_TRUE(loan);
    const std::uint64_t id = writer.next_frame_id();
    for (std::size_t word = 0; word < kWords; ++word) {
      reinterpret_cast<volatile std::uint64_t*>(loan->bytes().data())[word] = id;
      if (word == kWords / 2 && (loan->slot() == wanted || i == 8)) meanwhile();
    }
    newest = loan->slot();
    const bool done = newest == wanted || i == 8;
    writer.publish(std::move(*loan), id, kWords * 8);
    if (done) return;
  }
}

// A reader is stopped at each instruction from before its pin to after its last look at the bytes; there the writer overtakes it
// and is half way through the reader's slot, if it can have it, when the reader goes on. Returns in how many rounds it saw a torn
// frame.
template <bool kRecheck>
std::size_t torn_rounds(
    const std::function<void(const std::function<int()>&, const std::function<void(SteppedChild&)>&)>& at_every,
    const BusDir& dir, const TopicName& topic, RingWriter& writer) {
  std::size_t torn = 0;
  std::uint32_t newest = 0;
  at_every(
      [&] {
        const auto attached = Attachment::attach(dir, topic, kSchema, {});
        if (!attached.ok()) return 3;
        const Attachment& a = **attached;
        const std::uint32_t slot = head_slot(a.header().head.load());
        Words copy{};
        SteppedChild::mark();
        const std::uint64_t generation = pin<kRecheck>(a.hazard(0), a.descriptor(slot), slot);
        bool whole = true;
        if (generation != kNotPinned) {
          const auto bytes = a.slot_bytes(slot, kWords * 8);
          const std::uint64_t id = a.descriptor(slot).frame_id.load(std::memory_order_relaxed);
          for (std::size_t i = 0; i < kWords; ++i) copy[i] = reinterpret_cast<const volatile std::uint64_t*>(bytes.data())[i];
          whole = intact(bytes, id);
          for (const std::uint64_t word : copy) whole &= word == id;
          unpin(a.hazard(0));
        }
        SteppedChild::mark();
        return whole ? 0 : 1;
      },
      [&](SteppedChild& child) {
        overtake(writer, newest, newest, [&] { ASSERT_TRUE(child.run_to_end()); });
        const int code = child.finish();
        ASSERT_LE(code, 1);
        torn += code == 1 ? 1 : 0;
      });
  return torn;
}

TEST_F(EveryInstruction, no_frame_is_torn_wherever_the_writer_overtakes_its_reader) {
  auto w = writer();
  ASSERT_TRUE(publish_stamped(w, w.next_frame_id()));
  const auto at_every = [this](const auto& body, const auto& round) { at_every_instruction(body, round); };
  EXPECT_EQ(torn_rounds<true>(at_every, dir_, topic("cam0/frames"), w), 0u);
}

// The negative control: the same without the re-read of the generation. If this finds nothing, the test above shows nothing.
TEST_F(EveryInstruction, without_the_recheck_frames_are_torn) {
  auto w = writer();
  ASSERT_TRUE(publish_stamped(w, w.next_frame_id()));
  const auto at_every = [this](const auto& body, const auto& round) { at_every_instruction(body, round); };
  EXPECT_GT(torn_rounds<false>(at_every, dir_, topic("cam0/frames"), w), 0u);
}

}  // namespace
}  // namespace vedette::bus
