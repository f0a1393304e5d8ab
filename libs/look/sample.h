// One look at the whole bus, and what two of them say about the time between: rates, processor time. Topics and processes may
// come and go between the two; rates of what is new are absent. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bus/inspect.h"
#include "look/process_stats.h"

namespace vedette::look {

struct TopicSample {
  bus::TopicName topic;
  std::optional<Error> error;  // why there is no report
  bus::TopicReport report;
  std::optional<std::uint64_t> age_ns;  // of what the newest record speaks of
};

struct BusSample {
  std::uint64_t at_ns = 0;
  std::vector<TopicSample> topics;
  std::map<std::int32_t, ProcessStats> processes;  // writers and readers that live, by pid
};

BusSample look_at_bus(const bus::BusDir& dir);

// `now` and, where `before` has the same topic or process, the changes between. The shape is documented in docs/tools.md.
nlohmann::ordered_json to_json(const BusSample& before, const BusSample& now);

}  // namespace vedette::look
