#include "gateway/stats.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"

namespace vedette::gateway {

void RateWindow::add(std::uint64_t now_ns, std::uint64_t count) {
  if (count == 0) return;
  while (!entries_.empty() && age_ns(entries_.front().at_ns, now_ns) >= kSpanNs) entries_.pop_front();
  entries_.push_back({now_ns, count});
}

double RateWindow::per_second(std::uint64_t now_ns) const {
  std::uint64_t sum = 0;
  for (const Entry& entry : entries_)
    if (age_ns(entry.at_ns, now_ns) < kSpanNs) sum += entry.count;
  return static_cast<double>(sum) * 1e9 / static_cast<double>(kSpanNs);
}

std::uint64_t CounterDelta::update(std::uint64_t value) {
  const std::uint64_t before = last_.value_or(value);
  last_ = value;
  return value >= before ? value - before : value;
}

void LatencyWindow::add(double latency_ms) {
  values_[next_] = latency_ms;
  next_ = (next_ + 1) % kSize;
  size_ = std::min(size_ + 1, kSize);
}

std::optional<double> LatencyWindow::percentile(double p) const {
  if (size_ == 0) return std::nullopt;
  auto sorted = values_;
  const auto rank = static_cast<std::size_t>(std::ceil(p / 100.0 * static_cast<double>(size_)));
  const std::size_t index = std::clamp<std::size_t>(rank, 1, size_) - 1;
  const auto nth = sorted.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(sorted.begin(), nth, sorted.begin() + static_cast<std::ptrdiff_t>(size_));
  return *nth;
}

Pacer::Pacer(double fps) : period_ns_(fps > 0.0 ? static_cast<std::uint64_t>(1e9 / fps) : 0), slack_ns_(period_ns_ / 2) {}

bool Pacer::accept(std::uint64_t now_ns) {
  if (now_ns < next_ns()) return false;
  due_ns_ = std::max(due_ns_ + period_ns_, now_ns);
  return true;
}

}  // namespace vedette::gateway
