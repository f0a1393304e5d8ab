// The sentry: what moves it, what never does, and random walks against a check that recounts the whole history.
#include "rules/sentry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace vedette::rules {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kStart = 100'000 * kMs;

// Feeds frames at a steady rate.
class Feed {
 public:
  explicit Feed(SentryOptions options = {}) : sentry(options) {}

  Sentry::Outcome frame(bool target, std::uint64_t step_ms = 100) {
    now += step_ms * kMs;
    return sentry.observe({++id, now, target ? 1u : 0u}, now);
  }
  // Mode after `count` frames.
  Mode frames(int count, bool target, std::uint64_t step_ms = 100) {
    for (int i = 0; i < count; ++i) frame(target, step_ms);
    return sentry.mode();
  }

  Sentry sentry;
  std::uint64_t now = kStart;
  std::uint64_t id = 1000;
};

TEST(Sentry, OneFalseBoxRaisesNoAlarm) {
  Feed feed;
  EXPECT_EQ(feed.frames(20, false), Mode::Standby);
  EXPECT_EQ(feed.frames(1, true), Mode::Validation);
  EXPECT_EQ(feed.frames(30, false), Mode::Standby);
}

TEST(Sentry, AlarmNeedsFramesAndTime) {
  Feed frames_first;  // 3 frames within 100 ms, then time passes
  EXPECT_EQ(frames_first.frames(3, true, 33), Mode::Validation);
  EXPECT_EQ(frames_first.frames(13, true, 33), Mode::Validation);  // 495 ms since the first
  EXPECT_EQ(frames_first.frames(1, true, 33), Mode::Tracking);
  Feed time_first;  // 600 ms apart: long enough with the second, but it takes three
  EXPECT_EQ(time_first.frames(2, true, 600), Mode::Validation);
  EXPECT_EQ(time_first.frames(1, true, 600), Mode::Tracking);
}

TEST(Sentry, TellsWhyAndWhichFrame) {
  Feed feed;
  const auto first = feed.frame(true);
  ASSERT_TRUE(first.transition);
  EXPECT_EQ(first.transition->reason, "a target");
  feed.frames(4, true);
  const auto alarm = feed.frame(true);
  ASSERT_TRUE(alarm.transition);
  EXPECT_EQ(alarm.transition->from, Mode::Validation);
  EXPECT_EQ(alarm.transition->to, Mode::Tracking);
  EXPECT_EQ(alarm.transition->frame_id, 1006u);
  EXPECT_EQ(alarm.transition->at_ns, feed.now);
  EXPECT_EQ(alarm.transition->reason, "target in 6 frames over 500 ms");
}

TEST(Sentry, LosingNeedsFramesAndTime) {
  Feed feed;
  ASSERT_EQ(feed.frames(10, true), Mode::Tracking);
  EXPECT_EQ(feed.frames(50, false), Mode::Tracking);  // 4.9 s from the first to the last
  EXPECT_EQ(feed.frames(1, false), Mode::Standby);
  Feed slow;  // 9 frames in 16 s aren't 10
  ASSERT_EQ(slow.frames(10, true), Mode::Tracking);
  EXPECT_EQ(slow.frames(9, false, 2000), Mode::Tracking);
  EXPECT_EQ(slow.frames(1, false, 2000), Mode::Standby);
}

TEST(Sentry, OneMissedBoxStartsTheAbsenceOver) {
  Feed feed;
  ASSERT_EQ(feed.frames(10, true), Mode::Tracking);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(feed.frames(49, false), Mode::Tracking);
    EXPECT_EQ(feed.frames(1, true), Mode::Tracking);
  }
}

