#include "rules/open_events.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace vedette::rules {
namespace {

constexpr double kNotably = 1.25;       // times the quality of before: some ten updates from far away to close by
constexpr double kCut = 0.5;            // what a box at the picture's border is worth
constexpr float kAtTheBorder = 0.005f;  // of the picture

}  // namespace

double quality_of(const Sight& sight) {
  const bool whole = sight.x > kAtTheBorder && sight.y > kAtTheBorder && sight.x + sight.width < 1.0f - kAtTheBorder &&
                     sight.y + sight.height < 1.0f - kAtTheBorder;
  return double{sight.score} * std::sqrt(double{sight.width} * double{sight.height}) * (whole ? 1.0 : kCut);
}

OpenEvent& OpenEvents::add(Event event, double quality, std::uint64_t at_ns) {
  return open_.emplace_back(OpenEvent{std::move(event), quality, at_ns});
}

OpenEvent* OpenEvents::find(std::string_view rule, std::uint64_t track_id) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const OpenEvent& open) {
    return open.event.track_id == track_id && open.event.rule == rule;
  });
  return found == open_.end() ? nullptr : &*found;
}

Event OpenEvents::remove(std::uint64_t id) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const OpenEvent& open) { return open.event.id == id; });
  VD_ASSERT(found != open_.end(), "an event that isn't open");
  Event event = std::move(found->event);
  open_.erase(found);
  return event;
}

std::vector<Event> OpenEvents::all() const {
  std::vector<Event> events;
  for (const OpenEvent& open : open_) events.push_back(open.event);
  return events;
}

bool OpenEvents::follow(OpenEvent& open, const Sight& sight, double quality, const std::string& zone, std::uint64_t at_ns) {
  Event& event = open.event;
  const bool better = sight.frame_id != 0 && quality > open.quality * kNotably;
  if (better) {
    event.best = sight;
    open.quality = quality;
  }
  const bool moved = std::exchange(event.zone, zone) != zone;
  if (!better && !moved && open.told_at_ns != 0 && age_ns(open.told_at_ns, at_ns) < to_ns(kRemindEvery)) return false;
  open.told_at_ns = at_ns;
  return true;
}

}  // namespace vedette::rules
