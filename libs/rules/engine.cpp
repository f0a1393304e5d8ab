#include "rules/engine.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>
#include <utility>

namespace vedette::rules {
namespace {

using schema::EventPhase;

Sight sight_of(const Track& track, std::uint64_t frame_id, std::uint64_t at_ns) {
  return {frame_id, at_ns, track.x(), track.y(), track.width(), track.height(), track.score()};
}

// What holds them all.
Sight join(const Sight& a, const Sight& b) {
  const float x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  const float right = std::max(a.x + a.width, b.x + b.width), bottom = std::max(a.y + a.height, b.y + b.height);
  return {a.frame_id, a.captured_at_ns, x, y, right - x, bottom - y, std::max(a.score, b.score)};
}

// "nobody", "no car", "no person, dog or cat"; "nothing" where these are all classes, or too many to be read.
std::string absence_of(const std::vector<std::string>& classes) {
  constexpr std::size_t kReadable = 3;
  if (classes.empty() || classes.size() > kReadable || classes[0].empty()) return "nothing";
  if (classes.size() == 1 && classes[0] == "person") return "nobody";
  std::string text = "no " + classes[0];
  for (std::size_t i = 1; i < classes.size(); ++i) text += (i + 1 < classes.size() ? ", " : " or ") + classes[i];
  return text;
}

}  // namespace

Engine::Engine(EngineOptions options, std::function<std::uint64_t()> next_event_id)
    : rules_(std::move(options)),
      next_event_id_(std::move(next_event_id)),
      crowds_(rules_.options().rules.size(), Settled(false)),
      tallies_(rules_.options().lines.size()) {}

void Engine::resume(std::span<const Event> open, std::span<const Count> counts, std::span<const Track> tracks,
                    std::uint64_t at_ns) {
  for (const Event& event : open) {
    events_.add(event, event.track_id == 0 ? 0.0 : quality_of(event.best), 0);
    const auto rule = rules_.find_rule(event.rule);
    if (rule && event.track_id == 0) crowds_[*rule] = Settled(false, true);
  }
  for (const Count& count : counts)
    if (const auto line = rules_.find_line(count.place)) tallies_[*line][count.label] = {count.into, count.out_of};
  for (const Track& track : tracks) objects_.push_back(watch({.at_ns = at_ns}, track));
}

std::vector<std::string> Engine::change(EngineOptions options, std::uint64_t at_ns) {
  const RuleSet before = std::exchange(rules_, RuleSet(std::move(options)));
  std::vector<std::string> unknown = rules_.set_names(before.names());
  std::vector<Settled> crowds(rules_.options().rules.size(), Settled(false));
  for (std::size_t rule = 0; rule < crowds.size(); ++rule)
    if (const auto old = before.find_rule(rules_.rule(rule).name)) crowds[rule] = crowds_[*old];
  crowds_ = std::move(crowds);
  std::vector<std::map<std::string, Tally>> tallies(rules_.options().lines.size());
  for (std::size_t line = 0; line < tallies.size(); ++line)
    if (const auto old = before.find_line(rules_.options().lines[line].name)) tallies[line] = std::move(tallies_[*old]);
  tallies_ = std::move(tallies);
  for (Watched& object : objects_) object.change(before, rules_, at_ns);
  return unknown;
}

const Findings& Engine::update(std::uint64_t frame_id, std::uint64_t captured_at_ns, std::uint32_t minute_of_week,
                               std::span<Track> tracks) {
  const Now now{frame_id, captured_at_ns, minute_of_week};
  take(now, tracks);
  return judge(now);
}

const Findings& Engine::still(std::uint64_t frame_id, std::uint64_t captured_at_ns, std::uint32_t minute_of_week) {
  for (Watched& object : objects_) object.give_up(captured_at_ns);
  return judge({frame_id, captured_at_ns, minute_of_week});
}

const Findings& Engine::stop() {
  findings_ = {};
  for (const OpenEvent& open : events_.open()) tell({}, EventPhase::End, open.event);
  events_.clear();
  objects_.clear();
  crowds_.assign(crowds_.size(), Settled(false));
  count();
  return findings_;
}

void Engine::take(const Now& now, std::span<Track> tracks) {
  next_objects_.clear();
  for (Track& track : tracks) {
    const auto known =
        std::find_if(objects_.begin(), objects_.end(), [&](const Watched& o) { return o.track().id() == track.id(); });
    if (known == objects_.end()) {
      next_objects_.push_back(watch(now, track));
    } else {
      next_objects_.push_back(std::move(*known));
      next_objects_.back().see(rules_, track, now.at_ns, [&](std::size_t line, int net) { count_crossing(line, track, net); });
    }
    track.mutate_zones(next_objects_.back().zones());
  }
  objects_.swap(next_objects_);
}

Watched Engine::watch(const Now& now, const Track& track) const {
  std::vector<Watched::Resumed> resumed;
  for (const OpenEvent& open : events_.open()) {
    const auto rule = rules_.find_rule(open.event.rule);
    if (!rule) continue;
    if (open.event.track_id == track.id())
      resumed.push_back({*rule, rules_.find_zone(open.event.zone), open.event.started_at_ns});
    else if (open.event.track_id == 0 && open.told_at_ns == 0)  // it may have been one of the crowd
      resumed.push_back({*rule, std::nullopt, open.event.started_at_ns});
  }
  return Watched(rules_, track, now.at_ns, resumed);
}

void Engine::count_crossing(std::size_t line, const Track& track, int net) {
  Tally& tally = tallies_[line][rules_.label(track.class_id())];
  (net > 0 ? tally.into : tally.out_of) += static_cast<std::uint64_t>(std::abs(net));
}

const Findings& Engine::judge(const Now& now) {
  findings_.targets = {};
  findings_.changes.clear();
  is_target_.assign(objects_.size(), false);
  end_orphans(now);
  if (rules_.has_names())
    for (std::size_t rule = 0; rule < crowds_.size(); ++rule)
      rules_.rule(rule).is_crowd() ? judge_crowd(now, rule) : judge_objects(now, rule);
  count();
  return findings_;
}

// Events whose object is gone, or whose rule.
void Engine::end_orphans(const Now& now) {
  const std::vector<Event> open = events_.all();
  for (const Event& event : open) {
    const auto rule = rules_.find_rule(event.rule);
    const bool there = rule && rules_.rule(*rule).event && events_.find(event.rule, event.track_id)->event.id == event.id &&
                       rules_.rule(*rule).is_crowd() == (event.track_id == 0) &&
                       (event.track_id == 0 || std::any_of(objects_.begin(), objects_.end(), [&](const Watched& object) {
                          return object.track().id() == event.track_id && !object.is_gone();
                        }));
    if (!there) tell(now, EventPhase::End, events_.remove(event.id));
  }
}

void Engine::judge_objects(const Now& now, std::size_t rule) {
  for (std::size_t index = 0; index < objects_.size(); ++index) {
    Watched& object = objects_[index];
    const bool target = judge_object(now, rule, object);
    if (!target || is_target_[index]) continue;
    is_target_[index] = true;
    add_target(rules_.label(object.track().class_id()), object.track().score(), 1);
  }
}

// True: it is a target.
bool Engine::judge_object(const Now& now, std::size_t index, Watched& object) {
  const Rule& rule = rules_.rule(index);
  Settled& holds = object.by(index).holds;
  const bool was_open = holds.on();
  const bool meets = is_on(rule.schedule, now.minute) && object.meets(rules_, index, now.at_ns, was_open);
  const bool sure = object.by(index).scored.on() && (was_open || object.track().phase() == TrackPhase::Confirmed);
  holds.update(meets && sure, now.at_ns);
  const Track& track = object.track();
  OpenEvent* open = rule.event ? events_.find(rule.name, track.id()) : nullptr;
  if (rule.event && holds.on()) {
    const Sight sight = meets && object.is_found() ? sight_of(track, now.frame_id, now.at_ns) : Sight{};
    const std::string place = place_of(index, object, open != nullptr ? open->event.zone : "");
    if (open == nullptr) {
      const Event event{next_event_id_(), rule.name, place, rules_.label(track.class_id()), track.id(), now.at_ns, sight};
      tell(now, EventPhase::Start, events_.add(event, quality_of(sight), now.at_ns).event);
    } else if (OpenEvents::follow(*open, sight, quality_of(sight), place, now.at_ns)) {
      tell(now, EventPhase::Update, open->event);
    }
  } else if (open != nullptr) {
    tell(now, EventPhase::End, events_.remove(open->event.id));
  }
  return rule.alarm && meets && object.is_found() && object.scores(rules_, index);
}

// The zone or line that an event is about; the one of before while it is in none.
std::string Engine::place_of(std::size_t index, const Watched& object, const std::string& before) const {
  if (rules_.line_of(index)) return rules_.rule(index).line;
  std::uint32_t zones = rules_.that_count(object.zones(), object.track().class_id()) & ~rules_.except_of(index);
  if (rules_.zones_of(index) != 0) zones &= rules_.zones_of(index);
  return zones == 0 ? before : rules_.options().zones[static_cast<std::size_t>(std::countr_zero(zones))].name;
}

void Engine::judge_crowd(const Now& now, std::size_t index) {
  const Rule& rule = rules_.rule(index);
  std::uint32_t number = 0;
  Sight sight{now.frame_id, now.at_ns};
  std::string label = rule.classes.size() == 1 ? rule.classes[0] : "";
  for (const Watched& object : objects_) {
    if (!object.is_sure() || !object.by(index).scored.on() || !object.meets(rules_, index, now.at_ns, false)) continue;
    const Sight one = sight_of(object.track(), now.frame_id, now.at_ns);
    if (label.empty()) label = rules_.label(object.track().class_id());
    sight = number++ == 0 ? one : join(sight, one);
  }
  const bool holds = is_on(rule.schedule, now.minute) && number >= rule.at_least.value_or(0) &&
                     number <= rule.at_most.value_or(std::numeric_limits<std::uint32_t>::max());
  crowds_[index].update(holds, now.at_ns);
  const std::string place = rule.zones.size() == 1 ? rule.zones[0] : rule.line;
  OpenEvent* open = rule.event ? events_.find(rule.name, 0) : nullptr;
  if (rule.event && crowds_[index].on()) {
    if (open == nullptr) {
      const Event event{next_event_id_(), rule.name, place, label, 0, now.at_ns, sight};
      tell(now, EventPhase::Start, events_.add(event, number, now.at_ns).event, number);
    } else if (OpenEvents::follow(*open, holds ? sight : Sight{}, number, place, now.at_ns)) {
      tell(now, EventPhase::Update, open->event, number);
    }
  } else if (open != nullptr) {
    tell(now, EventPhase::End, events_.remove(open->event.id), number);
  }
  if (!rule.alarm || !crowds_[index].on()) return;
  const std::string absence = number > 0 ? "" : absence_of(rule.classes) + (place.empty() ? "" : " at " + place);
  add_target(label, sight.score, std::max(number, 1u), absence);
}

void Engine::tell(const Now& now, EventPhase phase, const Event& event, std::uint32_t number) {
  Change change{phase, now.frame_id, number, event, {}};
  // At its end somebody may be there: what counts is whether anybody ever was.
  const bool nobody = phase == EventPhase::End ? event.best.score <= 0.0f : number == 0;
  if (event.track_id == 0 && nobody) {
    const auto rule = rules_.find_rule(event.rule);
    change.absence = absence_of(rule ? rules_.rule(*rule).classes : std::vector<std::string>{event.label});
  }
  findings_.changes.push_back(std::move(change));
}

void Engine::add_target(const std::string& label, float score, std::uint32_t count, const std::string& absence) {
  Targets& targets = findings_.targets;
  if (targets.count == 0 || score > targets.score) {
    targets.label = label;
    targets.score = score;
    targets.absence = absence;
  }
  targets.count += count;
}

void Engine::count() {
  // Place 0 is the whole picture, 1 the first zone.
  found_.clear();
  for (const Watched& object : objects_) {
    if (!object.is_counted()) continue;
    const std::uint16_t class_id = object.track().class_id();
    found_.emplace_back(0u, class_id);
    for (std::uint32_t zones = rules_.that_count(object.zones(), class_id); zones != 0; zones &= zones - 1)
      found_.emplace_back(static_cast<std::uint32_t>(std::countr_zero(zones)) + 1, class_id);
  }
  std::sort(found_.begin(), found_.end());
  findings_.counts.clear();
  for (auto first = found_.begin(); first != found_.end();) {
    const auto last = std::upper_bound(first, found_.end(), *first);
    const std::string place = first->first == 0 ? "" : rules_.options().zones[first->first - 1].name;
    findings_.counts.push_back({place, rules_.label(first->second), static_cast<std::uint32_t>(last - first), 0, 0});
    first = last;
  }
  for (Count& count : line_counts()) findings_.counts.push_back(std::move(count));
}

std::vector<Count> Engine::line_counts() const {
  std::vector<Count> counts;
  for (std::size_t line = 0; line < tallies_.size(); ++line)
    for (const auto& [label, tally] : tallies_[line])
      counts.push_back({rules_.options().lines[line].name, label, 0, tally.into, tally.out_of});
  return counts;
}

}  // namespace vedette::rules
