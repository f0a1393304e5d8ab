#include "supervise/plan.h"

#include <algorithm>

#include "base/process.h"
#include "stage/topics.h"

namespace vedette::supervise {

std::vector<StageSpec> plan(const Config& config, const std::vector<std::string>& common) {
  const std::string programs = executable_dir() + "/vedette-";
  std::vector<StageSpec> stages;
  for (const CameraConfig& camera : config.cameras) {
    if (camera.url == kExternalCamera) continue;
    for (const InputConfig& input : inputs_of(camera)) {
      StageSpec capture{"capture/" + camera.name, programs + "capture", common};
      capture.arguments.insert(capture.arguments.end(), {"--camera", camera.name});
      if (!input.name.empty()) {
        capture.tag += "." + input.name;
        capture.arguments.insert(capture.arguments.end(), {"--input", input.name});
      }
      stages.push_back(std::move(capture));
    }
  }
  const bool detects =
      std::any_of(config.cameras.begin(), config.cameras.end(), [](const CameraConfig& camera) { return camera.detect; });
  const bool encodes = std::any_of(config.cameras.begin(), config.cameras.end(), may_be_raw);
  for (const std::string stage : {"control", "detect", "record", "encode", "gateway"})
    if ((stage != "detect" || detects) && (stage != "record" || config.record.enabled) && (stage != "encode" || encodes))
      stages.push_back({stage, programs + stage, common});
  const bool tells = !config.mqtt.host.empty() || !config.notify.webhooks.empty() || !config.notify.hooks.empty();
  if (tells) stages.push_back({"notify", programs + "notify", common});
  return stages;
}

std::vector<bus::TopicName> written_topics(const Config& config) {
  std::vector<bus::TopicName> topics;
  for (const CameraConfig& camera : config.cameras) {
    for (const char* topic : {"control", "state", "events"}) topics.push_back({camera.name, topic});
    if (config.record.enabled) topics.push_back({camera.name, "media"});
    if (camera.detect)
      for (const char* topic : {"detections", "tracks"}) topics.push_back({camera.name, topic});
    if (camera.detect && config.motion.gate) topics.push_back({camera.name, "motion"});
    if (may_be_raw(camera)) topics.push_back({camera.name, stage::kEncodedTopic});
    if (camera.url == kExternalCamera) continue;
    for (const InputConfig& input : inputs_of(camera)) {
      topics.push_back({camera.name, stage::frames_topic(input.name)});
      topics.push_back({camera.name, stage::packets_topic(input.name)});
      topics.push_back({camera.name, stage::source_topic(input.name)});
      if (input.url == kIngestedCamera) topics.push_back({camera.name, stage::kIngestTopic});
    }
  }
  return topics;
}

bool has_external_camera(const Config& config) {
  return std::any_of(config.cameras.begin(), config.cameras.end(),
                     [](const CameraConfig& camera) { return camera.url == kExternalCamera; });
}

}  // namespace vedette::supervise
