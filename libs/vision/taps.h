// Taps: which input samples make up each output sample of a one-dimensional resize, and with what weights.
// Plain data after construction.
#pragma once

#include <cstdint>
#include <vector>

namespace vedette::vision {

struct Taps {
  std::uint32_t count = 0;           // taps per output sample, the same for all (unused ones weigh 0)
  std::vector<std::uint32_t> first;  // per output: its first input sample; first + count never exceeds the input
  std::vector<float> weights;        // per output: `count` weights, sum 1
};

// `step`: input samples per output sample; sample i covers [i, i + 1) on either side; the first output begins at input position
// `origin`. `inputs`: samples there are; beyond them the border repeats (plain) or isn't counted (antialiased). Antialiased as in
// Pillow's Resample.c, plain as in OpenCV's INTER_LINEAR.
Taps make_taps(std::uint32_t inputs, std::uint32_t outputs, double step, double origin, bool antialiased);

// Weights of one output as whole numbers whose sum is `one`, each less than 1 off.
std::vector<std::uint16_t> whole_weights(const Taps& taps, std::uint32_t output, std::uint32_t one);

}  // namespace vedette::vision
