// A topic's reader for Python: bus::Subscriber with a lock, so that any Python thread may use it, and Lease, whose bytes NumPy
// looks at in place. Whoever drops the last view drops the lease, on whichever thread the garbage collector runs (bus/ring.h
// allows that). Waiting releases the GIL and comes up for signals, so that Ctrl-C works.
// After a fork the child's copies refuse to work; destroying them there touches nothing of the parent's.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bus/event_bridge.h"
#include "bus/ring.h"
#include "slot_buffer.h"

namespace vedette::python {

std::shared_ptr<const bus::BusDir> open_bus_dir(const std::string& path);

// One leased slot, read-only.
class Lease : public SlotBuffer {
 public:
  Lease(bus::Lease held, std::uint64_t missed_before, std::uint64_t schema, std::shared_ptr<const std::string> topic_metadata)
      : missed(missed_before), schema_id(schema), metadata(std::move(topic_metadata)), lease_(std::move(held)) {}

  bool writable() const override { return false; }
  std::span<std::byte> bytes(std::string& why_not) const override;
  // The record, for decoding here; raises when it was given back.
  std::span<const std::byte> record() const;
  // Gives the slot back before the garbage collector does. BufferError while somebody has a view of it.
  void release();
  std::uint64_t frame_id() const { return lease_.frame_id(); }
  std::uint64_t sequence() const { return lease_.sequence(); }

  const std::uint64_t missed;
  const std::uint64_t schema_id;
  const std::shared_ptr<const std::string> metadata;

 private:
  bus::Lease lease_;
};

class Subscriber {
 public:
  class Events;
  Subscriber(const std::string& bus_dir, const std::string& topic, const bus::Demand& demand, const std::string& wait_policy);
  ~Subscriber();

  // Null: nothing new. Raises ShareUsed, and whatever keeps the subscriber from attaching.
  std::unique_ptr<Lease> take(bool newest);
  // Waits while it may still come. Null: it never comes, the time is up, or the subscriber was closed.
  std::unique_ptr<Lease> find(std::uint64_t frame_id, double seconds);
  // Until any of them has something to take. False: the time is up, or one of them was closed. Negative: no time-out.
  static bool wait_any(const std::vector<Subscriber*>& subscribers, double seconds);
  void set_demand(const bus::Demand& demand);
  std::optional<bus::TopicStats> stats();
  void close();
  bool closed() const { return state_ == nullptr; }
  std::string topic() const { return topic_; }

 private:
  struct State;
  std::shared_ptr<State> open_state() const;
  static std::vector<std::shared_ptr<State>> states_of(const std::vector<Subscriber*>& subscribers);
  static bool look(const std::vector<std::shared_ptr<State>>& states, Nanoseconds most, std::optional<Error>& error);
  template <typename Look>
  auto look_for(State& state, const Look& look);
  std::unique_ptr<Lease> wrap(State& state, bus::Lease lease, std::uint64_t missed);
  [[noreturn]] void raise_share_used(std::uint32_t held) const;

  std::shared_ptr<State> state_;  // guarded by the GIL; null once closed
  const std::string topic_;
};

// Subscribers in an event loop: bus::EventBridge, for any Python thread. Useless after a fork, like the subscribers.
class Subscriber::Events {
 public:
  explicit Events(const std::vector<Subscriber*>& subscribers);
  ~Events();
  int fd() const;
  void rearm();
  void close();
  bool closed() const { return bridge_ == nullptr; }

 private:
  std::shared_ptr<bus::EventBridge> open_bridge() const;
  std::vector<std::shared_ptr<State>> states_;  // outlive the bridge, whatever is closed first
  std::shared_ptr<bus::EventBridge> bridge_;    // guarded by the GIL; null once closed
  const pid_t owner_ = ::getpid();
};

void bind_subscriber(py::module_& module);

}  // namespace vedette::python
