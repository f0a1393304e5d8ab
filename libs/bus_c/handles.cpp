#include "bus_c/handles.h"

#include <pthread.h>

#include <algorithm>

namespace vedette::c {
namespace {

std::atomic<std::uint32_t> fork_count{0};
std::atomic<std::uint64_t> serials{1};

const int kWatchesForks = ::pthread_atfork(nullptr, nullptr, [] { fork_count.fetch_add(1, std::memory_order_relaxed); });

}  // namespace

// relaxed, both: a fork's child has one thread; a serial orders nothing.
std::uint32_t forks() { return fork_count.load(std::memory_order_relaxed); }
std::uint64_t next_serial() { return serials.fetch_add(1, std::memory_order_relaxed); }

vd_status check_size(std::uint32_t size, std::uint32_t least, std::uint32_t known, const void* options, const char* type) {
  const std::string name(type);
  if (size < least || size > 4096)
    return fail(VD_INVALID_ARGUMENT, name + ".size is " + std::to_string(size) + "; start from " + name + "_default()");
  const auto* bytes = static_cast<const unsigned char*>(options);
  if (size > known && std::any_of(bytes + known, bytes + size, [](unsigned char byte) { return byte != 0; }))
    return fail(VD_INCOMPATIBLE, name + " asks for something that this libvedette_bus " VEDETTE_VERSION " doesn't know yet");
  return VD_OK;
}

}  // namespace vedette::c
