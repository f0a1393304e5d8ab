// How many bytes of tmpfs the topics of a configuration take: by the same functions that the stages open their topics with. What
// a camera's pictures and packets need is known from its topics if they are on the bus, else by asking `vedette capture --plan`,
// which looks at the camera (the input that detects); a log that nobody knows is as large as the camera's keys say. Thread-bound;
// runs other programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bus/directory.h"
#include "config/command_line.h"

namespace vedette::tools {

struct PlannedTopic {
  std::string topic;
  std::uint64_t bytes = 0;
  std::string basis;      // "config", "bus", "camera", or "assumed": 1920 x 1080, because the camera can't be looked at
  bool external = false;  // another program publishes it
};

struct MemoryPlan {
  std::vector<PlannedTopic> topics;
  std::uint64_t bytes() const;
};

// `dir`: the running bus, if there is one. Cameras are given ten seconds, all at once.
MemoryPlan plan_memory(const Config& config, const CommonOptions& options, const std::optional<bus::BusDir>& dir);

}  // namespace vedette::tools
