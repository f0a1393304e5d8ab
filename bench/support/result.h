// The contract of a contestant: `PROGRAM [--option …] FIGURE` runs one round of a figure (0.2 to 0.5 s) and prints one JSON line
// {"value": 1.5, "unit": "ns"}. Exit code 3: it doesn't do this figure. 1: something is wrong, one sentence on stderr.
// bench/run.py calls it. Header-only, thread-bound.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/support/stamp.h"

namespace vedette::bench {

inline constexpr int kExitUnsupported = 3;

[[noreturn]] inline void fail(const std::string& sentence) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, sentence.c_str());
  std::exit(1);
}

// Ends the benchmark where a Result is an error.
template <typename Result>
auto must(Result result) {
  if (!result.ok()) fail(result.error().text);
  return std::move(result).value();
}

// Of at least one sample; sorts them. Counters tick in steps (26 ticks of 10 ns in all on some machines), so many samples equal
// the median: it is interpolated within their step by how many lie below and above (the median of grouped data).
inline double median(std::span<std::uint64_t> samples) {
  if (samples.empty()) fail("there are no samples to take a median of");
  std::sort(samples.begin(), samples.end());
  const std::uint64_t middle = samples[samples.size() / 2];
  const auto [first, last] = std::equal_range(samples.begin(), samples.end(), middle);
  const auto value = static_cast<double>(middle);
  if (first == samples.begin() || last == samples.end()) return value;
  const double low = (value + static_cast<double>(*(first - 1))) / 2;
  const double high = (value + static_cast<double>(*last)) / 2;
  const double below = static_cast<double>(samples.size()) / 2 - static_cast<double>(first - samples.begin());
  return low + (high - low) * below / static_cast<double>(last - first);
}

struct Value {
  double number = 0;
  const char* unit = "ns";  // ns, us, ms or count
};
inline Value from_ticks(double ticks, const char* unit = "ns") {
  const double ns = kTickClock.ns(ticks);
  const std::string_view name = unit;
  return {name == "ms" ? ns / 1e6 : name == "us" ? ns / 1e3 : ns, unit};
}

struct Figure {
  std::string_view name;
  std::function<Value()> measure;
};

// What a contestant's main() returns. The figure is the last argument.
inline int run_figure(int argc, char** argv, std::span<const Figure> figures) {
  if (argc < 2) fail("usage: PROGRAM FIGURE");
  const std::string_view wanted = argv[argc - 1];
  for (const Figure& figure : figures) {
    if (figure.name != wanted) continue;
    const Value value = figure.measure();
    std::printf("{\"value\": %.6g, \"unit\": \"%s\"}\n", value.number, value.unit);
    return 0;
  }
  return kExitUnsupported;
}

}  // namespace vedette::bench
