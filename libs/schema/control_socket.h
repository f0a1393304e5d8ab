// Where control listens for schema::Command, one a packet (SOCK_SEQPACKET); the answer is one schema::Reply. A name in the bus
// directory.
#pragma once

#include <cstddef>

namespace vedette {

inline constexpr char kControlSocketName[] = "control.sock";

// Largest packet, there and back: a command may hold all zones of a camera, an answer all mistakes in them.
inline constexpr std::size_t kMaxControlPacket = 64 * 1024;

}  // namespace vedette
