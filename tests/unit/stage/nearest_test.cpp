// Annotations across inputs, over a real topic of detections; capture times of both inputs are made up, time is passed in.
#include "stage/nearest.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <random>
#include <vector>

#include "schema/frame.h"
#include "stage/topics.h"
#include "support/bus_fixture.h"

static std::atomic<std::uint64_t> g_allocations{0};

// Not to be inlined: the compiler would take new and free() in one place for a mistake.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace vedette::stage {
namespace {

using Status = NearestRecords::Status;

constexpr std::uint64_t kStart = 1'000'000'000'000;
constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kBound = 100 * kMs;

class NearestTest : public test::BusFixture {
 protected:
  NearestTest() : writer_(open_writer()) {}

  bus::RingWriter open_writer() {
    return std::move(bus::RingWriter::open(dir_, topic("front/detections"), detections_ring({8, 2}, ""))).value();
  }
  NearestRecords follow(NearestOptions options = {}) {
    NearestRecords nearest(dir_, topic("front/detections"), kDetectionsSchema, options);
    nearest.poll(kStart);  // attaches
    return nearest;
  }
  // Detections of a frame of that moment.
  void publish(std::uint64_t captured_at_ns) {
    DetectionsInfo info{};
    const std::uint64_t id = writer_.next_frame_id();
    info.mutate_frame_id(id);
    info.mutate_captured_at_ns(captured_at_ns);
    info.mutate_published_at_ns(captured_at_ns + 30 * kMs);
    publish(info, id);
  }
  // The same of a camera that tells its clock.
  void publish(std::uint64_t captured_at_ns, std::uint64_t camera_wall_at_ns) {
    DetectionsInfo info{};
    const std::uint64_t id = writer_.next_frame_id();
    info.mutate_frame_id(id);
    info.mutate_captured_at_ns(captured_at_ns);
    info.mutate_camera_clock_ms(camera_clock_ms(camera_wall_at_ns));
    publish(info, id);
  }
  void publish(const DetectionsInfo& info, std::uint64_t id) {
    auto loan = writer_.loan();
    ASSERT_TRUE(loan);
    const std::size_t bytes = write_detections(loan->bytes(), info, {});
    writer_.publish(std::move(*loan), id, bytes);
  }

