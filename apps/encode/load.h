// Load: what encoding costs and how often pictures come, over stretches of two seconds: what the bitrate and the effort go by.
// Pure logic, time is passed in. Thread-bound.
#pragma once

#include <cstdint>
#include <optional>

namespace vedette::encode {

class Load {
 public:
  static constexpr std::uint64_t kStretchNs = 2'000'000'000;
  static constexpr double kMost = 0.8;  // of the time may go into encoding, else pictures are lost as soon as somebody else works
  static constexpr double kOff = 1.5;   // the rate isn't the one that was taken for granted: so many times as much, or less
  static constexpr int kSlowInARow = 2;  // stretches, until it isn't a hiccup

  struct Finding {
    bool too_slow = false;  // encoding can't keep up
    float fps = 0.0f;       // that come
  };

  // Pictures are encoded from now on.
  void begin(std::uint64_t now_ns) {
    began_ns_ = now_ns;
    busy_ns_ = pictures_ = 0;
  }

  // A picture was encoded in `took_ns`. At the end of each stretch: how it went.
  std::optional<Finding> note(std::uint64_t now_ns, std::uint64_t took_ns) {
    busy_ns_ += took_ns;
    ++pictures_;
    const std::uint64_t passed = now_ns > began_ns_ ? now_ns - began_ns_ : 0;
    if (passed < kStretchNs) return std::nullopt;
    if (passed > 2 * kStretchNs) return begin(now_ns), std::nullopt;  // nothing came for a while: that says nothing
    const double seconds = static_cast<double>(passed) / 1e9;
    const bool slow = static_cast<double>(busy_ns_) > kMost * static_cast<double>(passed);
    slow_ = slow ? slow_ + 1 : 0;
    const Finding finding{slow_ >= kSlowInARow, static_cast<float>(static_cast<double>(pictures_) / seconds)};
    if (finding.too_slow) slow_ = 0;
    begin(now_ns);
    return finding;
  }

  static bool is_off(float expected_fps, float fps) {
    return static_cast<double>(fps) > kOff * static_cast<double>(expected_fps) ||
           static_cast<double>(expected_fps) > kOff * static_cast<double>(fps);
  }

 private:
  std::uint64_t began_ns_ = 0;
  std::uint64_t busy_ns_ = 0;
  std::uint64_t pictures_ = 0;
  int slow_ = 0;
};

}  // namespace vedette::encode
