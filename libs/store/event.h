// What is kept of an event, and of a stretch of continuous recording. Plain data. Times for people are Unix milliseconds (UTC).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::store {

enum class EventState : std::uint8_t {
  kOpen = 0,         // it goes on, or its clip isn't whole yet
  kDone = 1,         // over, all files of it are there
  kInterrupted = 2,  // its recorder ended before it was over: goes on if the recorder comes back in time
};

struct EventKey {
  std::string camera;
  std::uint64_t id = 0;  // of the camera's, as in <cam>/events
  auto operator<=>(const EventKey&) const = default;
};

struct ZoneVisit {
  std::string zone;
  std::int64_t at_ms = 0;  // when the event got there
  bool operator==(const ZoneVisit&) const = default;
};

struct Event {
  EventKey key;
  std::string kind;  // "object", "alarm", …: to_string(schema::EventKind)
  std::string rule;
  std::string label;
  std::string text;               // one line for people
  std::vector<ZoneVisit> visits;  // in order; empty: the whole picture
  std::uint64_t track = 0;
  float score = 0.0f;
  std::int64_t started_at_ms = 0;
  std::int64_t ended_at_ms = 0;  // 0: not yet
  // Where it is on its best picture, relative; width 0: nowhere.
  float x = 0.0f;
  float y = 0.0f;
  float width = 0.0f;
  float height = 0.0f;
  EventState state = EventState::kOpen;
  bool favourite = false;  // never removed for its age or for room

  // Its files (store/tree.h has their names).
  bool snapshot = false;          // the whole picture, the part with the event, and the one with a box, if asked for
  std::uint32_t clips = 0;        // parts: a new one where the camera's stream changed
  std::int64_t clip_ms = 0;       // of all parts together
  std::string codec;              // of the clip's pictures: "h264", "hevc", "mjpeg"; "": no clip
  std::uint64_t bytes = 0;        // of all its files
  std::uint64_t until_at_ns = 0;  // monotonic: its clip is recorded up to there

  bool operator==(const Event&) const = default;
};

// The zones an event was in, in order, each once: "door,yard".
std::string zones_text(const std::vector<ZoneVisit>& visits);

struct Segment {
  std::string camera;
  std::int64_t started_at_ms = 0;
  std::int64_t ended_at_ms = 0;
  std::uint64_t bytes = 0;
  bool operator==(const Segment&) const = default;
};

}  // namespace vedette::store
