#include "control/records.h"

#include <algorithm>

namespace vedette::control {
namespace {

constexpr std::size_t kLongestText = 500;

template <typename T>
Bytes finished(flatbuffers::FlatBufferBuilder& builder, flatbuffers::Offset<T> root) {
  builder.Finish(root);
  const auto* data = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return Bytes(data, data + builder.GetSize());
}

Error bad_value(std::string_view record, std::string_view field, unsigned value) {
  return {ErrorCode::kCorrupt,
          std::string(record) + " has " + std::string(field) + " " + std::to_string(value) + ", which there isn't"};
}

}  // namespace

Bytes encode(const DesiredState& state) {
  flatbuffers::FlatBufferBuilder builder;
  return finished(builder, schema::CreateControl(builder, state.mode, state.detect_fps, state.paused, state.session,
                                                 state.heartbeat_at_ns, state.forced));
}

Bytes encode(const CameraState& state) {
  flatbuffers::FlatBufferBuilder builder;
  return finished(
      builder, schema::CreateState(builder, state.mode, state.previous_mode, state.since_ns, state.heartbeat_at_ns, state.paused,
                                   state.last_frame_id, state.targets, state.detections_stale, state.still));
}

Bytes encode(const EventRecord& event) {
  flatbuffers::FlatBufferBuilder builder;
  const auto label = builder.CreateString(event.label.substr(0, kLongestText));
  const auto text = builder.CreateString(event.text.substr(0, kLongestText));
  return finished(builder, schema::CreateEvent(builder, event.id, event.kind, event.at_ns, event.wall_at_ns, event.frame_id,
                                               label, event.score, text));
}

Bytes encode(const CommandRecord& command) {
  flatbuffers::FlatBufferBuilder builder;
  const auto camera = builder.CreateString(command.camera);
  return finished(builder, schema::CreateCommand(builder, camera, command.kind, command.mode));
}

Bytes encode_reply(bool ok, const std::string& text) {
  flatbuffers::FlatBufferBuilder builder;
  const auto reply_text = builder.CreateString(text.substr(0, kLongestText));
  return finished(builder, schema::CreateReply(builder, ok, reply_text));
}

Result<DesiredState> decode_control(std::span<const std::byte> bytes) {
  RecordBuffer copy;
  VD_ASSIGN(const schema::Control* const record, copy_record<schema::Control>(bytes, copy));
  if (!is_mode(record->mode())) return bad_value("control record", "mode", static_cast<unsigned>(record->mode()));
  return DesiredState{record->mode(),    record->detect_fps(),      record->paused(),
                      record->session(), record->heartbeat_at_ns(), record->forced()};
}

Result<CameraState> decode_state(std::span<const std::byte> bytes) {
  RecordBuffer copy;
  VD_ASSIGN(const schema::State* const record, copy_record<schema::State>(bytes, copy));
  if (!is_mode(record->mode())) return bad_value("state record", "mode", static_cast<unsigned>(record->mode()));
  if (!is_mode(record->previous_mode())) return bad_value("state record", "mode", static_cast<unsigned>(record->previous_mode()));
  return CameraState{record->mode(),   record->previous_mode(), record->since_ns(), record->heartbeat_at_ns(),
                     record->paused(), record->last_frame_id(), record->targets(),  record->detections_stale(),
                     record->still()};
}

Result<CommandRecord> decode_command(std::span<const std::byte> bytes) {
  RecordBuffer copy;
  VD_ASSIGN(const schema::Command* const record, copy_record<schema::Command>(bytes, copy));
  if (record->kind() > schema::CommandKind::MAX) return bad_value("command", "kind", static_cast<unsigned>(record->kind()));
  if (!is_mode(record->mode())) return bad_value("command", "mode", static_cast<unsigned>(record->mode()));
  return CommandRecord{record->camera()->str(), record->kind(), record->mode()};
}

}  // namespace vedette::control
