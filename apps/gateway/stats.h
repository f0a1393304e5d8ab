// Small windows over what went by: rates of the last 2 s, percentiles of the last 200 latencies, and the pacer that keeps
// pictures at a rate. Thread-bound; time is passed in (monotonic ns).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace vedette::gateway {

// How many a second, over the last 2 s.
class RateWindow {
 public:
  static constexpr std::uint64_t kSpanNs = 2'000'000'000;

  void add(std::uint64_t now_ns, std::uint64_t count = 1);
  double per_second(std::uint64_t now_ns) const;

 private:
  struct Entry {
    std::uint64_t at_ns;
    std::uint64_t count;
  };
  std::deque<Entry> entries_;  // younger than kSpanNs as of the last add()
};

// Turns a counter that is looked at now and then into what was added since the last look. A counter that fell (a new topic)
// starts over.
class CounterDelta {
 public:
  // 0 at the first look.
  std::uint64_t update(std::uint64_t value);
  // The next look is the first again: the counter went away.
  void reset() { last_.reset(); }

 private:
  std::optional<std::uint64_t> last_;
};

class LatencyWindow {
 public:
  static constexpr std::size_t kSize = 200;

  void add(double latency_ms);
  // Nearest rank, 0 < p <= 100; empty before the first add().
  std::optional<double> percentile(double p) const;

 private:
  std::array<double, kSize> values_{};
  std::size_t next_ = 0;
  std::size_t size_ = 0;
};

// At most `fps` a second on average, without losing frames of a source that has just this rate and some jitter: one may be
// up to half a period early. fps 0: all of them.
class Pacer {
 public:
  explicit Pacer(double fps);

  // From when on accept() will say yes.
  std::uint64_t next_ns() const { return due_ns_ > slack_ns_ ? due_ns_ - slack_ns_ : 0; }
  bool accept(std::uint64_t now_ns);

 private:
  std::uint64_t period_ns_;
  std::uint64_t slack_ns_;
  std::uint64_t due_ns_ = 0;
};

}  // namespace vedette::gateway
