#include "schema/records.h"

namespace vedette {

Error bad_value(std::string_view record, std::string_view field, unsigned value) {
  return {ErrorCode::kCorrupt,
          std::string(record) + " has " + std::string(field) + " " + std::to_string(value) + ", which there isn't"};
}

std::string_view to_string(schema::EventKind kind) {
  switch (kind) {
    case schema::EventKind::Alarm:
      return "alarm";
    case schema::EventKind::Standby:
      return "standby";
    case schema::EventKind::CameraLost:
      return "camera_lost";
    case schema::EventKind::CameraBack:
      return "camera_back";
    case schema::EventKind::DetectorLost:
      return "detector_lost";
    case schema::EventKind::DetectorBack:
      return "detector_back";
    case schema::EventKind::Object:
      return "object";
    case schema::EventKind::Crowd:
      return "crowd";
    case schema::EventKind::RecordingStopped:
      return "recording_stopped";
    case schema::EventKind::RecordingBack:
      return "recording_back";
  }
  return "unknown";
}

std::string_view to_string(schema::EventPhase phase) {
  switch (phase) {
    case schema::EventPhase::Once:
      return "once";
    case schema::EventPhase::Start:
      return "start";
    case schema::EventPhase::Update:
      return "update";
    case schema::EventPhase::End:
      return "end";
  }
  return "unknown";
}

std::string_view to_string(schema::MediaKind kind) { return kind == schema::MediaKind::Clip ? "clip" : "snapshot"; }

}  // namespace vedette
