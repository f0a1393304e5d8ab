#include "detect/zone_watch.h"

#include <algorithm>
#include <utility>

#include "telemetry/log.h"

namespace vedette::detect {

ZoneWatch::ZoneWatch(const Config& config, Load load) : overrides_(config.storage), load_(std::move(load)) {
  for (const CameraConfig& camera : config.cameras) zones_[camera.name] = camera.zones;
}

void ZoneWatch::look(std::vector<Camera>& cameras, std::uint64_t now_ns) {
  if (!overrides_.changed(now_ns)) return;
  const Result<Config> config = load_();
  if (!config) return log::warning("the zones in force go on: {}", config.error().text);
  for (const CameraConfig& now : config->cameras) {
    const auto camera = std::find_if(cameras.begin(), cameras.end(), [&](const Camera& c) { return c.name() == now.name; });
    if (camera == cameras.end() || zones_[now.name] == now.zones) continue;
    zones_[now.name] = now.zones;
    camera->set_motion(stillness_options(config->motion, now.zones).motion);
    log::info("{}: its zones are changed", now.name);
  }
}

}  // namespace vedette::detect
