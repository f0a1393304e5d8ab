// Watched: what is known of one object by the rules: where it stands, since when, which lines it crossed, how sure its scores
// are. It learns from results on which the object was found; a lost one stays as it was. Owner: Engine. Pure, thread-bound.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rules/hysteresis.h"
#include "rules/rule_set.h"
#include "schema/tracks.h"

namespace vedette::rules {

class Watched {
 public:
  // By one rule.
  struct ByRule {
    Latch scored;  // its score is good enough
    Latch sized;   // its size is within the limits
    Settled holds{true};
  };
  // A rule with an open event of this object, from a predecessor, about this zone (none: another place).
  struct Resumed {
    std::size_t rule;
    std::optional<std::size_t> zone;
    std::uint64_t started_at_ns;
  };

  Watched(const RuleSet& rules, const Track& track, std::uint64_t at_ns, const std::vector<Resumed>& resumed);

  // A later frame. Of a line that it has crossed since the last call (confirmed, and clear of it): `crossed(line, net)`.
  template <typename Crossed>
  void see(const RuleSet& rules, const Track& track, std::uint64_t at_ns, const Crossed& crossed) {
    learn(rules, track, at_ns);
    for (std::size_t line = 0; line < lines_.size(); ++line)
      if (const int net = take_crossing(line, at_ns); net != 0) crossed(line, net);
  }

  // Other rules: what is the same in both, by its name, stays as it was.
  void change(const RuleSet& before, const RuleSet& now, std::uint64_t at_ns);

  // Nothing moves: an object that is lost is gone after kDwellSurvives, until it is found again.
  void give_up(std::uint64_t at_ns);

  const Track& track() const { return track_; }
  bool is_gone() const { return gone_; }
  bool is_found() const { return track_.phase() != TrackPhase::Lost; }  // on the newest frame
  bool is_sure() const { return track_.phase() != TrackPhase::Tentative; }
  bool is_counted() const { return is_sure() && !gone_ && counted_.on(); }
  std::uint32_t zones() const;  // bit i: it is in zone i

  ByRule& by(std::size_t rule) { return rules_[rule]; }
  const ByRule& by(std::size_t rule) const { return rules_[rule]; }

  // It is what the rule asks for, where it asks for it, for long enough; its score aside. `begun`: dwell was long enough before.
  bool meets(const RuleSet& rules, std::size_t rule, std::uint64_t at_ns, bool begun) const;
  // Its score is good enough: lately, or on this frame.
  bool scores(const RuleSet& rules, std::size_t rule) const;

 private:
  struct Line {
    LineWatch watch;
    bool clear = false;
    std::optional<std::uint64_t> into_at_ns, out_of_at_ns;  // its last crossings
  };

  void learn(const RuleSet& rules, const Track& track, std::uint64_t at_ns);
  void come_back(std::uint64_t at_ns);
  void judge(const RuleSet& rules);
  int take_crossing(std::size_t line, std::uint64_t at_ns);
  bool crossed_lately(const RuleSet& rules, std::size_t rule, std::uint64_t at_ns) const;

  Track track_;
  Point anchor_;              // where it was found last
  float score_;               // smoothed
  std::uint64_t seen_at_ns_;  // when it was found last
  std::uint64_t here_since_ns_;
  std::uint64_t lost_since_ns_ = 0;  // 0: it isn't lost
  bool gone_ = false;
  Latch counted_;
  std::vector<ZoneWatch> zones_;
  std::vector<Line> lines_;
  std::vector<ByRule> rules_;
};

}  // namespace vedette::rules
