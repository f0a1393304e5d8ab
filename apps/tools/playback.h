// Playback: the writers of the topics that a replay publishes, and what it knows of their readers: when they have taken a record,
// when an answering topic carries a frame's id. Every wait beats for all writers and ends at a stop signal. Thread-bound.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "bus/inspect.h"
#include "bus/log.h"
#include "bus/ring.h"
#include "recording/topic.h"

namespace vedette::tools {

class Playback {
 public:
  explicit Playback(const bus::BusDir& dir) : dir_(dir) {}

  // Opens the topic as it was recorded, under this name, or gives it other slots. kBusy while somebody else writes it.
  Result<> open(const bus::TopicName& topic, const recording::RecordedTopic& recorded);

  // Copies the record into a slot and publishes it. With no slot free it waits for one up to a second, then counts a drop: false.
  // To a log it appends the record, which never waits. `stamp`: a ring takes the frame id alone.
  bool publish(const bus::TopicName& topic, const bus::LogStamp& stamp, std::span<const std::byte> record);

  void beat();
  // Until the time, the condition (looked at every 0.2 to 2 ms), or a stop signal; what the condition is then.
  bool wait_until(std::uint64_t at_ns, const std::function<bool()>& condition);

  // Until all readers that take anything at all have taken the topic's newest. One that takes nothing for a second isn't waited
  // for until it takes again.
  void wait_taken(const bus::TopicName& topic);
  bool has_reader(const bus::TopicName& topic) const;

  std::uint64_t dropped() const { return dropped_; }
  // Takes the topics away again.
  void remove();

 private:
  struct Reader {
    std::int32_t pid = 0;
    std::uint64_t taken = 0;
    std::uint64_t since_ns = 0;  // when it took that, or came
  };
  struct Topic {
    std::variant<bus::RingWriter, bus::LogWriter> writer;
    std::map<std::uint32_t, Reader> readers;  // by entry
  };
  bool all_took(const bus::TopicName& name, Topic& topic, std::uint64_t sequence) const;

  const bus::BusDir& dir_;
  std::map<std::string, Topic> topics_;
  std::uint64_t next_beat_ns_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace vedette::tools
