// LightChange: what all of a picture has in common since its background was learnt: a gain and an offset of its brightness (a
// lamp, a cloud, the camera's exposure), told from what moves in it by a line through medians, which less than a sixth of the
// picture can't bend. Tukey, Exploratory Data Analysis (1977), chapter 10, the resistant line: here through the middles of the
// darkest and the brightest third.
//
// Looks at some two thousand cells, seldom further than to count them. Allocates in fit() alone. Thread-bound.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vedette::vision {

struct Light {
  float gain = 1.0f, offset = 0.0f;  // now = background * gain + offset
  float most = 0.0f;                 // how far that moves the middle of the darkest or brightest third, whichever is further
};

class LightChange {
 public:
  // For pictures of so many cells.
  void fit(std::size_t cells);

  // What changed for all of them; gain 1 and offset 0 unless that takes away a good part of the differences.
  Light find(std::span<const std::uint8_t> luma, std::span<const float> background);

 private:
  struct Sample {
    float background, change;
  };
  static bool darker(const Sample& a, const Sample& b);
  bool take_samples(std::span<const std::uint8_t> luma, std::span<const float> background);
  Sample middle(std::size_t first, std::size_t last);

  std::size_t step_ = 1;
  std::vector<Sample> samples_;
};

}  // namespace vedette::vision
