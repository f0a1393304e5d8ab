// vd_log_reader_* and packets.
#include <vedette/log.h>

#include <cstddef>
#include <cstring>
#include <optional>
#include <vector>

#include "bus/log.h"
#include "bus_c/bus_state.h"
#include "schema/packet.h"

namespace vedette::c {

struct LogReaderState {
  LogReaderState(std::shared_ptr<const bus::BusDir> in, bus::TopicName topic, std::uint64_t schema_id, bus::Demand demand,
                 bus::LogFrom from)
      : dir(std::move(in)), subscriber(*dir, std::move(topic), schema_id, demand, from) {}
  const std::shared_ptr<const bus::BusDir> dir;
  bus::LogSubscriber subscriber;
  std::vector<std::byte> buffer;
  std::optional<bus::LogTaken> pending;  // its record, in `buffer`, was longer than the caller's
  std::string metadata;                  // what vd_log_reader_about() gave out
};

}  // namespace vedette::c

struct vd_log_reader : vedette::c::Handle<vedette::c::LogReaderState> {};

namespace vedette::c {
namespace {

static_assert(sizeof(vd_packet_info) == sizeof(PacketInfo) && alignof(vd_packet_info) == alignof(PacketInfo));
static_assert(offsetof(vd_packet_info, trace) == 40 && offsetof(vd_packet_info, pts_ns) == 72 &&
              offsetof(vd_packet_info, duration_ns) == 88 && offsetof(vd_packet_info, channels) == 112 &&
              offsetof(vd_packet_info, codec) == 114 && offsetof(vd_packet_info, stream) == 116);
static_assert(sizeof(vd_log_record) == 64 && sizeof(vd_log_info) == 88 && sizeof(vd_packet) == 152 &&
                  sizeof(vd_log_reader_options) == 32,
              "the ABI's sizes stay");
static_assert(VD_PACKETS_SCHEMA == kPacketsSchema);
static_assert(VD_MJPEG == int(Codec::MJPEG) && VD_H264 == int(Codec::H264) && VD_H265 == int(Codec::H265) &&
              VD_AAC == int(Codec::AAC) && VD_PCMU == int(Codec::PCMU) && VD_PCMA == int(Codec::PCMA) &&
              VD_OPUS == int(Codec::OPUS) && VD_MP3 == int(Codec::MP3) && VD_G722 == int(Codec::G722) &&
              Codec::MAX == Codec::G722);
static_assert(VD_LOG_NEXT == int(bus::LogFrom::kNext) && VD_LOG_NEWEST_KEYFRAME == int(bus::LogFrom::kNewestKeyframe) &&
              VD_LOG_OLDEST_KEYFRAME == int(bus::LogFrom::kOldestKeyframe));

vd_status check(const vd_log_reader* reader) { return check_handle(reader, "log reader"); }

vd_status check_from(std::uint32_t from) {
  if (from <= VD_LOG_OLDEST_KEYFRAME) return VD_OK;
  return fail(VD_INVALID_ARGUMENT, "a log is read from VD_LOG_NEXT, VD_LOG_NEWEST_KEYFRAME or VD_LOG_OLDEST_KEYFRAME, not from " +
                                       std::to_string(from));
}

vd_status read_options(const vd_log_reader_options* options, vd_log_reader_options& read) {
  read = vd_log_reader_options_default();
  if (options == nullptr) return VD_OK;
  constexpr std::uint32_t kKnown = sizeof(vd_log_reader_options);
  if (const vd_status status = check_size(options->size, kKnown, kKnown, options, "vd_log_reader_options"); status != VD_OK)
    return status;
  read = *options;
  return check_from(read.from);
}

void describe(const bus::LogTaken& taken, std::size_t bytes, vd_log_record& record) {
  record.bytes = bytes;
  record.frame_id = taken.stamp.frame_id;
  record.at_ns = taken.stamp.at_ns;
  record.sequence = taken.sequence;
  record.missed = taken.missed;
  record.keyframe = taken.stamp.keyframe ? 1 : 0;
}

// The next record is in the state's buffer then.
vd_status take(LogReaderState& state) {
  if (state.pending) return VD_OK;
  const bus::LogTaken taken = state.subscriber.take_next(state.buffer);
  if (taken.status == bus::LogTake::kTooLong)
    return fail(VD_CORRUPT, state.subscriber.topic().text() + ": a record longer than the log's longest; it was skipped");
  if (!taken) return nothing_in(state.subscriber, VD_NOTHING);
  state.pending = taken;
  return VD_OK;
}

template <class Seek>
vd_status seek(vd_log_reader* reader, Seek&& to) {
  return guarded([&]() -> vd_status {
    if (const vd_status status = check(reader); status != VD_OK) return status;
    bus::LogSubscriber& subscriber = reader->state->subscriber;
    if (!subscriber.span()) return nothing_in(subscriber, VD_NOTHING);  // attaches
    if (!to(subscriber)) return VD_NOTHING;
    reader->state->pending.reset();
    return VD_OK;
  });
}

// A record that waits for a larger buffer is something to take.
bool has_pending(std::span<vd_log_reader* const> logs) {
  for (const vd_log_reader* log : logs)
    if (log->state->pending) return true;
  return false;
}

}  // namespace
}  // namespace vedette::c

