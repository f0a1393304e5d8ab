// The ground the contestants stand on: medians of a counter that ticks in steps, and the one-way loop, which must not believe
// a transport that tears or loses messages. Real processes; no times are asserted.
#include <gtest/gtest.h>

#include <memory>

#include "bench/support/one_process.h"
#include "bench/support/one_way.h"

namespace vedette::bench {
namespace {

double median_of(std::vector<std::uint64_t> samples) { return median(samples); }

TEST(Median, IsTheMiddleSample) {
  EXPECT_EQ(median_of({7}), 7);
  EXPECT_EQ(median_of({3, 1, 2}), 2);
  EXPECT_EQ(median_of({1, 1, 1}), 1);
}

TEST(Median, LiesWithinTheStepOfACoarseCounterByHowManyAreBelowAndAbove) {
  EXPECT_DOUBLE_EQ(median_of({10, 20, 20, 30}), 20);                        // as many below as above
  EXPECT_DOUBLE_EQ(median_of({10, 10, 10, 20, 20, 20, 20, 30}), 15 + 2.5);  // a quarter into 15..25
  EXPECT_DOUBLE_EQ(median_of({10, 20, 20, 20, 20, 30, 30, 30}), 15 + 7.5);
}

TEST(Stamps, GoOnAndConvertToTheClocksTime) {
  const std::uint64_t before_ns = clock_ns(), before = stamp();
  spin_for_ns(20'000'000);
  const std::uint64_t after = stamp(), after_ns = clock_ns();
  EXPECT_GE(kTickClock.ns(static_cast<double>(after - before)), 19.9e6);
  EXPECT_LE(kTickClock.ns(static_cast<double>(after - before)), static_cast<double>(after_ns - before_ns) * 1.01);
}

// A slot of shared memory: what a sound transport is, and how it can go wrong.
enum class Flaw { kNone, kTears, kLoses };
struct Mailbox {
  std::atomic<std::uint64_t> number;
  std::byte bytes[4096];
};
struct MailWriter {
  Mailbox& box;
  Flaw flaw;
  std::uint64_t number = 0;
  std::byte buffer[4096] = {};
  std::span<std::byte> loan(std::size_t bytes) { return std::span(buffer).first(bytes); }
  void publish() {
    if (++number % 5 == 0 && flaw == Flaw::kLoses) return;
    // Torn: the end of a message stays that of the one before.
    std::memcpy(box.bytes, buffer, flaw == Flaw::kTears && number == 3 ? 32 : 64);
    box.number.store(number, std::memory_order_release);
  }
};
struct MailReader {
  Mailbox& box;
  std::uint64_t seen = 0;
  std::span<const std::byte> take() {
    const std::uint64_t number = box.number.load(std::memory_order_acquire);
    if (number == seen) return {};
    seen = number;
    return std::span(box.bytes).first(64);
  }
  void release() {}
};

Value through_mailbox(Flaw flaw) {
  auto& box = *new (shared_memory(sizeof(Mailbox))) Mailbox;
  return one_way(
      OneWay{.duration_ns = 20'000'000},
      [&] {
        return std::make_unique<MailWriter>(MailWriter{box, flaw});
      },
      [&] { return std::make_unique<MailReader>(MailReader{box}); });
}

// Looked at before a figure pins this process to one.
const bool kTwoCpus = [] {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  return CPU_COUNT(&set) >= 2;
}();

class OneWayLoop : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kTwoCpus) GTEST_SKIP() << "the writer and the reader need a CPU each";
  }
};

TEST_F(OneWayLoop, MeasuresASoundTransport) {
  const Value value = through_mailbox(Flaw::kNone);
  EXPECT_GT(value.number, 0);
  EXPECT_STREQ(value.unit, "ns");
}

TEST_F(OneWayLoop, RefusesATransportThatTears) {
  EXPECT_EXIT(through_mailbox(Flaw::kTears), ::testing::ExitedWithCode(1), "messages were torn");
}

TEST_F(OneWayLoop, RefusesATransportThatLosesMessages) {
  EXPECT_EXIT(through_mailbox(Flaw::kLoses), ::testing::ExitedWithCode(1), "did not arrive");
}

TEST_F(OneWayLoop, EndsWhenAReaderDies) {
  const auto die = [] {
    Readers readers(1, [](Board&, Seat&) { ::_exit(9); });
    readers.let_attach();
  };
  EXPECT_EXIT(die(), ::testing::ExitedWithCode(1), "ended before its time");
}

TEST(RunFigure, AnswersThreeToAFigureItDoesNotDo) {
  const Figure figures[] = {{"pin", [] { return Value{2.5, "ns"}; }}};
  char program[] = "bench_x", option[] = "--tcp", pin[] = "pin", other[] = "other";
  char* good[] = {program, option, pin};
  char* unknown[] = {program, other};
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(run_figure(3, good, figures), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "{\"value\": 2.5, \"unit\": \"ns\"}\n");
  EXPECT_EQ(run_figure(2, unknown, figures), kExitUnsupported);
}

}  // namespace
}  // namespace vedette::bench
