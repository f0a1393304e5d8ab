// The model with nothing around it, by the clock. Thread-bound.
#pragma once

#include <string>

#include "bench/support/result.h"

namespace vedette::bench {

// ONNX Runtime alone, through its own API, with the settings that the product has: the input is filled once, then run after run.
// Mean time of a run: by the clock, or of this thread's processor time alone.
enum class Time { kClock, kProcessor };
Value bare_loop(const std::string& path, int threads, Time time);

// The three steps of the detector on one 1080p picture in memory, each timed alone: the sum of their medians. No bus, no process.
// `cache`: as config's detect.cache.
Value steps_alone(const std::string& path, int threads, const std::string& cache);

}  // namespace vedette::bench