TEST(Sentry, APersonExactlyAtTheThresholdNeverFlickers) {
  // Found on every second frame, then at random: after the alarm nothing changes any more.
  Feed feed;
  for (int i = 0; i < 40; ++i) feed.frame(i % 2 == 0);
  ASSERT_EQ(feed.sentry.mode(), Mode::Tracking);
  std::mt19937 random(7);
  for (int i = 0; i < 100'000; ++i) ASSERT_FALSE(feed.frame(random() % 2 == 0).transition) << i;
}

TEST(Sentry, RepeatedOlderAndStaleResultsChangeNothing) {
  Feed feed;
  ASSERT_EQ(feed.frames(1, true), Mode::Validation);
  for (int i = 0; i < 100; ++i) {
    feed.now += 10 * kMs;
    EXPECT_EQ(feed.sentry.observe({feed.id, feed.now - i * 10 * kMs, 1}, feed.now).counted, Counted::kRepeated);
    EXPECT_EQ(feed.sentry.observe({feed.id - 5, feed.now - 1500 * kMs, 1}, feed.now).counted, Counted::kRepeated);
  }
  EXPECT_EQ(feed.sentry.observe({feed.id + 1, feed.now - 2001 * kMs, 1}, feed.now).counted, Counted::kStale);
  EXPECT_EQ(feed.sentry.observe({feed.id + 1, feed.now + 1001 * kMs, 1}, feed.now).counted, Counted::kFromFuture);
  EXPECT_EQ(feed.sentry.mode(), Mode::Validation);
  EXPECT_EQ(feed.sentry.last_frame_id(), feed.id);
}

TEST(Sentry, SilenceIsNeitherPresenceNorAbsence) {
  Feed feed;
  ASSERT_EQ(feed.frames(2, true, 33), Mode::Validation);
  feed.now += 29'000 * kMs;  // counts as 2 s of presence at most, and as no frame
  EXPECT_EQ(feed.frames(1, true, 33), Mode::Tracking);
  ASSERT_EQ(feed.frames(1, false), Mode::Tracking);
  feed.now += 3'600'000 * kMs;
  EXPECT_EQ(feed.frames(10, false, 33), Mode::Tracking);  // an hour without results isn't an hour without people
  Feed validating;
  ASSERT_EQ(validating.frames(2, true), Mode::Validation);
  validating.now += 3'600'000 * kMs;
  EXPECT_EQ(validating.frames(2, true, 400), Mode::Validation) << "what was seen an hour ago must not count";
  EXPECT_EQ(validating.frames(1, true, 400), Mode::Tracking);
  Feed gap_as_time;
  ASSERT_EQ(gap_as_time.frames(2, true), Mode::Validation);
  gap_as_time.now += 3'600'000 * kMs;
  EXPECT_EQ(gap_as_time.frames(5, true), Mode::Validation) << "the gap itself must not count as presence";
}

TEST(Sentry, FrameIdsThatStartOverAreAccepted) {
  Feed feed;
  feed.frames(5, false);
  feed.id = 10;  // far below; 1.5 s later
  feed.now += 1500 * kMs;
  EXPECT_EQ(feed.frame(true).counted, Counted::kYes);
  EXPECT_EQ(feed.frame(true).counted, Counted::kYes);
  EXPECT_EQ(feed.sentry.last_frame_id(), 12u);
}

TEST(Sentry, CaptureTimesThatGoBackALittleAddNoTime) {
  Feed feed;
  feed.frame(true);
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(feed.sentry.observe({++feed.id, feed.now - 100 * kMs, 1}, feed.now).counted, Counted::kYes);
  EXPECT_EQ(feed.sentry.mode(), Mode::Validation);
}

TEST(Sentry, ForcedModeHoldsUntilReleased) {
  Feed feed;
  const auto forced = feed.sentry.force(Mode::Tracking, feed.now);
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->reason, "forced");
  EXPECT_FALSE(feed.sentry.force(Mode::Tracking, feed.now));
  EXPECT_EQ(feed.frames(200, false), Mode::Tracking);
  feed.sentry.release();
  EXPECT_EQ(feed.frames(9, false), Mode::Tracking) << "what was counted while forced must not count";
  EXPECT_EQ(feed.frames(60, false), Mode::Standby);
}

TEST(Sentry, StandsDownUnlessForced) {
  Feed feed;
  EXPECT_FALSE(feed.sentry.stand_down(feed.now, "paused"));
  ASSERT_EQ(feed.frames(10, true), Mode::Tracking);
  const auto down = feed.sentry.stand_down(feed.now, "paused");
  ASSERT_TRUE(down);
  EXPECT_EQ(down->to, Mode::Standby);
  EXPECT_EQ(down->reason, "paused");
  EXPECT_EQ(feed.frames(1, true), Mode::Validation);
  feed.sentry.force(Mode::Tracking, feed.now);
  EXPECT_FALSE(feed.sentry.stand_down(feed.now, "paused"));
  EXPECT_EQ(feed.sentry.mode(), Mode::Tracking);
}

TEST(Sentry, ResumesWithoutCountingAnythingTwice) {
  Feed before;
  ASSERT_EQ(before.frames(5, true), Mode::Validation);  // the sixth would be the alarm
  Feed after;
  after.sentry.resume(Mode::Validation, before.id, before.now);
  after.id = before.id - 5;
  for (std::uint64_t age = 500; age > 0; age -= 100)
    EXPECT_EQ(after.sentry.observe({++after.id, before.now - (age - 100) * kMs, 1}, before.now).counted, Counted::kRepeated);
  after.now = before.now;
  EXPECT_EQ(after.frames(1, true), Mode::Validation);
  EXPECT_EQ(after.frames(6, true), Mode::Tracking);
}

