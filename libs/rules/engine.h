// Engine: what one camera's tracks mean by its rules. Owner: who tracks (control), one a camera; fed with every new result in
// order, once (what is old or repeated is sorted out before). Pure logic: no clock, no I/O; times are CLOCK_MONOTONIC nanoseconds
// and minutes of the week passed in; the same calls give the same findings. Thread-bound.
//
// Nothing flickers: every condition has a hysteresis of its own.
//   zone    entered with the anchor inside on 2 results in a row (an object seen first inside: at once), left with it outside by
//           more than a tenth of its box, on 2 in a row
//   line    a crossing counts when the object is clear of the line by a quarter of its box: in minus out is the net crossing
//   score   smoothed over 0.7 s; good enough from the threshold on, until it falls below 0.85 of it
//   size    within the limits, until it is a quarter beyond them
//   count   of a crowd: for 1 s and 2 results, both ways
//   event   one rule, one object: it starts when all conditions hold for a confirmed object, ends when they haven't held for 1 s
//           and 2 results, or the object is gone; before another one starts of the two they must have held as long
// While an object is lost (not found on a frame, for as long as the tracker waits for it) it stays in its zones and its events
// stay open; the time that it has been somewhere goes on if it is found again within 5 s, else it starts over.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "rules/findings.h"
#include "rules/open_events.h"
#include "rules/options.h"
#include "rules/rule_set.h"
#include "rules/watched.h"
#include "schema/tracks.h"

namespace vedette::rules {

class Engine {
 public:
  // `next_event_id` gives an id to each event that starts.
  Engine(EngineOptions options, std::function<std::uint64_t()> next_event_id);

  // Goes on where another one was: with its open events, its lines' counts and its newest tracks, of a frame captured at `at_ns`.
  // Of these events one whose rule or track isn't there any more ends with the next result. After set_names(), before the first
  // update().
  void resume(std::span<const Event> open, std::span<const Count> counts, std::span<const Track> tracks, std::uint64_t at_ns);

  // Other options from now on. What is the same in both, by its name, goes on: lines' counts, who is in which zone since when,
  // which rule holds. Events of rules that are gone end with the next result. Returns as set_names() does.
  std::vector<std::string> change(EngineOptions options, std::uint64_t at_ns);

  // The model's class names, one a line, in the order of class ids. Returns those that the options name and the model lacks.
  // Cheap when they are those of before (then it returns nothing). Without names nothing is found.
  std::vector<std::string> set_names(std::string_view names) { return rules_.set_names(names); }

  // A new result: all tracks of the frame, the lost ones too; sets their `zones`. What it returns is good until the next call.
  // Objects that the tracker isn't sure of yet are targets (an alarm mustn't wait for it), but make no events and aren't counted.
  const Findings& update(std::uint64_t frame_id, std::uint64_t captured_at_ns, std::uint32_t minute_of_week,
                         std::span<Track> tracks);
  // A frame that the detector was spared because nothing moves: what was there still is; what was lost is gone after 5 s.
  const Findings& still(std::uint64_t frame_id, std::uint64_t captured_at_ns, std::uint32_t minute_of_week);
  // Nobody looks any more (a pause): all events end, all objects are forgotten; lines' counts stay.
  const Findings& stop();

  std::vector<Event> open_events() const { return events_.all(); }  // for resume()
  std::vector<Count> line_counts() const;                           // for resume()

 private:
  struct Tally {
    std::uint64_t into = 0;
    std::uint64_t out_of = 0;
  };
  struct Now {  // of the call that is under way
    std::uint64_t frame_id = 0;
    std::uint64_t at_ns = 0;
    std::uint32_t minute = 0;
  };

  void take(const Now& now, std::span<Track> tracks);
  Watched watch(const Now& now, const Track& track) const;
  void count_crossing(std::size_t line, const Track& track, int net);
  const Findings& judge(const Now& now);
  void judge_objects(const Now& now, std::size_t rule);
  bool judge_object(const Now& now, std::size_t rule, Watched& object);
  void judge_crowd(const Now& now, std::size_t rule);
  void end_orphans(const Now& now);
  void tell(const Now& now, schema::EventPhase phase, const Event& event, std::uint32_t number = 0);
  std::string place_of(std::size_t rule, const Watched& object, const std::string& before) const;
  void add_target(const std::string& label, float score, std::uint32_t count, const std::string& absence = {});
  void count();

  RuleSet rules_;
  std::function<std::uint64_t()> next_event_id_;
  std::vector<Watched> objects_;  // by track id
  std::vector<Watched> next_objects_;
  std::vector<Settled> crowds_;  // by rule
  OpenEvents events_;
  std::vector<std::map<std::string, Tally>> tallies_;           // by line; by label
  std::vector<bool> is_target_;                                 // by object
  std::vector<std::pair<std::uint32_t, std::uint16_t>> found_;  // place and class of each counted object; kept for its memory
  Findings findings_;
};

}  // namespace vedette::rules
