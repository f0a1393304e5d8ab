// What the records of the known schemas say, for people and for scripts. Bytes are hostile: copied, checked, then read.
// Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vedette::look {

// As the topic is called: "frames", "detections", "tracks", "events", …; else the number in hexadecimal.
std::string schema_name(std::uint64_t schema_id);

// So many of a record's first bytes are enough for all that is here, pixels aside.
inline constexpr std::size_t kGlimpseBytes = 20480;

// When what the record speaks of happened, CLOCK_MONOTONIC: a picture's capture, a state's last heartbeat. None: unknown.
std::optional<std::uint64_t> happened_at_ns(std::uint64_t schema_id, std::span<const std::byte> record);

// All fields. `class_names`: of a topic of detections or tracks. A record that isn't valid: {"error": why}; of an unknown schema:
// {"hex": its first 64 bytes}.
nlohmann::ordered_json to_json(std::uint64_t schema_id, std::span<const std::byte> record,
                               const std::vector<std::string>& class_names, std::uint64_t now_ns);
// The same as one line without a line break; nothing in it can confuse a terminal.
std::string to_line(const nlohmann::ordered_json& record);

// Text out of shared memory without control characters.
std::string printable(std::string_view text);

}  // namespace vedette::look
