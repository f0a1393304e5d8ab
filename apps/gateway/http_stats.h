// HttpStats: requests counted by route, method and status, how long their answers took, and how many came from somebody who isn't
// known. For /metrics. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

namespace vedette::gateway {

// Upper bounds of the buckets, seconds; one more without a bound lies behind them.
inline constexpr std::array<double, 9> kLatencyBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0};

struct LatencyHistogram {
  std::array<std::uint64_t, kLatencyBounds.size() + 1> counts{};  // of each bucket alone
  double seconds = 0.0;                                           // of all together

  void add(double took);
  std::uint64_t count() const;
};

class HttpStats {
 public:
  // `route`: the path as its table entry has it; "" for none, so that nobody can make up new ones.
  void count(const std::string& method, const std::string& route, int status, double seconds);
  void count_unknown();  // 401

  struct Snapshot {
    std::map<std::tuple<std::string, std::string, int>, std::uint64_t> requests;  // method, route, status
    std::map<std::string, LatencyHistogram> latencies;                            // by route
    std::uint64_t unknown = 0;
  };
  Snapshot snapshot() const;

 private:
  mutable std::mutex mutex_;
  Snapshot counted_;
};

}  // namespace vedette::gateway
