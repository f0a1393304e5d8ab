#include "supervise/plan.h"

#include "base/process.h"

namespace vedette::supervise {

std::vector<StageSpec> plan(const Config& config, const std::vector<std::string>& common) {
  const std::string programs = executable_dir() + "/vedette-";
  std::vector<StageSpec> stages;
  for (const CameraConfig& camera : config.cameras) {
    StageSpec capture{"capture/" + camera.name, programs + "capture", common};
    capture.arguments.insert(capture.arguments.end(), {"--camera", camera.name});
    stages.push_back(std::move(capture));
  }
  for (const char* stage : {"control", "detect", "gateway"}) stages.push_back({stage, programs + stage, common});
  return stages;
}

}  // namespace vedette::supervise
