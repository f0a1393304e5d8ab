// Threads beside the program's own: with a name that debuggers and top show, and without signals.
#pragma once

#include <pthread.h>

#include <thread>
#include <utility>

#include "base/signals_blocked.h"

namespace vedette {

// `name`: at most 15 bytes. Signals never reach it (unless it unblocks one): they are for the program's own threads.
// std::system_error if there is no thread to be had.
template <typename Run>
std::thread start_thread(const char* name, Run run) {
  const SignalsBlocked blocked;
  std::thread thread(std::move(run));
  ::pthread_setname_np(thread.native_handle(), name);
  return thread;
}

}  // namespace vedette