using namespace vedette;

extern "C" {

vd_status vd_log_reader_open(vd_bus* bus, const char* topic, const vd_log_reader_options* options, vd_log_reader** reader) {
  return c::guarded([&]() -> vd_status {
    if (reader == nullptr)
      return c::fail(VD_INVALID_ARGUMENT, "vd_log_reader_open: there is no place for the result (reader is NULL)");
    *reader = nullptr;
    if (const vd_status status = c::check_handle(bus, "bus"); status != VD_OK) return status;
    auto name = c::topic_of(topic);
    if (!name.ok()) return c::fail(name.error());
    vd_log_reader_options read;
    if (const vd_status status = c::read_options(options, read); status != VD_OK) return status;
    const auto demand = c::from_c(read.demand);
    if (!demand.ok()) return c::fail(demand.error());
    auto state = std::make_shared<c::LogReaderState>(bus->state->dir, std::move(name).value(), read.schema_id, *demand,
                                                     static_cast<bus::LogFrom>(read.from));
    (void)state->subscriber.stats();  // attaches, if there is something to attach to
    if (const auto& trouble = c::trouble_of(state->subscriber)) return c::fail(*trouble);
    *reader = c::HandlePool<vd_log_reader>::instance().open(std::move(state));
    return VD_OK;
  });
}

void vd_log_reader_close(vd_log_reader* reader) { c::HandlePool<vd_log_reader>::instance().close(reader); }

vd_status vd_log_reader_take_next(vd_log_reader* reader, void* buffer, uint64_t capacity, vd_log_record* record) {
  return c::guarded([&]() -> vd_status {
    if (record == nullptr) return c::fail(VD_INVALID_ARGUMENT, "there is no place for the record (record is NULL)");
    *record = {};
    if (const vd_status status = c::check(reader); status != VD_OK) return status;
    if (buffer == nullptr && capacity != 0) return c::fail(VD_INVALID_ARGUMENT, "vd_log_reader_take_next: buffer is NULL");
    c::LogReaderState& state = *reader->state;
    if (const vd_status status = c::take(state); status != VD_OK) return status;
    c::describe(*state.pending, state.buffer.size(), *record);
    if (state.buffer.size() > capacity) return VD_TOO_SMALL;
    if (!state.buffer.empty()) std::memcpy(buffer, state.buffer.data(), state.buffer.size());
    state.pending.reset();
    return VD_OK;
  });
}

vd_status vd_log_reader_seek(vd_log_reader* reader, uint32_t from) {
  if (const vd_status status = c::check_from(from); status != VD_OK) return status;
  return c::seek(reader, [from](bus::LogSubscriber& log) { return log.seek(static_cast<bus::LogFrom>(from)), true; });
}
vd_status vd_log_reader_seek_time(vd_log_reader* reader, uint64_t at_ns) {
  return c::seek(reader, [at_ns](bus::LogSubscriber& log) { return log.seek_time(at_ns); });
}
vd_status vd_log_reader_seek_frame(vd_log_reader* reader, uint64_t frame_id) {
  return c::seek(reader, [frame_id](bus::LogSubscriber& log) { return log.seek_frame(frame_id); });
}

vd_status vd_log_reader_wait(vd_log_reader* reader, int64_t timeout_ns) {
  return vd_log_wait_any(nullptr, 0, &reader, 1, timeout_ns);
}

vd_status vd_log_wait_any(vd_reader* const* readers, size_t reader_count, vd_log_reader* const* logs, size_t log_count,
                          int64_t timeout_ns) {
  return c::guarded([&]() -> vd_status {
    if ((readers == nullptr && reader_count != 0) || (logs == nullptr && log_count != 0) || reader_count + log_count == 0)
      return c::fail(VD_INVALID_ARGUMENT, "vd_log_wait_any: there is no reader to wait for");
    std::vector<bus::Subscription*> all;
    all.reserve(reader_count + log_count);
    for (std::size_t i = 0; i < reader_count; ++i) {
      if (const vd_status status = c::check_handle(readers[i], "reader"); status != VD_OK) return status;
      all.push_back(&readers[i]->state->subscriber);
    }
    for (std::size_t i = 0; i < log_count; ++i) {
      if (const vd_status status = c::check(logs[i]); status != VD_OK) return status;
      all.push_back(&logs[i]->state->subscriber);
    }
    return c::has_pending({logs, log_count}) ? VD_OK : c::wait(all, timeout_ns);
  });
}

vd_status vd_log_reader_set_wait(vd_log_reader* reader, uint32_t policy, int64_t spin_ns) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check(reader); status != VD_OK) return status;
    return c::set_wait(reader->state->subscriber, policy, spin_ns, "vd_log_reader_set_wait");
  });
}

