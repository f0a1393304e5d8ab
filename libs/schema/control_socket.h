// Where control listens for schema::Command, one a packet (SOCK_SEQPACKET); the answer is one schema::Reply. A name in the bus
// directory.
#pragma once

namespace vedette {

inline constexpr char kControlSocketName[] = "control.sock";

}  // namespace vedette
