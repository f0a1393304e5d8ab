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

std::string_view to_string(InputStatus status) {
  switch (status) {
    case InputStatus::kOk:
      return "ok";
    case InputStatus::kOpening:
      return "opening";
    case InputStatus::kSilent:
      return "silent";
    case InputStatus::kReopening:
      return "reopening";
    case InputStatus::kStale:
      return "stale";
    case InputStatus::kMissing:
      return "missing";
  }
  return "unknown";
}

Input judge(const InputReport& report, std::uint64_t now_ns) {
  Input input{report.name, InputStatus::kOk, std::nullopt, report.about, report.error};
  if (report.picture_at_ns != 0) input.picture_age_ms = age_ns(report.picture_at_ns, now_ns) / 1'000'000;
  // Silence counts from the opening too: what came before isn't this connection's.
  const std::uint64_t silent_ms = age_ns(std::max(report.picture_at_ns, report.since_ns), now_ns) / 1'000'000;
  if (!report.beat_at_ns)
    input.status = InputStatus::kMissing;
  else if (age_ns(*report.beat_at_ns, now_ns) / 1'000'000 > kStaleAfterMs)
    input.status = InputStatus::kStale;
  else if (report.failed)
    input.status = InputStatus::kReopening;
  else if (report.open && silent_ms > report.silent_after_ms)
    input.status = InputStatus::kSilent;
  else if (!report.open || report.picture_at_ns == 0)
    input.status = InputStatus::kOpening;
  if (input.status == InputStatus::kOk) input.error.clear();
  return input;
}

bool all_ok(const std::vector<Input>& inputs) {
  return std::all_of(inputs.begin(), inputs.end(), [](const Input& input) {
    const bool is_stages_business =
        input.name.empty() && (input.status == InputStatus::kMissing || input.status == InputStatus::kStale);
    return input.status == InputStatus::kOk || is_stages_business;
  });
}

bool all_ok(const std::vector<Stage>& stages) {
  return std::all_of(stages.begin(), stages.end(), [](const Stage& stage) { return stage.status == StageStatus::kOk; });
}

}  // namespace vedette::gateway