// --- random walks ---

struct Counting {
  std::uint64_t captured_ns;
  bool target;
};

// Time from `first` to `last` of the history, each gap cut at `longest`.
std::uint64_t span(const std::vector<Counting>& history, std::size_t first, std::size_t last, std::uint64_t longest) {
  std::uint64_t sum = 0;
  for (std::size_t i = first + 1; i <= last; ++i) sum += std::min(history[i].captured_ns - history[i - 1].captured_ns, longest);
  return sum;
}

// Frames without a target at the end of the history (since `begin`).
std::size_t misses_at_end(const std::vector<Counting>& history, std::size_t begin) {
  std::size_t misses = 0;
  while (misses < history.size() - begin && !history[history.size() - 1 - misses].target) ++misses;
  return misses;
}

class Walk : public testing::TestWithParam<unsigned> {};

TEST_P(Walk, NeverBreaksTheHysteresisAndIsBlindToRepeats) {
  std::mt19937 random(GetParam());
  const auto below = [&](std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random); };
  SentryOptions options;
  options.validate_frames = 1 + static_cast<std::uint32_t>(below(5));
  options.validate_time = milliseconds(below(1500));
  options.lose_frames = 1 + static_cast<std::uint32_t>(below(12));
  options.lose_time = milliseconds(below(6000));
  const std::uint64_t longest = to_ns(options.longest_gap);
  Sentry sentry(options);
  Sentry undisturbed(options);  // gets each result once
  std::vector<Counting> history;
  std::size_t begin = 0;  // where the mode began
  std::uint64_t now = kStart, id = 1;
  std::uint64_t presence = 50;
  int transitions = 0;
  for (int i = 0; i < 5000; ++i) {
    if (below(100) == 0) presence = below(101);  // how likely a target is, changes now and then
    now += (below(50) == 0 ? below(20'000) : 1 + below(400)) * kMs;
    const Observation observation{++id, now - below(2) * kMs, below(100) < presence ? 1u : 0u};
    const Mode mode = sentry.mode();
    const auto outcome = sentry.observe(observation, now);
    const auto quiet = undisturbed.observe(observation, now);
    ASSERT_EQ(outcome.counted, Counted::kYes);
    ASSERT_EQ(sentry.mode(), undisturbed.mode());
    ASSERT_EQ(outcome.transition.has_value(), quiet.transition.has_value());
    history.push_back(
        {std::max(observation.captured_at_ns, history.empty() ? 0 : history.back().captured_ns), observation.targets > 0});
    const std::size_t last = history.size() - 1;
    // What must hold for each change, recounted from the history alone.
    const std::size_t misses = misses_at_end(history, begin);
    const bool lost = misses > 0 &&
                      span(history, last + 1 - misses, last, longest) >=
                          to_ns(mode == Mode::Tracking ? options.lose_time : options.validate_time) &&
                      misses >= (mode == Mode::Tracking ? options.lose_frames : options.validate_frames);
    const auto hits = static_cast<std::size_t>(std::count_if(history.begin() + static_cast<std::ptrdiff_t>(begin), history.end(),
                                                             [](const Counting& c) { return c.target; }));
    const bool found = history[last].target && hits >= options.validate_frames &&
                       span(history, begin, last, longest) >= to_ns(options.validate_time);
    Mode expected = mode;
    if (mode == Mode::Standby && history[last].target)
      expected = Mode::Validation;
    else if (mode == Mode::Validation && found)
      expected = Mode::Tracking;
    else if (mode != Mode::Standby && lost)
      expected = Mode::Standby;
    ASSERT_EQ(sentry.mode(), expected) << "step " << i;
    if (outcome.transition) {
      ++transitions;
      ASSERT_EQ(outcome.transition->from, mode);
      ASSERT_EQ(outcome.transition->to, sentry.mode());
      begin = sentry.mode() == Mode::Validation ? last : last + 1;
    }
    // Old, repeated and stale results in between.
    for (std::uint64_t repeat = below(4); repeat > 0; --repeat) {
      const Observation again{id - std::min<std::uint64_t>(below(3), id - 1), now - below(900) * kMs,
                              static_cast<std::uint32_t>(below(2))};
      ASSERT_EQ(sentry.observe(again, now).counted, Counted::kRepeated);
      ASSERT_EQ(sentry.observe({id + 1, now - 2500 * kMs, 1}, now).counted, Counted::kStale);
    }
  }
  EXPECT_GT(transitions, 10);
}
INSTANTIATE_TEST_SUITE_P(Random, Walk, testing::Range(0u, 60u));

}  // namespace
}  // namespace vedette::rules
