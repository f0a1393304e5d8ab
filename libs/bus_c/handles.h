// What stands behind the C API's pointers and tokens, made so that misuse is found instead of crashing: a closed handle is an
// empty shell that stays readable, a released token matches nothing, a child of fork() is told that its parent's handles aren't
// its own. HandlePool is thread-safe; the rest belongs to its handle.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus_c/status.h"

namespace vedette::c {

// How many forks lie between the process that loaded the library and this one.
std::uint32_t forks();

// What vd_bus, vd_writer, vd_reader and vd_events are. Empty `state`: closed.
template <typename State>
struct Handle {
  std::shared_ptr<State> state;
  std::uint32_t opened_after_forks = 0;
};

// Makes handles and takes them back. The shell of a closed one isn't used again before kRest others were closed too: who uses a
// handle shortly after closing it finds it empty.
template <typename H>
class HandlePool {
 public:
  static HandlePool& instance() {
    static auto* pool = [] {
      auto* made = new HandlePool;  // never destroyed: a program may close its handles at any time
      // A child opens handles of its own: no other thread's lock may be left to it.
      ::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); }, [] { instance().mutex_.unlock(); });
      return made;
    }();
    return *pool;
  }

  template <typename State>
  H* open(std::shared_ptr<State> state) {
    const std::lock_guard lock(mutex_);
    H* handle = nullptr;
    if (resting_.size() > kRest) {
      handle = resting_.front();
      resting_.pop_front();
    } else {
      shells_.push_back(std::make_unique<H>());
      handle = shells_.back().get();
    }
    handle->state = std::move(state);
    handle->opened_after_forks = forks();
    return handle;
  }

  // Null and closed ones are ignored.
  void close(H* handle) {
    if (handle == nullptr || !handle->state) return;
    handle->state.reset();
    const std::lock_guard lock(mutex_);
    resting_.push_back(handle);
  }

 private:
  static constexpr std::size_t kRest = 256;
  std::mutex mutex_;
  std::vector<std::unique_ptr<H>> shells_;
  std::deque<H*> resting_;
};

// VD_OK if the handle can be used; `what`: "reader", … for the sentence.
template <typename H>
vd_status check_handle(const H* handle, const char* what) {
  if (handle != nullptr && handle->state && handle->opened_after_forks == forks()) return VD_OK;
  const std::string name(what);
  if (handle == nullptr) return fail(VD_INVALID_ARGUMENT, "the " + name + " is NULL");
  if (!handle->state) return fail(VD_INVALID_ARGUMENT, "the " + name + " is closed");
  return fail(VD_UNAVAILABLE, "the " + name + " was opened before fork(); its memory isn't inherited: open one in this process");
}

// A number that no other record or slot of this process has or had, in the upper bits of a token.
std::uint64_t next_serial();

// Owns things behind tokens: (serial << 16 | place + 1), never 0. A token matches only while its thing is there.
template <typename T>
class TokenTable {
 public:
  std::uint64_t put(T thing) {
    std::size_t place = 0;
    while (place < places_.size() && places_[place].thing) ++place;
    if (place == places_.size()) places_.emplace_back();
    places_[place].thing.emplace(std::move(thing));
    places_[place].token = next_serial() << 16 | (place + 1);
    return places_[place].token;
  }
  T* find(std::uint64_t token) {
    const std::size_t place = (token & 0xffff) - 1;  // 0 wraps around to none
    if (place >= places_.size() || !places_[place].thing || places_[place].token != token) return nullptr;
    return &*places_[place].thing;
  }
  // The thing behind a token that find() knows.
  T take(std::uint64_t token) {
    std::optional<T>& thing = places_[(token & 0xffff) - 1].thing;
    T taken = std::move(*thing);
    thing.reset();
    return taken;
  }

 private:
  struct Place {
    std::optional<T> thing;
    std::uint64_t token = 0;
  };
  std::vector<Place> places_;
};

// Reads a versioned struct of the caller's: `known` bytes are ours, `least` those of the first version. Newer fields must be 0.
vd_status check_size(std::uint32_t size, std::uint32_t least, std::uint32_t known, const void* options, const char* type);

}  // namespace vedette::c
