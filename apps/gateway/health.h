// Is a stage alive? Judged by the age of its last sign of life; a stage whose topic isn't there is missing.
// Pure, thread-safe; time is passed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace vedette::gateway {

// A sign of life older than this makes a stage stale. Writers beat every 250 ms; a stage that hangs must show within 2 s.
inline constexpr std::uint64_t kStaleAfterMs = 1500;

enum class StageStatus { kOk, kStale, kMissing };
std::string_view to_string(StageStatus status);  // "ok", "stale", "missing"

struct Stage {
  std::string_view name;  // "capture", "detect", "control"
  StageStatus status = StageStatus::kMissing;
  std::optional<std::uint64_t> age_ms;  // empty: missing
};

// When the stages of a camera gave their last sign of life (monotonic ns); empty: their topic isn't there.
struct Beats {
  std::optional<std::uint64_t> capture;
  std::optional<std::uint64_t> detect;
  std::optional<std::uint64_t> control;
};

// In the order of the pipeline; without `detect` where nobody is to look for objects.
std::vector<Stage> judge(const Beats& beats, bool has_detect, std::uint64_t now_ns);
bool all_ok(const std::vector<Stage>& stages);

}  // namespace vedette::gateway
