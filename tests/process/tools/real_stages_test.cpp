// The tools on the real stages: a recording of a run, played to the real detector again, gives the same detections frame by
// frame.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "recording/reader.h"
#include "support/system.h"

namespace vedette::test {
namespace {

using Boxes = std::vector<std::array<float, 6>>;

Boxes boxes_of(const Detections& record) {
  Boxes boxes;
  for (const Detection& box : record.boxes)
    boxes.push_back({box.x(), box.y(), box.width(), box.height(), box.score(), static_cast<float>(box.class_id())});
  return boxes;
}

std::unique_ptr<Program> tool(const System& system, std::vector<std::string> arguments, const std::string& bus) {
  static int runs = 0;
  arguments.insert(arguments.begin(), binary("vedette"));
  arguments.insert(arguments.end(), {"--bus-dir", bus});
  return std::make_unique<Program>(arguments, system.folder().file("tool-" + std::to_string(++runs)));
}

TEST(ToolsOnRealStages, a_recorded_run_played_in_lockstep_is_detected_alike) {
  const std::string clip = pedestrian_clip().empty() ? moving_clip() : pedestrian_clip();
  if (default_model().empty() || clip.empty()) GTEST_SKIP() << "needs the default model and a clip: make test fetches them";
  const std::vector<std::string> sensitive = {"detect.threshold=0.2", "detect.threads=1"};
  System live({.cameras = {{"front", clip}}, .set = sensitive});
  const std::string file = live.folder().file("run.rec");
  std::map<std::uint64_t, Boxes> golden;
  {
    const auto before = tool(live, {"doctor", "--size", "-c", live.config_path()}, live.bus_path());
    ASSERT_EQ(before->wait_exit(), 0) << before->err();
    live.start();
    ASSERT_TRUE(live.wait_ready()) << live.up().err();
    ASSERT_TRUE(DetectionWatch(live.bus(), "front").since(monotonic_ns()));
    const auto top = tool(live, {"top", "--once", "--json", "--interval", "0.5"}, live.bus_path());
    ASSERT_EQ(top->wait_exit(), 0) << top->err();
    const auto sample = nlohmann::json::parse(top->out(), nullptr, false);
    std::map<std::string, std::string> writers;
    for (const auto& topic : sample.at("topics")) writers[topic.at("topic")] = topic.at("writer").at("name");
    EXPECT_EQ(writers["front/frames"], "vedette-capture");
    EXPECT_EQ(writers["front/detections"], "vedette-detect");
    EXPECT_EQ(writers["front/state"], "vedette-control");
    // Told by a look at the camera before anything ran; the names of the classes, in two topics, may take less than the page that
    // is planned for them.
    std::int64_t taken = 0;
    for (const auto& [name, bytes] : live.bus_files()) taken += name.rfind("front/", 0) == 0 ? bytes : 0;
    EXPECT_LE(taken, std::stoll(before->out()));
    EXPECT_GE(taken, std::stoll(before->out()) - 2 * 4096);
    const auto doctor = tool(live, {"doctor", "-c", live.config_path()}, live.bus_path());
    EXPECT_EQ(doctor->wait_exit(), 0) << doctor->out();
    EXPECT_NE(doctor->out().find("5 stages of vedette"), std::string::npos) << doctor->out();
    const auto dump = tool(live, {"dump", "-o", file, "front/frames", "front/detections", "--seconds", "3"}, live.bus_path());
    ASSERT_EQ(dump->wait_exit(), 0) << dump->err();
  }
  const auto recorded = recording::RecordingReader::open(file);
  ASSERT_TRUE(recorded.ok()) << recorded.error().text;
  std::vector<std::byte> buffer;
  std::size_t frames = 0;
  for (const auto& entry : recorded->records()) {
    const auto payload = recorded->read(entry, buffer);
    ASSERT_TRUE(payload.ok());
    if (recorded->topics()[entry.record.topic].options.schema_id != kDetectionsSchema) {
      ++frames;
      continue;
    }
    Detections record;
    ASSERT_TRUE(read_detections(*payload, record).ok());
    golden[record.info.frame_id()] = boxes_of(record);
  }
  ASSERT_GT(frames, 5u);
  ASSERT_GT(golden.size(), 3u);

  System again({.cameras = {{"front", clip}}, .set = sensitive});
  const auto detect = again.run("vedette-detect");
  bus::Subscriber detections(again.bus(), std::move(bus::TopicName::make("front", "detections")).value(), kDetectionsSchema);
  const auto replay =
      tool(again,
           {"replay", file, "--topics", "front/frames", "--pace", "lockstep", "--ack", "front/detections", "--ack-timeout", "60"},
           again.bus_path());
  std::map<std::uint64_t, Boxes> seen;
  const auto look = [&] {
    while (const bus::Taken taken = detections.take_next()) {
      Detections record;
      ASSERT_TRUE(read_detections(taken.lease.bytes(), record).ok());
      seen[record.info.frame_id()] = boxes_of(record);
    }
  };
  while (replay->running()) detections.wait(std::chrono::milliseconds(50)), look();
  look();
  ASSERT_EQ(replay->wait_exit(), 0) << replay->err() << detect->err();
  EXPECT_EQ(seen.size(), frames) << "lockstep: every picture was looked at";
  std::size_t compared = 0, boxes = 0;
  for (const auto& [id, expected] : golden) {
    const auto found = seen.find(id);
    if (found == seen.end()) continue;  // its picture came before the recording began
    EXPECT_EQ(found->second, expected) << "frame " << id;
    ++compared, boxes += expected.size();
  }
  EXPECT_GE(compared + 2, golden.size());
  EXPECT_GT(boxes, compared) << "pictures with nothing on them prove little";
}

}  // namespace
}  // namespace vedette::test
