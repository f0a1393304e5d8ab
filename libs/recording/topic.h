// A topic as a recording has it: its name, and what its writer asked for. Plain value.
#pragma once

#include <optional>

#include "bus/log.h"
#include "bus/ring.h"

namespace vedette::recording {

struct RecordedTopic {
  bus::TopicName name;
  bus::RingOptions options;            // of a log: schema, readers and metadata alone, as in bus::TopicReport
  std::optional<bus::LogOptions> log;  // it is a log

  std::uint64_t longest() const { return log ? log->max_record_bytes : options.slot_bytes; }  // of its records, bytes
  bool operator==(const RecordedTopic&) const = default;
};

}  // namespace vedette::recording
