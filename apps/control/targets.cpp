#include "control/targets.h"

#include <algorithm>

#include "schema/class_names.h"

namespace vedette::control {

std::vector<std::string> TargetFilter::set_names(std::string_view names) {
  if (names == names_text_) return {};
  names_text_ = names;
  names_ = split_class_names(names);
  wanted_.assign(names_.size(), false);
  std::vector<std::string> unknown;
  for (const std::string& name : classes_) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end())
      unknown.push_back(name);
    else
      wanted_[static_cast<std::size_t>(found - names_.begin())] = true;
  }
  return unknown;
}

TargetFilter::Targets TargetFilter::count(const std::vector<Detection>& boxes) const {
  Targets targets;
  for (const Detection& box : boxes) {
    const std::size_t id = box.class_id();
    if (id >= wanted_.size() || !wanted_[id] || box.score() < threshold_) continue;
    ++targets.count;
    if (box.score() <= targets.score && !targets.label.empty()) continue;
    targets.score = box.score();
    targets.label = names_[id];
  }
  return targets;
}

}  // namespace vedette::control
