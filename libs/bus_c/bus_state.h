// The C API's handles as this library sees them. Internal.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "bus/ring.h"
#include "bus_c/handles.h"

namespace vedette::c {

struct BusState {
  std::shared_ptr<const bus::BusDir> dir;  // shared: readers and writers outlive the handle
};

// A loan, or what it became when it was published and held.
using Slot = std::variant<bus::Loan, bus::Held>;

struct WriterState {
  WriterState(std::shared_ptr<const bus::BusDir> in, bus::RingWriter opened) : dir(std::move(in)), writer(std::move(opened)) {}
  const std::shared_ptr<const bus::BusDir> dir;
  bus::RingWriter writer;
  std::mutex mutex;  // of `slots`: a slot may be released on any thread
  TokenTable<Slot> slots;
};

struct ReaderState {
  ReaderState(std::shared_ptr<const bus::BusDir> in, bus::TopicName topic, std::uint64_t schema_id, bus::Demand demand)
      : dir(std::move(in)), subscriber(*dir, std::move(topic), schema_id, demand) {}
  const std::shared_ptr<const bus::BusDir> dir;
  bus::Subscriber subscriber;
  std::mutex mutex;  // of `leases`: a record may be released on any thread
  TokenTable<bus::Lease> leases;
  std::string metadata;  // what vd_reader_about() gave out
};

vd_demand to_c(const bus::Demand& demand);
Result<bus::Demand> from_c(const vd_demand& demand);
vd_stats to_c(const bus::TopicStats& stats);
vd_status read_demand(const vd_demand* demand, const char* function, bus::Subscription& of);
// Why a reader isn't attached, or nothing: `ordinary`.
const std::optional<Error>& trouble_of(const bus::Subscription& subscription);
vd_status nothing_in(const bus::Subscription& subscription, vd_status ordinary);
// Until `timeout_ns` in slices, so that a topic that can't be attached to is told and not waited for.
vd_status wait(std::span<bus::Subscription* const> subscriptions, std::int64_t timeout_ns);
vd_status set_wait(bus::Subscription& subscription, std::uint32_t policy, std::int64_t spin_ns, const char* function);
vd_status stats_of(bus::Subscription& subscription, vd_stats* stats);
// A negative time-out means forever.
Nanoseconds timeout_of(std::int64_t timeout_ns);
Result<bus::TopicName> topic_of(const char* text);

}  // namespace vedette::c

struct vd_bus : vedette::c::Handle<vedette::c::BusState> {};
struct vd_writer : vedette::c::Handle<vedette::c::WriterState> {};
struct vd_reader : vedette::c::Handle<vedette::c::ReaderState> {};

namespace vedette::c {

// The memory of a slot on loan, whatever the caller's struct says of it; empty with the reason as last error
// (VD_INVALID_ARGUMENT).
std::span<std::byte> loaned_bytes(vd_writer* writer, const vd_slot* slot);
// Publishes a slot on loan. `held`: it stays behind its token; else the token ends and `slot` is emptied.
vd_status publish(vd_writer* writer, vd_slot* slot, std::uint64_t frame_id, std::uint64_t bytes, bool held);

}  // namespace vedette::c