  bus::RingWriter writer_;
};

std::uint64_t captured_at(const NearestRecords::Answer& answer) {
  Detections record;
  return answer.record && read_detections(answer.record.bytes(), record).ok() ? record.info.captured_at_ns() : 0;
}

TEST_F(NearestTest, FindsTheNearestOnEitherSideWithinTheBound) {
  NearestRecords nearest = follow();
  publish(kStart);
  publish(kStart + 100 * kMs);
  publish(kStart + 400 * kMs);
  const std::uint64_t now = kStart + 500 * kMs;
  nearest.poll(now);
  const auto found = [&](std::uint64_t at_ms) {
    const auto answer = nearest.find(kStart + at_ms * kMs, 0, now);
    EXPECT_EQ(answer.status, Status::kFound) << at_ms;
    EXPECT_EQ(answer.captured_at_ns, captured_at(answer));
    return (captured_at(answer) - kStart) / kMs;
  };
  EXPECT_EQ(found(0), 0u);
  EXPECT_EQ(found(49), 0u);
  EXPECT_EQ(found(50), 0u);  // as near: the earlier
  EXPECT_EQ(found(51), 100u);
  EXPECT_EQ(found(200), 100u);
  EXPECT_EQ(found(300), 400u);
  EXPECT_EQ(nearest.find(kStart + 201 * kMs, 0, now).status, Status::kNone);
  EXPECT_EQ(nearest.find(kStart - 101 * kMs, 0, now).status, Status::kNone);
  EXPECT_EQ(found(150), 100u);  // any order
}

TEST_F(NearestTest, SaysNotYetWhileANearerOneMayComeAndGivesTheNearestSoFar) {
  NearestRecords nearest = follow();
  EXPECT_EQ(nearest.find(kStart, 0, kStart).status, Status::kNotYet);
  publish(kStart);
  const std::uint64_t picture = kStart + 40 * kMs;
  nearest.poll(picture);
  {
    const auto so_far = nearest.find(picture, 0, picture);
    EXPECT_EQ(so_far.status, Status::kNotYet);
    EXPECT_EQ(captured_at(so_far), kStart);
  }
  EXPECT_EQ(nearest.find(kStart, 0, picture).status, Status::kFound);  // nothing is nearer than at once
  publish(kStart + 66 * kMs);
  nearest.poll(picture + 60 * kMs);
  const auto answer = nearest.find(picture, 0, picture + 60 * kMs);
  EXPECT_EQ(answer.status, Status::kFound);
  EXPECT_EQ(captured_at(answer), kStart + 66 * kMs);
}

TEST_F(NearestTest, ASpacingThatIsKnownSavesTheWait) {
  NearestRecords nearest = follow({.record_gap = Nanoseconds(66 * kMs)});
  publish(kStart);
  nearest.poll(kStart + 10 * kMs);
  EXPECT_EQ(nearest.find(kStart + 33 * kMs, 0, kStart + 33 * kMs).status, Status::kFound);   // the next is at 66 at the earliest
  EXPECT_EQ(nearest.find(kStart + 34 * kMs, 0, kStart + 34 * kMs).status, Status::kNotYet);  // and would be nearer
}

TEST_F(NearestTest, PatienceEndsWhenDetectionDoesNotGoOn) {
  NearestRecords nearest = follow({.patience = Nanoseconds(500 * kMs)});
  publish(kStart);
  const std::uint64_t near = kStart + 50 * kMs, far = kStart + 300 * kMs;
  nearest.poll(far);
  EXPECT_EQ(nearest.find(near, 0, near + 500 * kMs).status, Status::kNotYet);
  EXPECT_EQ(nearest.find(near, 0, near + 500 * kMs + 1).status, Status::kFound);
  EXPECT_EQ(nearest.find(far, 0, far + 500 * kMs).status, Status::kNotYet);
  EXPECT_EQ(nearest.find(far, 0, far + 500 * kMs + 1).status, Status::kNone);
}

struct Streams {
  const char* name;
  double picture_fps, record_fps;
  double offset_ms, jitter_ms;
  bool b_frames, gaps;
};

class NearestStreams : public NearestTest, public testing::WithParamInterface<Streams> {};

// Capture times of a stream, in order, some missing.
std::vector<std::uint64_t> times(double fps, double offset_ms, double jitter_ms, bool gaps, int seconds, std::mt19937& random) {
  std::uniform_real_distribution<double> jitter(-jitter_ms, jitter_ms);
  std::vector<std::uint64_t> all;
  for (int i = 0; i < static_cast<int>(fps * seconds); ++i) {
    const double at_ms = 1000 + i * 1000 / fps + offset_ms + jitter(random);
    const bool gap = gaps && (static_cast<int>(at_ms) / 700) % 3 == 2;
    if (!gap) all.push_back(kStart + static_cast<std::uint64_t>(at_ms * 1e6));
  }
  std::sort(all.begin(), all.end());
  return all;
}

// I0 P3 B1 B2 P6 B4 B5 …: how packets of pictures 0 1 2 3 … follow each other.
void into_decoding_order(std::vector<std::uint64_t>& pictures) {
  for (std::size_t i = 1; i + 2 < pictures.size(); i += 3)
    std::rotate(pictures.begin() + static_cast<std::ptrdiff_t>(i), pictures.begin() + static_cast<std::ptrdiff_t>(i) + 2,
                pictures.begin() + static_cast<std::ptrdiff_t>(i) + 3);
}

// As a stage does it: pictures come as they are captured, records `kLatency` after their frame; a picture waits for its answer.
TEST_P(NearestStreams, EveryPictureGetsTheRecordThatIsNearest) {
  const Streams& streams = GetParam();
  constexpr std::uint64_t kLatency = 45 * kMs;
  std::mt19937 random(7);
  std::vector<std::uint64_t> pictures = times(streams.picture_fps, streams.offset_ms, streams.jitter_ms, false, 20, random);
  const std::vector<std::uint64_t> records = times(streams.record_fps, 0, streams.jitter_ms, streams.gaps, 20, random);
  const std::uint64_t begin = std::min(pictures.front(), records.front());
  const std::uint64_t end = std::max(pictures.back(), records.back()) + 2000 * kMs;
  if (streams.b_frames) into_decoding_order(pictures);
  NearestRecords nearest = follow();
  std::vector<std::uint64_t> waiting;
  std::size_t next_picture = 0, next_record = 0, found = 0, none = 0;
  for (std::uint64_t now = begin; now < end; now += 5 * kMs) {
    for (; next_record < records.size() && records[next_record] + kLatency <= now; ++next_record) publish(records[next_record]);
    for (; next_picture < pictures.size() && pictures[next_picture] <= now; ++next_picture)
      waiting.push_back(pictures[next_picture]);
    nearest.poll(now);
    std::erase_if(waiting, [&](std::uint64_t picture) {
      std::uint64_t best = 0;
      for (const std::uint64_t record : records)
        if (std::max(record, picture) - std::min(record, picture) <
            (best == 0 ? kBound + 1 : std::max(best, picture) - std::min(best, picture)))
          best = record;
      const auto answer = nearest.find(picture, 0, now);
      const bool answered = answer.status == Status::kFound || answer.status == Status::kNone;
      EXPECT_TRUE(!answered || captured_at(answer) == best) << (picture - kStart) / kMs;
      found += answer.status == Status::kFound;
      none += answer.status == Status::kNone;
      return answered;
    });
  }
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(found + none, pictures.size());
  EXPECT_GT(found, pictures.size() / 2);
  EXPECT_EQ(none > 20, streams.gaps) << none;
}

INSTANTIATE_TEST_SUITE_P(
    Nearest, NearestStreams,
    testing::Values(Streams{"SameRate", 25, 25, 0, 0, false, false}, Streams{"OffsetByHalfAPeriod", 25, 25, 20, 0, false, false},
                    Streams{"BehindByThreePeriods", 30, 30, 110, 3, false, false},
                    Streams{"FasterRecords", 15, 30, 7, 4, false, false}, Streams{"SlowerRecords", 30, 10, -13, 4, false, false},
                    Streams{"BFrames", 25, 10, 5, 2, true, false}, Streams{"Gaps", 25, 25, 5, 2, false, true},
                    Streams{"BFramesAndGaps", 30, 12, 11, 6, true, true}),
    [](const auto& streams) { return std::string(streams.param.name); });

TEST_F(NearestTest, RecordsInAnyOrderAreFound) {
  NearestRecords nearest = follow();
  for (const std::uint64_t at : {200u, 0u, 400u, 100u, 300u}) publish(kStart + at * kMs);
  const std::uint64_t now = kStart + 500 * kMs;
  nearest.poll(now);
  for (const std::uint64_t at : {0u, 100u, 200u, 300u, 400u}) {
    const auto answer = nearest.find(kStart + at * kMs + kMs, 0, now);
    EXPECT_EQ(captured_at(answer), kStart + at * kMs);
  }
}

TEST_F(NearestTest, WhatTheTopicHasNoLongerIsNotFound) {
  NearestRecords nearest = follow({.bound = Nanoseconds(kMs)});
  constexpr std::uint64_t kMany = 300;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    publish(kStart + i * 10 * kMs);
    nearest.poll(kStart + kMany * 10 * kMs);
  }
  const std::uint64_t now = kStart + kMany * 10 * kMs;
  EXPECT_EQ(nearest.find(kStart + 10 * kMs, 0, now).status, Status::kNone);
  EXPECT_EQ(nearest.find(kStart + (kMany - 63) * 10 * kMs, 0, now).status, Status::kFound);
  EXPECT_EQ(nearest.find(kStart + (kMany - 1) * 10 * kMs, 0, now).status, Status::kFound);

