// Announcer: what people are told of one camera, as records of <cam>/events and lines in the log. Thread-bound.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "control/records.h"
#include "control/topics.h"
#include "rules/findings.h"

namespace vedette::control {

class Announcer {
 public:
  // `topics` outlives it.
  Announcer(Topics& topics, std::string camera) : topics_(topics), camera_(std::move(camera)) {}

  // Something that happened once.
  void tell(schema::EventKind kind, std::uint64_t frame_id, std::string text, const rules::Targets& targets = {});
  // Of an object or a crowd: an event that begins, changes or ends.
  void tell(const rules::Change& change);
  void tell(const std::vector<rules::Change>& changes) {
    for (const rules::Change& change : changes) tell(change);
  }

  // Events that a predecessor began, as the rules know them.
  std::vector<rules::Event> resume(const std::vector<EventRecord>& open);

 private:
  Topics& topics_;
  std::string camera_;
  std::map<std::uint64_t, std::uint64_t> started_wall_at_ns_;  // of each open event, by its id
};

}  // namespace vedette::control
