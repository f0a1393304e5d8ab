// What is told of an event, a camera's state, …: the JSON that goes to brokers, webhooks and hooks (docs/mqtt.md), and the values
// of the placeholders. Pure functions, thread-safe. Bytes that aren't UTF-8 become U+FFFD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "notify/news.h"

namespace vedette::notify {

// Files about an event; "": none known.
struct EventFiles {
  std::string snapshot;
  std::string clip;
};

// How a camera is reached.
struct CameraLink {
  bool online = false;
  std::string status;  // "open", "opening", "failed", "unknown"
  std::string about;
  std::string error;
  bool operator==(const CameraLink&) const = default;
};

std::string event_json(const Event& event, const EventFiles& files);
// `since_wall_ns`: when the mode began.
std::string state_json(const State& state, const CameraLink& link, std::uint64_t since_wall_ns);
std::string media_json(const Media& media);
std::string command_error_json(std::string_view key, std::string_view sentence);

// The mode that begins with such an event; none: no mode does.
std::optional<Mode> mode_of(schema::EventKind kind);

// detr-mmap's words for a change of mode; `event`: one that mode_of() has a mode for, `previous`: the mode before.
std::string detr_mmap_json(const Event& event, Mode previous);

// What stands for {{name}}; `name`: one of kEventPlaceholders.
std::string placeholder_value(std::string_view name, const Event& event, const EventFiles& files);

// "2026-11-21T05:00:00.123Z"
std::string utc_text(std::uint64_t wall_ns);

}  // namespace vedette::notify
