#include "vision/motion_light.h"

#include <algorithm>
#include <cmath>

namespace vedette::vision {
namespace {

constexpr std::size_t kMostSamples = 2048;

// A change of the light is looked for when so many cells differ by so much.
constexpr float kLeastPart = 0.125f;
constexpr float kLeastChange = 3.0f;
// What is black or burnt out doesn't say how the light changed.
constexpr float kBlack = 3.0f, kWhite = 252.0f;
// Thirds whose middles are closer don't give a gain: a foggy picture, a covered lens.
constexpr float kLeastContrast = 16.0f;
// Beyond it isn't the same picture in another light.
constexpr float kLeastGain = 0.4f, kMostGain = 2.5f;
// Of the sum of differences; else what changed is something else.
constexpr float kMostLeft = 0.75f;

}  // namespace

void LightChange::fit(std::size_t cells) {
  step_ = (cells + kMostSamples - 1) / kMostSamples;
  samples_.reserve(kMostSamples);
}

bool LightChange::darker(const Sample& a, const Sample& b) { return a.background < b.background; }

bool LightChange::take_samples(std::span<const std::uint8_t> luma, std::span<const float> background) {
  std::size_t changed = 0, count = 0;
  samples_.clear();
  for (std::size_t i = 0; i < luma.size(); i += step_) {
    const float now = luma[i], change = now - std::clamp(background[i], 0.0f, 255.0f);
    ++count;
    changed += std::abs(change) >= kLeastChange;
    if (now > kBlack && now < kWhite && background[i] > kBlack && background[i] < kWhite)
      samples_.push_back({background[i], change});
  }
  return static_cast<float>(changed) >= kLeastPart * static_cast<float>(count) &&
         samples_.size() >= std::max<std::size_t>(count / 4, 1);
}

// The medians of a third that nth_element() has put between `first` and `last`.
LightChange::Sample LightChange::middle(std::size_t first, std::size_t last) {
  const auto at = [this](std::size_t index) { return samples_.begin() + static_cast<std::ptrdiff_t>(index); };
  const std::size_t median = first + (last - first) / 2;
  std::nth_element(at(first), at(median), at(last), [](const Sample& a, const Sample& b) { return a.change < b.change; });
  const float change = at(median)->change;
  std::nth_element(at(first), at(median), at(last), darker);
  return {at(median)->background, change};
}

Light LightChange::find(std::span<const std::uint8_t> luma, std::span<const float> background) {
  if (!take_samples(luma, background)) return {};
  const std::size_t count = samples_.size(), third = std::max<std::size_t>(count / 3, 1);
  const auto at = [this](std::size_t index) { return samples_.begin() + static_cast<std::ptrdiff_t>(index); };
  std::nth_element(at(0), at(third), samples_.end(), darker);
  std::nth_element(at(third), at(count - third), samples_.end(), darker);
  const Sample dark = middle(0, third), bright = middle(count - third, count);
  Light light{1.0f, (dark.change + bright.change) / 2, std::max(std::abs(dark.change), std::abs(bright.change))};
  if (const float contrast = bright.background - dark.background; contrast >= kLeastContrast) {
    light.gain = 1.0f + (bright.change - dark.change) / contrast;
    light.offset = dark.change - (light.gain - 1.0f) * dark.background;
  }
  if (light.gain < kLeastGain || light.gain > kMostGain) return {};
  float before = 0.0f, after = 0.0f;
  for (const Sample& sample : samples_) {
    before += std::abs(sample.change);
    after += std::abs(sample.change - (light.gain - 1.0f) * sample.background - light.offset);
  }
  return after <= kMostLeft * before ? light : Light{};
}

}  // namespace vedette::vision