  // New files: what was in the old ones is gone; what comes then is found.
  bus::RingOptions larger = writer_.options();
  larger.readers = 9;
  ASSERT_TRUE(writer_.resize(larger));
  const auto attach = [&] {
    nearest.poll(now);
    const auto answer = nearest.find(kStart + (kMany - 1) * 10 * kMs, 0, now + 2000 * kMs);
    return nearest.topic().attached() && answer.status == Status::kNone;
  };
  while (!attach()) nearest.topic().wait(Nanoseconds(20 * kMs));
  publish(now);
  nearest.poll(now);
  EXPECT_EQ(nearest.find(now, 0, now).status, Status::kFound);
}

TEST_F(NearestTest, WhoHoldsTooManyIsTold) {
  NearestRecords nearest = follow();
  publish(kStart);
  nearest.poll(kStart);
  const auto first = nearest.find(kStart, 0, kStart);
  auto second = nearest.find(kStart, 0, kStart);
  EXPECT_EQ(nearest.find(kStart, 0, kStart).status, Status::kShareUsed);
  second.record.release();
  EXPECT_EQ(nearest.find(kStart, 0, kStart).status, Status::kFound);
}

TEST_F(NearestTest, HostileRecordsAreCountedAndChangeNothing) {
  NearestRecords nearest = follow();
  publish(kStart);
  DetectionsInfo wrong{};
  wrong.mutate_frame_id(1);
  wrong.mutate_captured_at_ns(kStart);
  publish(wrong, 2);  // another frame's
  publish(~std::uint64_t{0});
  publish(0);
  publish(kStart + 2'000 * kMs);  // the future
  auto loan = writer_.loan();
  ASSERT_TRUE(loan);
  writer_.publish(std::move(*loan), writer_.next_frame_id(), 8);
  nearest.poll(kStart + 50 * kMs);
  EXPECT_EQ(nearest.bad_records(), 5u);
  EXPECT_EQ(nearest.find(kStart + 20 * kMs, 0, kStart + 50 * kMs).status, Status::kNotYet);
  EXPECT_EQ(captured_at(nearest.find(kStart + 20 * kMs, 0, kStart + 50 * kMs)), kStart);
}

TEST_F(NearestTest, ALookUpAllocatesNothing) {
  NearestRecords nearest = follow();
  for (std::uint64_t i = 0; i < 70; ++i) {
    publish(kStart + i * 10 * kMs);
    nearest.poll(kStart + 700 * kMs);
  }
  const std::uint64_t before = g_allocations;
  std::size_t found = 0;
  for (std::uint64_t i = 20; i < 60; ++i) found += nearest.find(kStart + i * 10 * kMs + 3, 0, kStart + 700 * kMs).record ? 1 : 0;
  EXPECT_EQ(g_allocations - before, 0u);
  EXPECT_EQ(found, 40u);
}

// The large stream comes 250 ms after the small one, whose pictures it shows: only the camera's clock tells which.
TEST_F(NearestTest, TheCamerasClockDecidesWhereItIsKnown) {
  constexpr std::uint64_t kLate = 250 * kMs;
  // Milliseconds since 1970 whose low 32 bits wrap within the test.
  constexpr std::uint64_t kCamera = ((417ull << 32) - 1000) * kMs;
  NearestRecords nearest = follow();
  const std::uint64_t now = kStart + 3000 * kMs;
  for (std::uint64_t at = 0; at < 2000; at += 40) {
    publish(kStart + at * kMs, kCamera + at * kMs);
    nearest.poll(now);
    if (at < 400) continue;
    const std::uint64_t picture = at - 200;
    const auto answer = nearest.find(kStart + picture * kMs + kLate, kCamera + picture * kMs, now);
    ASSERT_EQ(answer.status, Status::kFound);
    EXPECT_EQ(captured_at(answer), kStart + picture * kMs) << at;
    // Without it the record is another one.
    const auto other = nearest.find(kStart + picture * kMs + kLate, 0, now);
    EXPECT_NE(captured_at(other), kStart + picture * kMs);
  }
}

TEST_F(NearestTest, ACameraWhoseClockWasSetMeanwhileIsFoundByOurs) {
  NearestRecords nearest = follow();
  const std::uint64_t now = kStart + 1000 * kMs;
  publish(kStart, 5'000'000 * kMs);
  publish(kStart + 100 * kMs, 5'000'100 * kMs);
  nearest.poll(now);
  const auto answer = nearest.find(kStart + 90 * kMs, 9'000'090 * kMs, now);
  ASSERT_EQ(answer.status, Status::kFound);
  EXPECT_EQ(captured_at(answer), kStart + 100 * kMs);
}

}  // namespace
}  // namespace vedette::stage
