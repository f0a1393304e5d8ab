// What a viewer may say over its WebSocket: a ping, by which it learns how its clock stands to ours. Any bytes may come: all
// else is ignored. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vedette::gateway {

struct Ping {
  std::int64_t id = 0;
  double client_ms = 0;  // finite
};

// {"type":"ping","id":n,"client_ms":x}; empty for anything else.
std::optional<Ping> parse_ping(std::string_view text);
// The answer; `now_ns` is this machine's monotonic clock, that of captured_at_ms.
std::string pong_json(const Ping& ping, std::uint64_t now_ns);

}  // namespace vedette::gateway
