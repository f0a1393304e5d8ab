#include "schema/records.h"

namespace vedette {

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
  }
  return "unknown";
}

}  // namespace vedette
