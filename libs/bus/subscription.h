// Subscription: a reader's topic that may be absent, come, go and be replaced: what Subscriber (bus/ring.h) and LogSubscriber
// (bus/log.h) have alike, and what a thread can wait for, several at once. While there is nothing to attach to, takes find
// nothing and waits time out.
//
// Thread-bound (one thread at a time). If the writer dies, its files stay attached until its successor's have the name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "bus/demand.h"
#include "bus/directory.h"
#include "bus/wait_policy.h"

namespace vedette::bus {

class Attachment;  // a reader's mappings and its entry
class WaitSet;
class EventBridge;
struct Header;
enum class TopicKind : std::uint8_t { kRing, kLog };

// A reader of any schema: tools, and programs that look at schema_id() themselves.
inline constexpr std::uint64_t kAnySchema = 0;

// Counters in a topic's header; written by the writer alone, read by anybody at any time.
struct TopicStats {
  std::uint64_t published = 0;   // since the topic was created, over all epochs
  std::uint64_t dropped = 0;     // of a ring: wanted to publish, no free slot; of a log: longer than its longest record
  std::uint64_t epoch = 0;       // how many writers there have been
  std::uint64_t beat_at_ns = 0;  // monotonic; the writer's last sign of life
  std::uint64_t frame_id = 0;    // of a ring: newest published; of a log: the largest
  std::int32_t writer_pid = 0;   // in the writer's own pid namespace; for people
};
TopicStats stats_of(const Header& header);

enum class Wait { kNew, kTimeout, kRetired };

class Subscription {
 public:
  virtual ~Subscription();

  Wait wait(Nanoseconds timeout);  // never kRetired
  // How waits wait from now on, over all attachments; at first they block. Call it on the thread that waits: spin is refused
  // without a core of its own.
  Result<> set_wait_policy(const WaitPolicy& policy);
  void set_demand(const Demand& demand);

  bool attached() const { return attachment_ != nullptr; }
  std::optional<TopicStats> stats();  // none while there is no such topic
  std::string metadata() const;
  std::uint64_t schema_id() const;  // of what it is attached to; 0 while it isn't
  std::uint64_t instance() const;   // of the files it is attached to: new files, another number; 0 while it isn't
  const TopicName& topic() const { return topic_; }
  // Why attaching failed last, other than "not there yet"; cleared by success.
  const std::optional<Error>& error() const { return error_; }

 protected:
  Subscription(const BusDir& dir, TopicName topic, std::uint64_t schema_id, Demand demand, TopicKind kind);
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;

  bool ready();   // attached, now
  void detach();  // and again at the next ready()
  // Makes the reader, whose attachment is the result; ends it.
  virtual Result<std::shared_ptr<Attachment>> attach() = 0;
  virtual void let_go() = 0;

  const BusDir* dir_;
  TopicName topic_;
  std::uint64_t schema_id_;
  Demand demand_;
  std::shared_ptr<Attachment> attachment_;

 private:
  friend class WaitSet;
  friend class EventBridge;
  TopicKind kind_;
  WaitPolicy policy_;
  std::optional<Error> error_;
  std::uint64_t next_attempt_ns_ = 0;
  std::uint64_t next_look_up_ns_ = 0;
  std::uint32_t fresh_takes_ = 0;
};

// Blocks until any of the subscriptions has something newer than its last taken, or the timeout. False: timeout.
// The most eager of their wait policies holds for all: one that spins makes the thread look at all topics all the time, the
// longest time of several hybrid ones is spun. Blocked, it sleeps in one futex_waitv call where the kernel has it (5.16), else in
// a thread per topic. A topic that is absent is never spun for. For event loops: bus/event_bridge.h.
bool wait_any(std::span<Subscription* const> subscriptions, Nanoseconds timeout);

}  // namespace vedette::bus
