// What a fixed camera sees, for tests of the motion gate: ground with some texture, things in front of it, a camera's noise, and
// light. Drawn as GRAY8 of full range. Thread-bound.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "vision/motion.h"

namespace vedette::vision {

struct Thing {
  double x, y, width, height;  // pixels
  double brighter;             // than the ground behind it
};

// The camera's picture = scene * gain + offset, in bands (a lamp's flicker) times 1 +- `bands`, then noise.
struct Shot {
  double gain = 1.0, offset = 0.0;
  double noise = 1.0;  // its standard deviation
  double bands = 0.0, phase = 0.0;
  bool inverted = false;  // as another spectrum may see it
};

class MotionScene {
 public:
  MotionScene(std::uint32_t width, std::uint32_t height, std::uint32_t seed = 1) : width_(width), height_(height), random_(seed) {
    ground_.resize(std::size_t{width} * height);
    for (std::uint32_t y = 0; y < height; ++y)
      for (std::uint32_t x = 0; x < width; ++x)
        ground_[std::size_t{y} * width + x] = static_cast<float>(
            100 + 50 * std::sin(x / (width / 9.0) + 1) * std::cos(y / (height / 7.0)) + ((x / 16 + y / 16) % 2) * 20);
    noise_.resize(1 << 18);
    std::normal_distribution<float> normal;
    for (float& value : noise_) value = normal(random_);
    picture_.reshape(PixelFormat::GRAY8, width, height);
    picture_.set_color(ColorMatrix::BT601, ColorRange::Full);
  }

  // Good until the next one.
  ImageView draw(std::span<const Thing> things = {}, const Shot& shot = {}) {
    const std::size_t repeat = noise_.size() - width_;
    for (std::uint32_t y = 0; y < height_; ++y) {
      const float* grain = noise_.data() + random_() % repeat;
      const double band = 1.0 + shot.bands * std::sin(y * 12.0 / height_ + shot.phase);
      const auto gain = static_cast<float>(shot.gain * band), offset = static_cast<float>(shot.offset);
      const auto noise = static_cast<float>(shot.noise);
      line_.assign(ground_.begin() + std::ptrdiff_t(y) * width_, ground_.begin() + std::ptrdiff_t(y + 1) * width_);
      for (const Thing& thing : things) draw(thing, y);
      for (std::uint32_t x = 0; x < width_; ++x) {
        const float scene = shot.inverted ? 255.0f - line_[x] : line_[x];
        picture_.row(0, y)[x] =
            static_cast<std::uint8_t>(std::clamp(scene * gain + offset + grain[x] * noise + 0.5f, 0.0f, 255.0f));
      }
    }
    return picture_.view();
  }
  ImageView draw(const Thing& thing, const Shot& shot = {}) { return draw(std::span(&thing, 1), shot); }
  ImageView draw(const Shot& shot) { return draw(std::span<const Thing>(), shot); }

 private:
  void draw(const Thing& thing, std::uint32_t y) {
    if (y + 0.5 < thing.y || y + 0.5 >= thing.y + thing.height) return;
    const auto inside = [&](double at) {
      return static_cast<std::uint32_t>(std::clamp(std::ceil(at - 0.5), 0.0, double(width_)));
    };
    for (std::uint32_t x = inside(thing.x); x < inside(thing.x + thing.width); ++x)
      line_[x] += static_cast<float>(thing.brighter);
  }

  std::uint32_t width_, height_;
  std::mt19937 random_;
  std::vector<float> ground_, noise_, line_;
  Image picture_;
};

// A gate and its camera's clock.
class Watch {
 public:
  explicit Watch(MotionOptions options = {}) : gate_(std::move(options)) {}
  // `ms` after the look before.
  MotionResult look(const ImageView& picture, std::int64_t ms = 333) {
    at_ns_ += ms * 1'000'000;
    return gate_.look(picture, static_cast<std::uint64_t>(at_ns_));
  }
  // Until all is known of the empty scene.
  void settle(MotionScene& scene, const Shot& shot = {}, int looks = 30) {
    for (int i = 0; i < looks; ++i) (void)look(scene.draw(shot));
  }

 private:
  MotionGate gate_;
  std::int64_t at_ns_ = 1'000'000'000'000;
};

}  // namespace vedette::vision
