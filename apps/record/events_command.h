// `vedette events`: lists what was recorded, marks favourites, removes events. Beside a recorder that runs or without one.
// Prints; the exit code is main()'s.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "store/event.h"

namespace vedette::record {

// argv[0] is the subcommand's name.
int events_command(int argc, char** argv);

// "front/1846212334592"; none: not an event's.
std::optional<store::EventKey> parse_key(std::string_view text);
// A time as people write it: "2h" (ago), "2026-11-26", "2026-11-26T12:05" or with seconds (UTC), as Unix milliseconds.
std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms);

}  // namespace vedette::record
