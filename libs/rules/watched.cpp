#include "rules/watched.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vedette::rules {
namespace {

constexpr double kSmoothedOverSeconds = 0.7;
constexpr float kStillGood = 0.85f;   // part of the threshold
constexpr float kStillSized = 1.25f;  // times a limit
constexpr float kLeastSide = 0.01f;   // of a box, as a unit of distance

Unit unit_of(const Track& track) {
  return {double{std::max(track.width(), kLeastSide)}, double{std::max(track.height(), kLeastSide)}};
}

}  // namespace

Watched::Watched(const RuleSet& rules, const Track& track, std::uint64_t at_ns, const std::vector<Resumed>& resumed)
    : track_(track),
      anchor_(anchor_of(track)),
      score_(track.score()),
      seen_at_ns_(at_ns),
      here_since_ns_(track.first_at_ns() == 0 ? at_ns : std::min(track.first_at_ns(), at_ns)),
      lost_since_ns_(is_found() ? 0 : std::min(track.seen_at_ns(), at_ns)),
      lines_(rules.options().lines.size()),
      rules_(rules.options().rules.size()) {
  const std::vector<Zone>& zones = rules.options().zones;
  for (std::size_t zone = 0; zone < zones.size(); ++zone) {
    const bool before = std::any_of(resumed.begin(), resumed.end(), [&](const Resumed& r) { return r.zone == zone; });
    zones_.emplace_back(zones[zone].polygon, anchor_, before, at_ns);
  }
  for (const Resumed& event : resumed) {
    rules_[event.rule] = {Latch(true), Latch(true), Settled(true, true)};
    if (const auto line = rules.line_of(event.rule)) lines_[*line].into_at_ns = lines_[*line].out_of_at_ns = event.started_at_ns;
  }
  judge(rules);
}

void Watched::change(const RuleSet& before, const RuleSet& now, std::uint64_t at_ns) {
  std::vector<ZoneWatch> zones;
  for (const Zone& zone : now.options().zones) {
    const auto old = before.find_zone(zone.name);
    const bool same = old && before.options().zones[*old].polygon == zone.polygon;
    zones.push_back(same ? zones_[*old] : ZoneWatch(zone.polygon, anchor_, false, at_ns));
  }
  zones_ = std::move(zones);
  std::vector<Line> lines;
  for (const rules::Line& line : now.options().lines) {
    const auto old = before.find_line(line.name);
    lines.push_back(old && before.options().lines[*old] == line ? lines_[*old] : Line{});
  }
  lines_ = std::move(lines);
  std::vector<ByRule> by_rule(now.options().rules.size());
  for (std::size_t rule = 0; rule < by_rule.size(); ++rule)
    if (const auto old = before.find_rule(now.rule(rule).name)) by_rule[rule] = rules_[*old];
  rules_ = std::move(by_rule);
  judge(now);
}

void Watched::learn(const RuleSet& rules, const Track& track, std::uint64_t at_ns) {
  track_ = track;
  if (!is_found()) {
    if (lost_since_ns_ == 0) lost_since_ns_ = at_ns;
    return;
  }
  come_back(at_ns);
  const double seconds = static_cast<double>(age_ns(seen_at_ns_, at_ns)) / 1e9;
  score_ += (track.score() - score_) * static_cast<float>(1.0 - std::exp(-seconds / kSmoothedOverSeconds));
  const Point anchor = anchor_of(track);
  const Unit box = unit_of(track);
  const std::vector<Zone>& zones = rules.options().zones;
  for (std::size_t zone = 0; zone < zones_.size(); ++zone) zones_[zone].see(zones[zone].polygon, anchor, box, at_ns);
  for (std::size_t line = 0; line < lines_.size(); ++line)
    lines_[line].clear = lines_[line].watch.step(rules.options().lines[line].course, anchor_, anchor, box);
  anchor_ = anchor;
  seen_at_ns_ = std::max(seen_at_ns_, at_ns);
  judge(rules);
}

void Watched::come_back(std::uint64_t at_ns) {
  const bool too_late = lost_since_ns_ != 0 && age_ns(lost_since_ns_, at_ns) > to_ns(kDwellSurvives);
  lost_since_ns_ = 0;
  gone_ = false;
  if (!too_late) return;
  here_since_ns_ = at_ns;
  for (ZoneWatch& zone : zones_) zone.dwell_from(at_ns);
}

void Watched::give_up(std::uint64_t at_ns) {
  if (gone_ || lost_since_ns_ == 0 || age_ns(lost_since_ns_, at_ns) <= to_ns(kDwellSurvives)) return;
  gone_ = true;
  for (ByRule& rule : rules_) rule.holds = Settled(false);
}

void Watched::judge(const RuleSet& rules) {
  const auto good = [&](Latch& latch, float least) { latch.update(score_ >= least, score_ < kStillGood * least); };
  good(counted_, rules.options().threshold);
  const float size = track_.width() * track_.height();
  for (std::size_t index = 0; index < rules_.size(); ++index) {
    const Rule& rule = rules.rule(index);
    good(rules_[index].scored, rules.least_score(index, track_.class_id()));
    rules_[index].sized.update(size >= rule.min_size && size <= rule.max_size,
                               size * kStillSized < rule.min_size || size > rule.max_size * kStillSized);
  }
}

int Watched::take_crossing(std::size_t index, std::uint64_t at_ns) {
  Line& line = lines_[index];
  if (!is_found() || !is_sure() || !line.clear) return 0;
  const int net = line.watch.take();
  if (net > 0) line.into_at_ns = at_ns;
  if (net < 0) line.out_of_at_ns = at_ns;
  return net;
}

std::uint32_t Watched::zones() const {
  std::uint32_t bits = 0;
  for (std::size_t zone = 0; zone < zones_.size(); ++zone) bits |= std::uint32_t{zones_[zone].inside()} << zone;
  return bits;
}

bool Watched::crossed_lately(const RuleSet& rules, std::size_t index, std::uint64_t at_ns) const {
  const Line& line = lines_[*rules.line_of(index)];
  const auto lately = [&](const std::optional<std::uint64_t>& crossed_at_ns) {
    return crossed_at_ns && age_ns(*crossed_at_ns, at_ns) < to_ns(kAfterCrossing);
  };
  const Direction direction = rules.rule(index).direction;
  return (direction != Direction::kOut && lately(line.into_at_ns)) || (direction != Direction::kIn && lately(line.out_of_at_ns));
}

bool Watched::meets(const RuleSet& rules, std::size_t index, std::uint64_t at_ns, bool begun) const {
  if (gone_ || rules.least_score(index, track_.class_id()) == RuleSet::kUnwanted || !rules_[index].sized.on()) return false;
  if ((rules.that_count(rules.except_of(index), track_.class_id()) & zones()) != 0) return false;
  if (rules.line_of(index)) return crossed_lately(rules, index, at_ns);
  const auto long_enough = [&](std::uint64_t since_ns) {
    return begun || age_ns(since_ns, at_ns) >= to_ns(rules.rule(index).dwell);
  };
  if (rules.zones_of(index) == 0) return long_enough(here_since_ns_);
  const std::uint32_t counting = rules.that_count(rules.zones_of(index), track_.class_id());
  for (std::size_t zone = 0; zone < zones_.size(); ++zone)
    if ((counting >> zone & 1u) != 0 && zones_[zone].inside() && long_enough(zones_[zone].since_ns())) return true;
  return false;
}

bool Watched::scores(const RuleSet& rules, std::size_t index) const {
  return rules_[index].scored.on() || track_.score() >= rules.least_score(index, track_.class_id());
}

}  // namespace vedette::rules
