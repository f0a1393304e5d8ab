// TopicTap: takes the records of a topic of either kind, ring or log, for tools that don't care which it is; a topic may be
// absent, come, go, and come back as the other kind. Thread-bound. Its record's bytes are valid until the next take.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "bus/inspect.h"
#include "bus/log.h"
#include "bus/ring.h"

namespace vedette::tools {

struct TappedRecord {
  std::span<const std::byte> bytes;
  std::uint64_t frame_id = 0;
  std::uint64_t sequence = 0;
  std::uint64_t missed = 0;
  bool keyframe = false;  // of a log
};

class TopicTap {
 public:
  // `passive`: asks nothing of the writer. Else for every picture of a ring, for packets of a log.
  TopicTap(const bus::BusDir& dir, const bus::TopicName& name, bool passive);

  // To wait for and to ask; another object when the topic comes back as the other kind.
  bus::Subscription& topic() { return log_ ? static_cast<bus::Subscription&>(*log_) : *ring_; }
  bool is_log() const { return log_ != nullptr; }

  // The oldest that is newer than the last taken; at first of a ring what is kept, of a log from the newest keyframe on.
  std::optional<TappedRecord> take_next();
  // The newest, if newer than the last taken. Of a log the next all the same: a packet is worth little without those before it.
  std::optional<TappedRecord> take_newest();

 private:
  std::optional<TappedRecord> take_from_log();
  std::optional<TappedRecord> hold(bus::Taken taken);
  void become_what_it_is();

  const bus::BusDir& dir_;
  const bus::TopicName name_;
  const bool passive_;
  std::unique_ptr<bus::Subscriber> ring_;
  std::unique_ptr<bus::LogSubscriber> log_;
  bus::Lease lease_;
  std::vector<std::byte> buffer_;
};

}  // namespace vedette::tools
