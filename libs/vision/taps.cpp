#include "vision/taps.h"

#include <algorithm>
#include <cmath>

namespace vedette::vision {
namespace {

// Weights of one output sample, for inputs first, first + 1, …
struct Window {
  std::int64_t first = 0;
  std::vector<double> weights;
};

Window plain_window(std::int64_t inputs, double center) {
  const double position = std::clamp(center - 0.5, 0.0, static_cast<double>(inputs - 1));
  const auto first = static_cast<std::int64_t>(position);
  const double fraction = position - static_cast<double>(first);
  if (first + 1 >= inputs) return {first, {1.0}};
  return {first, {1.0 - fraction, fraction}};
}

Window triangle_window(std::int64_t inputs, double center, double radius) {
  const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(center - radius + 0.5));
  const auto last =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(center + radius + 0.5), first + 1, std::max(inputs, first + 1));
  Window window{first, {}};
  double sum = 0.0;
  for (std::int64_t i = first; i < last; ++i) {
    const double weight = std::max(0.0, 1.0 - std::abs(static_cast<double>(i) + 0.5 - center) / radius);
    window.weights.push_back(weight);
    sum += weight;
  }
  for (double& weight : window.weights) weight = sum > 0.0 ? weight / sum : 1.0 / static_cast<double>(window.weights.size());
  return window;
}

}  // namespace

Taps make_taps(std::uint32_t inputs, std::uint32_t outputs, double step, double origin, bool antialiased) {
  std::vector<Window> windows;
  Taps taps;
  for (std::uint32_t i = 0; i < outputs; ++i) {
    const double center = origin + (i + 0.5) * step;
    windows.push_back(antialiased ? triangle_window(inputs, center, std::max(step, 1.0)) : plain_window(inputs, center));
    taps.count = std::max(taps.count, static_cast<std::uint32_t>(windows.back().weights.size()));
  }
  taps.weights.assign(std::size_t{outputs} * taps.count, 0.0f);
  for (std::uint32_t i = 0; i < outputs; ++i) {
    const Window& window = windows[i];
    const std::int64_t first = std::min<std::int64_t>(window.first, std::int64_t{inputs} - taps.count);
    taps.first.push_back(static_cast<std::uint32_t>(first));
    for (std::size_t k = 0; k < window.weights.size(); ++k)
      taps.weights[std::size_t{i} * taps.count + static_cast<std::size_t>(window.first - first) + k] =
          static_cast<float>(window.weights[k]);
  }
  return taps;
}

std::vector<std::uint16_t> whole_weights(const Taps& taps, std::uint32_t output, std::uint32_t one) {
  std::vector<std::uint16_t> whole;
  double sum = 0.0;
  std::int64_t given = 0;
  for (std::uint32_t k = 0; k < taps.count; ++k) {
    sum += static_cast<double>(taps.weights[std::size_t{output} * taps.count + k]);
    const auto total = static_cast<std::int64_t>(std::lround(sum * one));
    whole.push_back(static_cast<std::uint16_t>(total - given));
    given = total;
  }
  return whole;
}

}  // namespace vedette::vision
