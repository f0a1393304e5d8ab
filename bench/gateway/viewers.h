// Viewers by WebSocket, many on one thread: they read all that comes and count messages of pictures; and what a server's
// processor time for it was. Reading costs the same whoever serves.
#pragma once

#include <cstdint>
#include <string>

namespace vedette::bench {

struct Service {
  double cpu_ns = 0;    // of all threads of the server
  double pictures = 0;  // delivered, to all viewers together
  double bytes = 0;     // of their messages
};

// `viewers` at ws://127.0.0.1:<port><target>, served by the process `pid`: what was delivered in `measure_s`, `settle_s` after
// each had a picture. Fails if some viewer gets nothing.
Service watch(int port, const std::string& target, int viewers, int pid, double settle_s, double measure_s);

}  // namespace vedette::bench