vd_status vd_log_reader_set_demand(vd_log_reader* reader, const vd_demand* demand) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check(reader); status != VD_OK) return status;
    return c::read_demand(demand, "vd_log_reader_set_demand", reader->state->subscriber);
  });
}

vd_status vd_log_reader_stats(vd_log_reader* reader, vd_stats* stats) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check(reader); status != VD_OK) return status;
    return c::stats_of(reader->state->subscriber, stats);
  });
}

vd_status vd_log_reader_about(vd_log_reader* reader, vd_log_info* about) {
  return c::guarded([&]() -> vd_status {
    vd_stats unused;
    if (about == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_log_reader_about: about is NULL");
    *about = {};
    if (const vd_status status = vd_log_reader_stats(reader, &unused); status != VD_OK) return status;  // attaches
    c::LogReaderState& state = *reader->state;
    const bus::LogSpan span = state.subscriber.span().value_or(bus::LogSpan{});
    state.metadata = state.subscriber.metadata();
    about->schema_id = state.subscriber.schema_id();
    about->max_record_bytes = state.subscriber.max_record_bytes();
    about->records = span.records;
    about->bytes = span.bytes;
    about->oldest_at_ns = span.oldest_at_ns;
    about->newest_at_ns = span.newest_at_ns;
    about->metadata = state.metadata.c_str();
    about->metadata_bytes = static_cast<std::uint32_t>(state.metadata.size());
    return VD_OK;
  });
}

vd_status vd_packet_read(const void* data, uint64_t bytes, vd_packet* packet) {
  return c::guarded([&]() -> vd_status {
    if (packet == nullptr) return c::fail(VD_INVALID_ARGUMENT, "there is no place for the packet (packet is NULL)");
    *packet = {};
    if (data == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_packet_read: data is NULL");
    const auto view = packet_view({static_cast<const std::byte*>(data), static_cast<std::size_t>(bytes)});
    if (!view.ok()) return c::fail(view.error());
    std::memcpy(static_cast<void*>(&packet->info), &view->info, sizeof packet->info);
    packet->config = view->config.empty() ? nullptr : reinterpret_cast<const std::uint8_t*>(view->config.data());
    packet->data = reinterpret_cast<const std::uint8_t*>(view->data.data());
    return VD_OK;
  });
}

}  // extern "C"
