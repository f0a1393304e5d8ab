#include "track/shake.h"

#include <algorithm>
#include <cmath>

namespace vedette::track {
namespace {

constexpr double kAgree = 0.25;     // a seen box this part of its size away, and of that much another size, is where it should be
constexpr double kMost = 0.6;       // of the objects: so many agree
constexpr double kFarthest = 0.15;  // parts of the picture: nobody is followed through more
constexpr std::size_t kTried = 8;   // objects whose pairs are tried
constexpr std::size_t kAsked = 32;  // objects that are asked whether they agree: enough to know

bool fits(const Box& predicted, const Box& seen, const Jump& jump) {
  return std::abs(seen.center_x() - predicted.center_x() - jump.x) < kAgree * predicted.width &&
         std::abs(seen.center_y() - predicted.center_y() - jump.y) < kAgree * predicted.height &&
         std::abs(seen.width - predicted.width) < kAgree * predicted.width &&
         std::abs(seen.height - predicted.height) < kAgree * predicted.height;
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

std::size_t Shake::agreeing(const Jump& jump, std::span<const Box> predicted, std::span<const Box> seen) {
  off_x_.clear(), off_y_.clear();
  for (const Box& box : predicted) {
    const auto found = std::find_if(seen.begin(), seen.end(), [&](const Box& other) { return fits(box, other, jump); });
    if (found == seen.end()) continue;
    off_x_.push_back(found->center_x() - box.center_x());
    off_y_.push_back(found->center_y() - box.center_y());
  }
  return off_x_.size();
}

std::optional<Jump> Shake::find(std::span<const Box> predicted, std::span<const Box> seen) {
  predicted = predicted.first(std::min(predicted.size(), kAsked));
  const std::size_t enough =
      std::max(kLeastObjects, static_cast<std::size_t>(std::ceil(kMost * static_cast<double>(predicted.size()))));
  if (predicted.size() < kLeastObjects || agreeing({}, predicted, seen) >= enough) return std::nullopt;
  Jump best;
  std::size_t most = 0;
  for (const Box& box : predicted.first(std::min(predicted.size(), kTried))) {
    for (const Box& other : seen) {
      const Jump jump{other.center_x() - box.center_x(), other.center_y() - box.center_y()};
      if (!fits(box, other, jump) || std::abs(jump.x) > kFarthest || std::abs(jump.y) > kFarthest) continue;
      if (const std::size_t count = agreeing(jump, predicted, seen); count > most) most = count, best = jump;
    }
  }
  if (most < enough) return std::nullopt;
  agreeing(best, predicted, seen);
  return Jump{median(off_x_), median(off_y_)};
}

}  // namespace vedette::track
