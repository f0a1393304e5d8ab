// When frames are due and which of them are wanted: pure logic, the time is passed in. Thread-bound.
#pragma once

#include <cstdint>

namespace vedette::capture {

inline constexpr std::int64_t kNoTimestamp = INT64_MIN;

// Maps a source's own time stamps (ns, any origin) to CLOCK_MONOTONIC.
class SourceClock {
 public:
  enum class Kind {
    kPlayback,  // we set the pace: the first stamp is due now, the others relative to it
    kLive,      // the source sets it: the least delay between stamp and arrival is the offset
  };
  explicit SourceClock(Kind kind) : kind_(kind) {}

  // A stamp seen at `now_ns`. A jump (a camera restarted, we were suspended) starts anew: more than kMaxJump off, or for
  // playback more than kMaxLead ahead (a time-lapse has seconds between its frames).
  void observe(std::int64_t stamp_ns, std::uint64_t now_ns);
  // When the picture with this stamp was taken or is due. observe() first.
  std::uint64_t to_monotonic(std::int64_t stamp_ns) const { return static_cast<std::uint64_t>(stamp_ns + offset_ns_); }
  // A file that was `length_ns` long begins again: its stamps now mean so much later.
  void next_round(std::int64_t length_ns) { offset_ns_ += length_ns; }

  static constexpr std::int64_t kMaxJump = 1'000'000'000;
  static constexpr std::int64_t kMaxLead = 10'000'000'000;

 private:
  Kind kind_;
  bool known_ = false;
  std::int64_t offset_ns_ = 0;
  std::uint64_t observed_at_ns_ = 0;
};

// Thins frames to at most `fps`, always the one nearest to the ideal beat: 25 to 10 gives 2, 3, 2, 3, never bursts.
class FpsCap {
 public:
  // fps 0: every frame.
  bool wants(std::uint64_t at_ns, double fps);

 private:
  std::uint64_t next_ns_ = 0;
  std::uint64_t last_ns_ = 0;
  double period_ns_ = 0;  // of the source, smoothed
};

}  // namespace vedette::capture
