// Is a stage alive, and does each input of the camera give pictures? Judged by the age of the last sign of life, and by what
// capture says of its connection; a stage or an input whose topic isn't there is missing. Pure, thread-safe; time is passed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

// Without a whole picture for so long an input is silent, unless its keyframes are rarer: what isn't decoded is known by these.
inline constexpr std::uint64_t kSilentAfterMs = 5000;

enum class InputStatus {
  kOk,
  kOpening,    // the first time; no picture has come yet
  kSilent,     // open, but no picture comes
  kReopening,  // it failed and is opened again, for ever; `error` says why
  kStale,      // capture hangs or has died
  kMissing,    // capture doesn't run
};
std::string_view to_string(InputStatus status);  // "ok", "opening", …

// An input of the configuration, and what its capture said last.
struct InputReport {
  std::string name;  // "" of the one that detects
  std::uint64_t silent_after_ms = kSilentAfterMs;
  std::optional<std::uint64_t> beat_at_ns;  // empty: its topic isn't there
  bool open = false;
  bool failed = false;
  std::uint64_t since_ns = 0;       // when it was opened, or failed
  std::uint64_t picture_at_ns = 0;  // 0: none yet
  std::string about;
  std::string error;
};

struct Input {
  std::string name;
  InputStatus status = InputStatus::kMissing;
  std::optional<std::uint64_t> picture_age_ms;  // empty: none has come
  std::string about;                            // what it sends: "h264 1920x1080, 25 fps"
  std::string error;                            // why it failed last; "" while it is ok
};

Input judge(const InputReport& report, std::uint64_t now_ns);
// Of the input without a name the stage `capture` says whether it runs; that isn't counted twice.
bool all_ok(const std::vector<Input>& inputs);

}  // namespace vedette::gateway
