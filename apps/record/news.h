// News: a record of <cam>/events as a plain struct. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "schema/records.h"

namespace vedette::record {

// A part of a picture, relative; width 0: none.
struct Box {
  float x = 0.0f;
  float y = 0.0f;
  float width = 0.0f;
  float height = 0.0f;
};

struct News {
  std::uint64_t id = 0;
  schema::EventKind kind = schema::EventKind::Alarm;
  schema::EventPhase phase = schema::EventPhase::Once;
  std::uint64_t at_ns = 0;
  std::uint64_t wall_at_ns = 0;
  std::string label;
  float score = 0.0f;
  std::string text;
  std::string rule;
  std::string zone;
  std::uint64_t track = 0;
  std::uint64_t started_at_ns = 0;  // of the event; for Once: at_ns
  std::uint64_t started_wall_at_ns = 0;
  std::uint64_t best_frame_id = 0;  // 0: none
  std::uint64_t best_captured_at_ns = 0;
  Box box;
};

// Copied out of shared memory first, then verified, every value in its range.
Result<News> read_news(std::span<const std::byte> record);

}  // namespace vedette::record
