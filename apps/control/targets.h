// Targets: which of a detections record's boxes count for the sentry. Thread-bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/frame.h"

namespace vedette::control {

class TargetFilter {
 public:
  // `classes`: names that count; `threshold`: least score, 0..1.
  TargetFilter(std::vector<std::string> classes, float threshold) : classes_(std::move(classes)), threshold_(threshold) {}

  // `names`: the model's class names, one a line, in the order of class ids (the topic's metadata). Returns the configured
  // classes that this model doesn't know. Cheap when the names are those of before (then it returns nothing).
  std::vector<std::string> set_names(std::string_view names);

  struct Targets {
    std::uint32_t count = 0;
    std::string label;  // of the best one
    float score = 0.0f;
  };
  Targets count(const std::vector<Detection>& boxes) const;

 private:
  std::vector<std::string> classes_;
  float threshold_;
  std::string names_text_;
  std::vector<std::string> names_;  // by class id
  std::vector<bool> wanted_;        // by class id
};

}  // namespace vedette::control
