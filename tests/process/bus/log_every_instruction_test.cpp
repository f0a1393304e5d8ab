// The log with its writer killed at every single machine instruction of an append, and with its reader stopped at every one of a
// take while the writer laps it.
#include <gtest/gtest.h>

#include "bus/attachment.h"
#include "bus/log_segment.h"
#include "support/every_instruction.h"
#include "support/log_records.h"

namespace vedette::bus {
namespace {

using test::append_number;
using test::is_whole;
using test::SteppedChild;

constexpr std::uint64_t kSchema = 7;
constexpr std::size_t kBytes = 61;        // no whole number of words
constexpr std::uint64_t kLap = 4096 / 8;  // so many records write over all of the data, and of the index

class LogEveryInstruction : public test::EveryInstructionFixture {
 protected:
  LogEveryInstruction() {
    // Symbols resolved here are resolved in every child: the dynamic linker isn't part of the window.
    auto w = writer("warm/up");
    EXPECT_TRUE(append_number(w, 1, kBytes, true));
    auto r = reader("warm/up");
    EXPECT_TRUE(r.take_next(out_));
    out_.reserve(4096);
  }
  LogWriter writer(std::string_view name = "cam0/packets") {
    const LogOptions options{.schema_id = kSchema, .data_bytes = 4096, .index_entries = 32, .max_record_bytes = 64, .readers = 4};
    return std::move(LogWriter::open(dir_, topic(name), options)).value();
  }
  LogReader reader(std::string_view name = "cam0/packets") {
    return std::move(LogReader::attach(dir_, topic(name), kSchema, {}, LogFrom::kOldestKeyframe)).value();
  }
  std::vector<std::byte> out_;
};

TEST_F(LogEveryInstruction, a_writer_killed_within_an_append_leaves_nothing_to_mend) {
  {
    auto w = writer();
    for (std::uint64_t n = 1; n <= 100; ++n) ASSERT_TRUE(append_number(w, n, kBytes, true));
  }
  auto follower = reader();
  while (follower.take_next(out_)) continue;
  std::uint64_t newest = 100, epoch = 1;
  at_every_instruction(
      [&] {
        auto w = writer();
        const std::uint64_t next = newest + 1;
        std::vector<std::byte> record;
        test::fill_record(next, kBytes, record);
        SteppedChild::mark();
        const bool appended = test::append_record(w, {.frame_id = 10 * next, .at_ns = 1000 * next, .keyframe = true}, record);
        SteppedChild::mark();
        return appended ? 0 : 1;
      },
      [&](SteppedChild& child) {
        child.kill();
        // What is there is whole and in order, to anybody who looks now.
        auto fresh = reader();
        std::uint64_t last = 0, count = 0;
        for (LogTaken taken; (taken = fresh.take_next(out_)); ++count) {
          ASSERT_TRUE(is_whole(taken.sequence, out_));
          ASSERT_EQ(out_.size(), kBytes);
          ASSERT_TRUE(last == 0 || taken.sequence == last + 1);
          last = taken.sequence;
        }
        ASSERT_GE(count, 31u) << "one record at most is given up for one that never came";
        const std::uint64_t before = newest;
        ASSERT_TRUE(last == before || last == before + 1);
        newest = last;
        auto successor = writer();
        ASSERT_TRUE(successor.took_over());
        ASSERT_EQ(successor.stats().epoch, epoch += 2);
        ASSERT_GE(successor.stats().frame_id, 10 * newest);
        ASSERT_TRUE(append_number(successor, ++newest, kBytes, true));
        ASSERT_EQ(fresh.wait(std::chrono::seconds(60)), Wait::kNew);
        const LogTaken next = fresh.take_next(out_);
        ASSERT_TRUE(next);
        ASSERT_EQ(next.sequence, newest);
        ASSERT_TRUE(is_whole(newest, out_));
        // A reader that was there all the time gets every record, once.
        for (std::uint64_t expected = before + 1; expected <= newest; ++expected) {
          const LogTaken taken = follower.take_next(out_);
          ASSERT_TRUE(taken);
          ASSERT_EQ(taken.sequence, expected);
          ASSERT_TRUE(is_whole(expected, out_));
        }
        ASSERT_FALSE(follower.take_next(out_));
      });
}

TEST_F(LogEveryInstruction, a_reader_lapped_anywhere_in_a_take_gets_whole_records) {
  auto w = writer();
  std::uint64_t n = 0;
  for (; n < 5; ++n) ASSERT_TRUE(append_number(w, n + 1, kBytes, true));
  std::size_t rounds = 0, missed = 0;
  at_every_instruction(
      [this] {
        auto r = reader();
        out_.resize(kBytes);
        SteppedChild::mark();
        const LogTaken taken = r.take_next(out_);
        SteppedChild::mark();
        return !taken || !is_whole(taken.sequence, out_) || out_.size() != kBytes ? 1 : taken.missed != 0 ? 2 : 0;
      },
      [&](SteppedChild& child) {
        for (std::uint64_t i = 0; i < kLap; ++i) ASSERT_TRUE(append_number(w, ++n, kBytes, true));
        ASSERT_TRUE(child.run_to_end());
        const int code = child.finish();
        ASSERT_NE(code, 1);
        ++rounds, missed += code == 2 ? 1u : 0u;
      });
  EXPECT_GT(missed, 50u);
  EXPECT_GT(rounds, missed) << "at its end nothing can be missed any more";
}

// A take without the second look, lapped at each of its instructions. Returns in how many rounds it saw a torn record.
template <bool kRecheck, class AtEvery>
std::size_t torn_rounds(const AtEvery& at_every, const BusDir& dir, const TopicName& topic, LogWriter& writer, std::uint64_t& n) {
  std::size_t torn = 0;
  at_every(
      [&] {
        const auto attached = Attachment::attach(dir, topic, kSchema, {}, TopicKind::kLog);
        if (!attached.ok()) return 3;
        const Attachment& a = **attached;
        const LogWords<const std::byte> log(a.payload(), a.log().index_offset, a.log().index_entries, a.log().data_offset,
                                            a.log().data_bytes);
        const std::uint64_t newest = head_sequence(a.header().head.load());
        std::array<std::byte, kBytes> copy{};
        LogRecord record;
        SteppedChild::mark();
        const bool taken = read_entry(log, newest, record) && read_data<kRecheck>(log, record, copy.data());
        SteppedChild::mark();
        return !taken || is_whole(newest, copy) ? 0 : 1;
      },
      [&](SteppedChild& child) {
        for (std::uint64_t i = 0; i < kLap; ++i) ASSERT_TRUE(append_number(writer, ++n, kBytes, true));
        ASSERT_TRUE(child.run_to_end());
        const int code = child.finish();
        ASSERT_LE(code, 1);
        torn += code == 1 ? 1 : 0;
      });
  return torn;
}

TEST_F(LogEveryInstruction, no_record_is_torn_with_the_second_look_and_many_are_without) {
  auto w = writer();
  std::uint64_t n = 0;
  ASSERT_TRUE(append_number(w, ++n, kBytes, true));
  const auto at_every = [this](const auto& body, const auto& round) { at_every_instruction(body, round); };
  EXPECT_EQ(torn_rounds<true>(at_every, dir_, topic("cam0/packets"), w, n), 0u);
  EXPECT_GT(torn_rounds<false>(at_every, dir_, topic("cam0/packets"), w, n), 10u);
}

}  // namespace
}  // namespace vedette::bus
