// Time stamps and ids within the records of the known schemas: when a record was published, and what it says when it is published
// again. Records of other schemas, and those that aren't valid, stay as they are. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vedette::recording {

// CLOCK_MONOTONIC; none: the record doesn't say.
std::optional<std::uint64_t> published_at_ns(std::uint64_t schema_id, std::span<const std::byte> record);

struct Move {
  std::int64_t shift_ns = 0;           // added to every monotonic time stamp but 0
  std::int64_t captured_shift_ns = 0;  // added to the capture time in its place
  std::int64_t id_shift = 0;           // added to every frame id but 0
  std::string_view camera;             // a frame's new camera; "": as it is
};
// Wall times stay: they say when the pictures were taken.
void restamp(std::uint64_t schema_id, std::span<std::byte> record, const Move& move);

}  // namespace vedette::recording
