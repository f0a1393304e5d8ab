// ZoneWatch: zones that are changed while detect runs (config/overrides.h) are the motion gate's too. A file that can't be used
// is told and changes nothing. Owner: the detect loop; thread-bound. Reading a configuration takes a few milliseconds, once a
// change.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/overrides_watch.h"
#include "detect/camera.h"

namespace vedette::detect {

class ZoneWatch {
 public:
  using Load = std::function<Result<Config>()>;

  // `config`: as the cameras were opened by; `load`: as it is now.
  ZoneWatch(const Config& config, Load load);

  // Call as often as one likes.
  void look(std::vector<Camera>& cameras, std::uint64_t now_ns);

 private:
  OverridesWatch overrides_;
  Load load_;
  std::map<std::string, std::vector<ZoneConfig>> zones_;  // in force, by camera
};

}  // namespace vedette::detect
