#include "supervise/summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "bus/inspect.h"
#include "schema/motion.h"
#include "supervise/reservoir.h"
#include "support/bus_fixture.h"
#include "support/program.h"

namespace vedette::supervise {
namespace {

TEST(Summary, is_one_line_of_json) {
  Summary summary;
  summary.frames_captured = 200, summary.frames_dropped = 1, summary.frames_detected = 3;
  summary.frames_still = 40;
  summary.detections = {{"person", 9}, {"dog", 1}};
  summary.fps = 9.99666, summary.latencies_ms = {30.0, 10.0, 20.0};
  EXPECT_EQ(
      summary.to_json(),
      R"({"frames_captured":200,"frames_dropped":1,"frames_detected":3,"frames_still":40,"detections":{"dog":1,"person":9},"fps":10.0,)"
      R"("latency_ms":{"p50":20.0,"p99":30.0}})");
}

TEST(Summary, has_no_latency_without_detections) {
  EXPECT_EQ(Summary{}.to_json(),
            R"({"frames_captured":0,"frames_dropped":0,"frames_detected":0,"frames_still":0,"detections":{},"fps":0.0,)"
            R"("latency_ms":{"p50":null,"p99":null}})");
}

TEST(Latencies, AreAllKeptUntilThereAreManyThenAFairSample) {
  Reservoir reservoir;
  for (int i = 0; i < 1000; ++i) reservoir.add(i);
  ASSERT_EQ(reservoir.values().size(), 1000u);
  EXPECT_EQ(reservoir.values()[999], 999.0);
  const int most = 1'000'000;
  for (int i = 1000; i < most; ++i) reservoir.add(i);
  ASSERT_EQ(reservoir.values().size(), Reservoir::kMost);
  // The middle of the sample is the middle of all: 65536 draws miss by 2 % (10 standard deviations) never.
  std::vector<double> sorted = reservoir.values();
  std::sort(sorted.begin(), sorted.end());
  EXPECT_NEAR(sorted[sorted.size() / 2], most / 2, most * 0.02);
}

class Observed : public test::BusFixture {};

TEST_F(Observed, counts_frames_records_and_boxes_by_class) {
  Config config;
  config.cameras.push_back(CameraConfig{.name = "front"});
  auto frames =
      std::move(bus::RingWriter::open(dir_, topic("front/frames"), {.schema_id = kFrameSchema, .slot_bytes = 64})).value();
  auto detections = std::move(bus::RingWriter::open(dir_, topic("front/detections"),
                                                    {.schema_id = kDetectionsSchema,
                                                     .slot_bytes = kDetectionsSlotBytes,
                                                     .keep = 64,
                                                     .policy = bus::SlotPolicy::kOldestFirst,
                                                     .metadata = "person\ndog"}))
                        .value();
  Observer observer(dir_, config);
  for (std::uint64_t id = 1; id <= 5; ++id) ASSERT_TRUE(test::publish_value(frames, id, 0));
  DetectionsInfo info;
  info.mutate_captured_at_ns(1'000'000);
  info.mutate_published_at_ns(11'000'000);
  const std::vector<Detection> boxes = {Detection(0, 0, .5f, .5f, .9f, 0, 0), Detection(0, 0, .5f, .5f, .9f, 1, 0),
                                        Detection(0, 0, .5f, .5f, .9f, 0, 0)};
  const auto publish = [&](std::uint64_t id) {
    auto loan = detections.loan();
    ASSERT_TRUE(loan);
    const std::size_t bytes = write_detections(loan->bytes(), info, boxes);
    detections.publish(std::move(*loan), id, bytes);
  };
  publish(1);
  publish(2);
  const auto taken = [&](const char* of) -> std::optional<std::uint64_t> {  // by the observer; none: it isn't there yet
    const auto seen = bus::inspect(dir_, topic(of));
    return seen.ok() && !seen->readers.empty() ? std::optional<std::uint64_t>(seen->readers[0].taken) : std::nullopt;
  };
  ASSERT_TRUE(test::wait_until([&] { return taken("front/detections") == 2; }));
  bus::RingOptions other = detections.options();  // another model: its own names
  other.metadata = "cat\ncow";
  ASSERT_TRUE(detections.resize(other).ok());
  publish(3);
  auto motion = std::move(bus::RingWriter::open(dir_, topic("front/motion"),
                                                {.schema_id = kMotionSchema, .slot_bytes = kMotionSlotBytes, .keep = 64}))
                    .value();
  ASSERT_TRUE(test::wait_until([&] { return taken("front/motion").has_value(); }));
  for (const bool skipped : {true, false, true, true}) {
    auto loan = motion.loan();
    ASSERT_TRUE(loan);
    MotionInfo moves;
    moves.mutate_model_skipped(skipped ? 1 : 0);
    std::memcpy(loan->bytes().data(), &moves, sizeof moves);
    motion.publish(std::move(*loan), motion.next_frame_id(), sizeof moves);
  }
  const Summary summary = observer.finish();
  EXPECT_EQ(summary.frames_captured, 5u);
  EXPECT_EQ(summary.frames_detected, 3u);
  EXPECT_EQ(summary.frames_still, 3u);
  EXPECT_EQ(summary.detections, (std::map<std::string, std::uint64_t>{{"person", 4}, {"dog", 2}, {"cat", 2}, {"cow", 1}}));
  EXPECT_EQ(summary.latencies_ms, (std::vector<double>{10.0, 10.0, 10.0}));
}

}  // namespace
}  // namespace vedette::supervise
