// vd_reader_*, taking records and waiting for them.
#include <algorithm>
#include <array>
#include <vector>

#include "bus_c/bus_state.h"

namespace vedette::c {
namespace {

vd_status share_used(const ReaderState& reader) {
  const std::string held = std::to_string(reader.subscriber.held_per_reader());
  return fail(VD_RESOURCE_EXHAUSTED, reader.subscriber.topic().text() + ": this reader holds its whole share of " + held +
                                         " records; vd_release() one, or open the topic's writer with a larger held_per_reader");
}

vd_status hand_out(ReaderState& reader, bus::Lease lease, std::uint64_t missed, vd_record& record) {
  const auto bytes = lease.bytes();
  record.data = bytes.data();
  record.bytes = bytes.size();
  record.frame_id = lease.frame_id();
  record.sequence = lease.sequence();
  record.missed = missed;
  const std::lock_guard lock(reader.mutex);
  record.lease = reader.leases.put(std::move(lease));
  return VD_OK;
}

vd_status check_take(const vd_reader* reader, vd_record* record) {
  if (record == nullptr) return fail(VD_INVALID_ARGUMENT, "there is no place for the record (record is NULL)");
  *record = {};
  return check_handle(reader, "reader");
}

vd_status hand_out(ReaderState& reader, bus::Taken taken, vd_record& record) {
  switch (taken.status) {
    case bus::Take::kTaken:
      return hand_out(reader, std::move(taken.lease), taken.missed, record);
    case bus::Take::kShareUsed:
      return share_used(reader);
    case bus::Take::kNothing:
    case bus::Take::kRetired:
      break;
  }
  return nothing_in(reader.subscriber, VD_NOTHING);
}

vd_status read_options(const vd_reader_options* options, vd_reader_options& read) {
  read = vd_reader_options_default();
  if (options == nullptr) return VD_OK;
  constexpr std::uint32_t kKnown = sizeof(vd_reader_options);
  if (const vd_status status = check_size(options->size, kKnown, kKnown, options, "vd_reader_options"); status != VD_OK)
    return status;
  read = *options;
  return VD_OK;
}

}  // namespace
}  // namespace vedette::c

using namespace vedette;

extern "C" {

vd_status vd_reader_open(vd_bus* bus, const char* topic, const vd_reader_options* options, vd_reader** reader) {
  return c::guarded([&]() -> vd_status {
    if (reader == nullptr)
      return c::fail(VD_INVALID_ARGUMENT, "vd_reader_open: there is no place for the result (reader is NULL)");
    *reader = nullptr;
    if (const vd_status status = c::check_handle(bus, "bus"); status != VD_OK) return status;
    auto name = c::topic_of(topic);
    if (!name.ok()) return c::fail(name.error());
    vd_reader_options read;
    if (const vd_status status = c::read_options(options, read); status != VD_OK) return status;
    const auto demand = c::from_c(read.demand);
    if (!demand.ok()) return c::fail(demand.error());
    auto state = std::make_shared<c::ReaderState>(bus->state->dir, std::move(name).value(), read.schema_id, *demand);
    (void)state->subscriber.stats();  // attaches, if there is something to attach to
    if (const auto& trouble = c::trouble_of(state->subscriber)) return c::fail(*trouble);
    *reader = c::HandlePool<vd_reader>::instance().open(std::move(state));
    return VD_OK;
  });
}

void vd_reader_close(vd_reader* reader) { c::HandlePool<vd_reader>::instance().close(reader); }

vd_status vd_take_newest(vd_reader* reader, vd_record* record) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_take(reader, record); status != VD_OK) return status;
    return c::hand_out(*reader->state, reader->state->subscriber.take_newest(), *record);
  });
}

vd_status vd_take_next(vd_reader* reader, vd_record* record) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_take(reader, record); status != VD_OK) return status;
    return c::hand_out(*reader->state, reader->state->subscriber.take_next(), *record);
  });
}

vd_status vd_find(vd_reader* reader, uint64_t frame_id, vd_record* record) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_take(reader, record); status != VD_OK) return status;
    bus::Found found = reader->state->subscriber.find(frame_id);
    switch (found.status) {
      case bus::Find::kFound:
        return c::hand_out(*reader->state, std::move(found.lease), 0, *record);
      case bus::Find::kShareUsed:
        return c::share_used(*reader->state);
      case bus::Find::kNever:
        return VD_NEVER;
      case bus::Find::kNotYet:
      case bus::Find::kRetired:
        break;
    }
    return c::nothing_in(reader->state->subscriber, VD_NOT_YET);
  });
}

vd_status vd_release(vd_reader* reader, vd_record* record) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(reader, "reader"); status != VD_OK) return status;
    if (record == nullptr) return c::fail(VD_INVALID_ARGUMENT, "the vd_record is NULL");
    const std::lock_guard lock(reader->state->mutex);
    if (reader->state->leases.find(record->lease) == nullptr)
      return c::fail(VD_INVALID_ARGUMENT, "the vd_record isn't held by this reader: never taken, or released already");
    (void)reader->state->leases.take(record->lease);
    *record = {};
    return VD_OK;
  });
}

vd_status vd_wait(vd_reader* reader, int64_t timeout_ns) { return vd_wait_any(&reader, 1, timeout_ns); }

vd_status vd_wait_any(vd_reader* const* readers, size_t count, int64_t timeout_ns) {
  return c::guarded([&]() -> vd_status {
    if (readers == nullptr || count == 0) return c::fail(VD_INVALID_ARGUMENT, "vd_wait_any: there is no reader to wait for");
    std::array<bus::Subscription*, 16> few;  // no allocation for the ordinary case
    std::vector<bus::Subscription*> many(count > few.size() ? count : 0);
    const std::span<bus::Subscription*> subscribers = many.empty() ? std::span(few).first(count) : std::span(many);
    for (std::size_t i = 0; i < count; ++i) {
      if (const vd_status status = c::check_handle(readers[i], "reader"); status != VD_OK) return status;
      subscribers[i] = &readers[i]->state->subscriber;
    }
    return c::wait(subscribers, timeout_ns);
  });
}

vd_status vd_reader_set_wait(vd_reader* reader, uint32_t policy, int64_t spin_ns) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(reader, "reader"); status != VD_OK) return status;
    return c::set_wait(reader->state->subscriber, policy, spin_ns, "vd_reader_set_wait");
  });
}

vd_status vd_reader_set_demand(vd_reader* reader, const vd_demand* demand) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(reader, "reader"); status != VD_OK) return status;
    return c::read_demand(demand, "vd_reader_set_demand", reader->state->subscriber);
  });
}

vd_status vd_reader_stats(vd_reader* reader, vd_stats* stats) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(reader, "reader"); status != VD_OK) return status;
    return c::stats_of(reader->state->subscriber, stats);
  });
}

vd_status vd_reader_about(vd_reader* reader, vd_topic_info* about) {
  return c::guarded([&]() -> vd_status {
    vd_stats unused;
    if (about == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_reader_about: about is NULL");
    *about = {};
    if (const vd_status status = vd_reader_stats(reader, &unused); status != VD_OK) return status;  // attaches
    c::ReaderState& state = *reader->state;
    state.metadata = state.subscriber.metadata();
    about->schema_id = state.subscriber.schema_id();
    about->slot_bytes = state.subscriber.slot_bytes();
    about->held_per_reader = state.subscriber.held_per_reader();
    about->metadata = state.metadata.c_str();
    about->metadata_bytes = static_cast<std::uint32_t>(state.metadata.size());
    return VD_OK;
  });
}

}  // extern "C"
