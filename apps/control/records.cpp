#include "control/records.h"

#include <algorithm>

namespace vedette::control {
namespace {

constexpr std::size_t kLongestText = 500;
constexpr std::size_t kLongestReply = 32 * 1024;               // a line for each mistake
constexpr std::size_t kRoomForCounts = kMaxRecordBytes - 256;  // the rest is for all else in a state record
constexpr std::size_t kOfOneCount = 96;                        // besides its texts: table, offsets, padding

}  // namespace

Bytes encode(const DesiredState& state) {
  flatbuffers::FlatBufferBuilder builder;
  return finished(builder, schema::CreateControl(builder, state.mode, state.detect_fps, state.paused, state.session,
                                                 state.heartbeat_at_ns, state.forced, state.detecting));
}

Bytes encode(const CameraState& state) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::Count>> counts;
  const auto add = [&](const Count& count) {
    const std::size_t most = count.place.size() + std::min(count.label.size(), kLongestText) + kOfOneCount;
    if (builder.GetSize() + counts.size() * sizeof counts[0] + most > kRoomForCounts) return;
    const auto place = builder.CreateSharedString(count.place);
    const auto label = builder.CreateSharedString(count.label.substr(0, kLongestText));
    counts.push_back(schema::CreateCount(builder, place, label, count.inside, count.into, count.out_of));
  };
  const auto is_of_line = [](const Count& count) { return count.into + count.out_of > 0; };
  for (const Count& count : state.counts)
    if (is_of_line(count)) add(count);
  for (const Count& count : state.counts)
    if (!is_of_line(count)) add(count);
  const auto all = builder.CreateVector(counts);
  return finished(builder, schema::CreateState(builder, state.mode, state.previous_mode, state.since_ns, state.heartbeat_at_ns,
                                               state.paused, state.last_frame_id, state.targets, state.detections_stale,
                                               state.still, state.detecting, all, state.threshold, state.forced));
}

Bytes encode(const EventRecord& event) {
  flatbuffers::FlatBufferBuilder builder;
  const auto text_of = [&builder](const std::string& text) { return builder.CreateString(text.substr(0, kLongestText)); };
  const auto label = text_of(event.label), text = text_of(event.text), rule = text_of(event.rule), zone = text_of(event.zone);
  return finished(builder, schema::CreateEvent(builder, event.id, event.kind, event.at_ns, event.wall_at_ns, event.frame_id,
                                               label, event.score, text, event.phase, rule, zone, event.track_id,
                                               event.started_at_ns, event.started_wall_at_ns, event.best_frame_id,
                                               event.best_captured_at_ns, event.x, event.y, event.width, event.height));
}

Bytes encode_reply(bool ok, const std::string& text) {
  flatbuffers::FlatBufferBuilder builder;
  const auto reply_text = builder.CreateString(text.substr(0, kLongestReply));
  return finished(builder, schema::CreateReply(builder, ok, reply_text));
}

Result<DesiredState> decode_control(std::span<const std::byte> bytes) {
  RecordBuffer copy;
  VD_ASSIGN(const schema::Control* const record, copy_record<schema::Control>(bytes, copy));
  if (!is_mode(record->mode())) return bad_value("control record", "mode", static_cast<unsigned>(record->mode()));
  return DesiredState{record->mode(),   record->detect_fps(), record->paused(), record->session(), record->heartbeat_at_ns(),
                      record->forced(), record->detecting()};
}

}  // namespace vedette::control
