// Which stages a configuration needs.
#include "supervise/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vedette::supervise {
namespace {

std::vector<std::string> tags(const Config& config) {
  std::vector<std::string> tags;
  for (const StageSpec& stage : plan(config, {"--config", "/v.yaml"})) tags.push_back(stage.tag);
  return tags;
}

TEST(Plan, HasOneCaptureEachCameraAndDetectOnlyIfOneWantsIt) {
  Config config;
  config.cameras.push_back(CameraConfig{.name = "front"});
  config.cameras.push_back(CameraConfig{.name = "rear", .detect = false});
  EXPECT_EQ(tags(config), (std::vector<std::string>{"capture/front", "capture/rear", "control", "detect", "record", "gateway"}));
  config.cameras[0].detect = false;
  EXPECT_EQ(tags(config), (std::vector<std::string>{"capture/front", "capture/rear", "control", "record", "gateway"}));
  config.record.enabled = false;
  EXPECT_EQ(tags(config), (std::vector<std::string>{"capture/front", "capture/rear", "control", "gateway"}));
}

TEST(Plan, NothingIsCapturedFromACameraThatAnotherProgramPublishes) {
  Config config;
  config.cameras.push_back(CameraConfig{.name = "front", .url = "/dev/video0"});
  EXPECT_FALSE(has_external_camera(config));
  config.cameras.push_back(CameraConfig{.name = "mine", .url = kExternalCamera, .detect = false});
  EXPECT_EQ(tags(config), (std::vector<std::string>{"capture/front", "control", "detect", "record", "encode", "gateway"}));
  EXPECT_TRUE(has_external_camera(config));
  std::vector<std::string> written;
  for (const bus::TopicName& topic : written_topics(config)) written.push_back(topic.text());
  EXPECT_EQ(written, (std::vector<std::string>{"front/control", "front/state", "front/events", "front/media", "front/detections",
                                               "front/tracks", "front/motion", "front/encoded", "front/frames", "front/packets",
                                               "front/source", "mine/control", "mine/state", "mine/events", "mine/media",
                                               "mine/encoded"}));
}

TEST(Plan, HasOneCaptureEachInputAndTheirTopics) {
  Config config;
  CameraConfig& camera = config.cameras.emplace_back(CameraConfig{.name = "front"});
  camera.inputs = {{"record", "rtsp://cam/main", {false, true, true}}, {"", kIngestedCamera, {true, false, false}}};
  const std::vector<StageSpec> stages = plan(config, {"--config", "/v.yaml"});
  ASSERT_EQ(tags(config), (std::vector<std::string>{"capture/front.record", "capture/front", "control", "detect", "record",
                                                    "encode", "gateway"}));
  EXPECT_EQ(stages[0].arguments, (std::vector<std::string>{"--config", "/v.yaml", "--camera", "front", "--input", "record"}));
  EXPECT_EQ(stages[1].arguments, (std::vector<std::string>{"--config", "/v.yaml", "--camera", "front"}));
  std::vector<std::string> written;
  for (const bus::TopicName& topic : written_topics(config)) written.push_back(topic.text());
  EXPECT_EQ(written, (std::vector<std::string>{"front/control", "front/state", "front/events", "front/media", "front/detections",
                                               "front/tracks", "front/motion", "front/encoded", "front/record_frames",
                                               "front/record_packets", "front/record_source", "front/frames", "front/packets",
                                               "front/source", "front/ingest"}));
}

TEST(Plan, EncodeRunsIfACameraMayBeRaw) {
  const auto encodes = [](const std::string& url) {
    Config config;
    config.cameras.push_back(CameraConfig{.name = "front", .url = url});
    const std::vector<std::string> all = tags(config);
    return std::find(all.begin(), all.end(), "encode") != all.end();
  };
  for (const char* raw : {"/dev/video0", "v4l2:HD Webcam C525", "synthetic:?fps=5", kExternalCamera, kIngestedCamera})
    EXPECT_TRUE(encodes(raw)) << raw;
  for (const char* coded : {"rtsp://cam/main", "http://cam/video.mjpeg", "/home/me/clip.mp4"})
    EXPECT_FALSE(encodes(coded)) << coded;
}

TEST(Plan, NotifyRunsIfThereIsSomebodyToTell) {
  Config config;
  config.cameras.push_back(CameraConfig{.name = "front", .url = kExternalCamera, .detect = false});
  EXPECT_EQ(tags(config), (std::vector<std::string>{"control", "record", "encode", "gateway"}));
  Config by_mqtt = config, by_webhook = config, by_hook = config;
  by_mqtt.mqtt.host = "broker";
  by_webhook.notify.webhooks.emplace_back();
  by_hook.notify.hooks.emplace_back();
  for (const Config& told : {by_mqtt, by_webhook, by_hook})
    EXPECT_EQ(tags(told), (std::vector<std::string>{"control", "record", "encode", "gateway", "notify"}));
}

TEST(Plan, EveryStageGetsTheSameArguments) {
  Config config;
  config.cameras.push_back(CameraConfig{.name = "front"});
  for (const StageSpec& stage : plan(config, {"--config", "/v.yaml"})) {
    ASSERT_GE(stage.arguments.size(), 2u);
    EXPECT_EQ(stage.arguments[0], "--config");
    EXPECT_EQ(stage.arguments[1], "/v.yaml");
  }
}

}  // namespace
}  // namespace vedette::supervise
