// What the whole does on real pictures: the summary of a run, and who gets how many frames.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "process/system/expectations.h"

namespace vedette::test {
namespace {

nlohmann::json last_line_of(const std::string& text) {
  std::istringstream stream(text);
  std::string last;
  for (std::string line; std::getline(stream, line);) last = line;
  return nlohmann::json::parse(last, nullptr, false);
}

TEST(SystemSummary, PedestrianClip) {
  VD_NEED_MODEL_AND_CLIP();
  if (pedestrian_clip().empty()) GTEST_SKIP() << "no pedestrian clip in this build: run scripts/fetch-clip";
  System system({.cameras = {{"front", pedestrian_clip()}},
                 .set = {"sentry.validate_time=300ms"},
                 .arguments = {"--seconds", "8", "--summary"}});
  system.start();
  ASSERT_EQ(system.up().wait_exit(), 0) << system.up().err();
  EXPECT_NE(system.up().out().find("page: http://127.0.0.1:" + std::to_string(system.port()) + "/\n"), std::string::npos);
  const auto json = last_line_of(system.up().out());
  ASSERT_TRUE(json.is_object()) << system.up().out();
  std::cout << json << std::endl;
  const auto captured = json.at("frames_captured").get<std::uint64_t>();
  const auto detected = json.at("frames_detected").get<std::uint64_t>();
  EXPECT_GT(detected, 0u);
  EXPECT_LE(detected, captured);
  EXPECT_EQ(json.at("frames_dropped").get<std::uint64_t>(), 0u);
  EXPECT_GE(json.at("detections").at("person").get<std::uint64_t>(), 3 * detected);
  EXPECT_GT(json.at("fps").get<double>(), 0.0);
  EXPECT_LE(json.at("fps").get<double>(), 11.0);  // the clip's own is 10, however long the run took to stop
  const double p50 = json.at("latency_ms").at("p50").get<double>(), p99 = json.at("latency_ms").at("p99").get<double>();
  EXPECT_GT(p50, 0.0);
  EXPECT_LE(p50, p99);
  EXPECT_FALSE(std::filesystem::exists(system.bus_path()));
}

TEST(SystemSummary, NothingDetectedIsAFailure) {
  VD_NEED_MODEL_AND_CLIP();
  System system(
      {.cameras = {{"front", empty_clip()}}, .set = {"motion.hold=500ms"}, .arguments = {"--seconds", "8", "--summary"}});
  system.start();
  const auto code = system.up().wait_exit();
  ASSERT_TRUE(code);
  EXPECT_GT(*code, 0);
  EXPECT_LT(*code, 128);
  const auto json = last_line_of(system.up().out());
  ASSERT_TRUE(json.is_object()) << system.up().out() << system.up().err();
  EXPECT_GT(json.at("frames_detected").get<std::uint64_t>(), 0u) << system.up().err();
  EXPECT_TRUE(json.at("detections").empty()) << json;
  EXPECT_GT(json.at("frames_still").get<std::uint64_t>(), 0u) << "nothing moves: the model is spared";
}

// In standby control caps detect at 3 a second; whoever asks for every picture still gets them all.
TEST(SystemDemand, StandbyCapsDetectAlone) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", empty_clip()}}, .set = {"motion.gate=false"}});
  system.start();
  ASSERT_TRUE(system.wait_ready()) << system.up().err();
  bus::Subscriber state(system.bus(), bus::TopicName{"front", "state"}, kStateSchema);
  ASSERT_TRUE(wait_until([&] {
    const bus::Taken taken = state.take_newest();
    if (!taken) return false;
    const std::vector<std::byte> copy(taken.lease.bytes().begin(), taken.lease.bytes().end());
    const auto record = verified<schema::State>(copy);
    return record.ok() && (*record)->mode() == Mode::Standby && (*record)->last_frame_id() != 0;
  }));

  FrameWatch frames(system.bus(), "front");
  DetectionWatch detections(system.bus(), "front");
  ASSERT_TRUE(detections.since(monotonic_ns()));
  const std::uint64_t began_ns = monotonic_ns();
  const auto before = detections.published();
  RateCheck rate(frames);
  rate.run_for(6);
  const auto detected = static_cast<double>(detections.published() - before);
  const double seconds = static_cast<double>(monotonic_ns() - began_ns) / 1e9;
  rate.expect_held(5.0);
  EXPECT_LE(detected, 3.0 * seconds * 1.2 + 1.0);
  EXPECT_GE(detected, 3.0 * seconds * 0.5);
}

}  // namespace
}  // namespace vedette::test
