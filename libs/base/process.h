// What every stage does to be a good child: stop on SIGTERM/SIGINT, end with its parent, leave no core behind.
// Call once from main() before the first thread starts. Process-wide.
#pragma once

#include <string>

namespace vedette {

// Exit codes that the supervisor acts on (0: done, anything else: restarted with back-off). After sysexits.h.
inline constexpr int kExitUsage = 64;    // wrong arguments: a restart can't mend it
inline constexpr int kExitRestart = 75;  // "start me again at once": the session changed
inline constexpr int kExitConfig = 78;   // configuration or its files are wrong: a restart can't mend it

// Installs SIGTERM/SIGINT handlers that only set a flag and write one byte to a pipe; ignores SIGPIPE; sets RLIMIT_CORE 0
// (a core dump of a process with big mappings holds its leases for seconds). A second SIGINT/SIGTERM ends at once.
void install_stop_signals();

bool stop_requested();
// Readable as soon as stop_requested() is true: for poll() and asio. -1 before install_stop_signals().
int stop_fd();
// As if SIGTERM had come: for a part of the process that wants all of it to end. Async-signal-safe.
void request_stop();

// This process is killed when its parent dies (PR_SET_PDEATHSIG), even while it hangs. False if the parent is gone already
// (`parent_pid` is the parent's pid as the parent knew it before fork).
bool end_with_parent(int parent_pid);

// The folder that this program's file lies in, without a slash at the end ("/usr/lib/vedette/bin").
std::string executable_dir();
// The folder of what comes with the programs (web/, models/): share/vedette beside bin/ where they are installed, else the
// build's.
std::string data_dir();

}  // namespace vedette
