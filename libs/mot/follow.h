// Runs the tracker over detections of a file. Pure function, thread-safe.
#pragma once

#include <vector>

#include "mot/rows.h"
#include "track/tracker.h"

namespace vedette::mot {

struct Picture {
  double fps = 30;
  double width = 1920, height = 1080;  // pixels
};

// A row for each frame and each track that has a detection there and is confirmed; its conf is the detection's score.
std::vector<Row> follow(const std::vector<Row>& detections, const Picture& picture, const track::TrackerOptions& options);

}  // namespace vedette::mot
