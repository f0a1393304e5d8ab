#include "gateway/health.h"

#include <algorithm>

#include "base/clock.h"

namespace vedette::gateway {
namespace {

Stage judge_one(std::string_view name, std::optional<std::uint64_t> beat_at_ns, std::uint64_t now_ns) {
  if (!beat_at_ns) return {name, StageStatus::kMissing, std::nullopt};
  const std::uint64_t age_ms = age_ns(*beat_at_ns, now_ns) / 1'000'000;
  return {name, age_ms > kStaleAfterMs ? StageStatus::kStale : StageStatus::kOk, age_ms};
}

}  // namespace

std::string_view to_string(StageStatus status) {
  switch (status) {
    case StageStatus::kOk:
      return "ok";
    case StageStatus::kStale:
      return "stale";
    case StageStatus::kMissing:
      return "missing";
  }
  return "unknown";
}

std::vector<Stage> judge(const Beats& beats, bool has_detect, std::uint64_t now_ns) {
  std::vector<Stage> stages{judge_one("capture", beats.capture, now_ns)};
  if (has_detect) stages.push_back(judge_one("detect", beats.detect, now_ns));
  stages.push_back(judge_one("control", beats.control, now_ns));
  return stages;
}

bool all_ok(const std::vector<Stage>& stages) {
  return std::all_of(stages.begin(), stages.end(), [](const Stage& stage) { return stage.status == StageStatus::kOk; });
}

}  // namespace vedette::gateway
