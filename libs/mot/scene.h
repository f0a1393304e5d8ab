// Made-up sequences with known truth: people of different size walk, stop and turn on a plane in front of a camera, hide each
// other and go behind pillars; a detector with stated faults looks at them. The same scene, rate and seed give the same boxes, on
// a machine. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "mot/follow.h"
#include "mot/rows.h"

namespace vedette::mot {

struct Scene {
  std::string_view name;
  int people = 6;          // at a time; who leaves is replaced by somebody new
  int pillars = 0;         // a person's width and more, over the picture's whole height
  double missed = 0.02;    // part of the boxes that aren't found although the object is to be seen
  double false_boxes = 0;  // a frame, on average; each stays for another frame with a chance of 0.3
  double doubled = 0;      // part of the boxes that come twice, slightly moved
  double jitter = 0.02;    // of a box's edges: standard deviation, parts of its size
  double shake = 0;        // of the camera: standard deviation of its jumps, parts of the picture, on three of ten frames
  double seconds = 60;
};

// What `vedette mot` and the tests run: crossings, pillars, missed and false boxes, jitter, shake, crowd.
std::span<const Scene> scenes();

struct Sequence {
  // Objects hidden by more than kHidden aren't to be counted (conf 0): nothing can see them.
  std::vector<Row> truth;
  // Scores fall with what is hidden; boxes below a score of kLeastScore aren't there, as the detector stage doesn't publish them.
  std::vector<Row> detections;
  Picture picture;
};
inline constexpr double kHidden = 0.7;
inline constexpr double kLeastScore = 0.4;

Sequence generate(const Scene& scene, double fps, std::uint32_t seed);

}  // namespace vedette::mot
