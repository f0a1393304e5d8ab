#include "control/topics.h"

#include <cstring>

#include "stage/topics.h"

namespace vedette::control {
namespace {

// The newest record of a topic; none if there is none or it isn't valid.
template <typename T>
std::optional<T> newest(const bus::BusDir& dir, const bus::TopicName& topic, std::uint64_t schema_id,
                        Result<T> (*decode)(std::span<const std::byte>)) {
  auto reader = bus::RingReader::attach(dir, topic, schema_id);
  if (!reader) return std::nullopt;
  const bus::Taken taken = reader->take_newest();
  if (!taken) return std::nullopt;
  Result<T> record = decode(taken.lease.bytes());
  return record ? std::optional<T>(*std::move(record)) : std::nullopt;
}

}  // namespace

Result<Topics> Topics::open(const bus::BusDir& dir, const std::string& camera, std::uint32_t readers,
                            std::uint32_t held_per_reader) {
  VD_ASSIGN(const auto control, bus::TopicName::make(camera, "control"));
  VD_ASSIGN(const auto state, bus::TopicName::make(camera, "state"));
  VD_ASSIGN(const auto events, bus::TopicName::make(camera, "events"));
  LeftBehind left_behind{newest(dir, control, kControlSchema, decode_control), newest(dir, state, kStateSchema, decode_state)};

  const stage::Share share{readers, held_per_reader};
  VD_ASSIGN(bus::RingWriter control_writer, bus::RingWriter::open(dir, control, stage::control_ring(share)));
  VD_ASSIGN(bus::RingWriter state_writer, bus::RingWriter::open(dir, state, stage::state_ring(share)));
  VD_ASSIGN(bus::RingWriter events_writer, bus::RingWriter::open(dir, events, stage::events_ring(share)));
  return Topics(left_behind, std::move(control_writer), std::move(state_writer), std::move(events_writer));
}

void Topics::publish(bus::RingWriter& writer, const Bytes& record, std::uint64_t id) {
  VD_ASSERT(record.size() <= kMaxRecordBytes, "a record larger than its slot");
  auto loan = writer.loan();
  if (!loan) return writer.count_drop();
  std::memcpy(loan->bytes().data(), record.data(), record.size());
  writer.publish(std::move(*loan), id, record.size());
}

void Topics::beat() {
  control_.beat();
  state_.beat();
  events_.beat();
}

}  // namespace vedette::control
