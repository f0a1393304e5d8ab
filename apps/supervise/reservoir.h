// Reservoir: a fair sample, of fixed size, of any number of values: all of them until it is full, then each with the same chance.
// So that a run of days takes no more memory than one of minutes. Thread-bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace vedette::supervise {

class Reservoir {
 public:
  static constexpr std::size_t kMost = 1 << 16;

  void add(double value) {
    ++seen_;
    if (values_.size() < kMost) return values_.push_back(value);
    const std::uint64_t place = std::uniform_int_distribution<std::uint64_t>(0, seen_ - 1)(random_);
    if (place < kMost) values_[place] = value;
  }
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> values_;
  std::uint64_t seen_ = 0;
  std::minstd_rand random_;
};

}  // namespace vedette::supervise
