// vd_events_*: readers in an event loop.
#include <vector>

#include "bus/event_bridge.h"
#include "bus_c/bus_state.h"

namespace vedette::c {

struct EventsState {
  ~EventsState() {
    // A forked child has no such thread to end: what it inherited is let lie.
    if (opened_after_forks != forks()) (void)bridge.release();
  }
  const std::uint32_t opened_after_forks = forks();
  std::vector<std::shared_ptr<ReaderState>> readers;  // outlive the bridge, whatever is closed first
  std::unique_ptr<bus::EventBridge> bridge;
};

}  // namespace vedette::c

struct vd_events : vedette::c::Handle<vedette::c::EventsState> {};

using namespace vedette;

extern "C" {

vd_status vd_events_open(vd_reader* const* readers, size_t count, vd_events** events) {
  return c::guarded([&]() -> vd_status {
    if (events == nullptr)
      return c::fail(VD_INVALID_ARGUMENT, "vd_events_open: there is no place for the result (events is NULL)");
    *events = nullptr;
    if (readers == nullptr || count == 0) return c::fail(VD_INVALID_ARGUMENT, "vd_events_open: there is no reader to wait for");
    auto state = std::make_shared<c::EventsState>();
    std::vector<bus::Subscriber*> subscribers;
    for (std::size_t i = 0; i < count; ++i) {
      if (const vd_status status = c::check_handle(readers[i], "reader"); status != VD_OK) return status;
      state->readers.push_back(readers[i]->state);
      subscribers.push_back(&readers[i]->state->subscriber);
    }
    auto bridge = bus::EventBridge::open(subscribers);
    if (!bridge.ok()) return c::fail(bridge.error());
    state->bridge = std::move(bridge).value();
    *events = c::HandlePool<vd_events>::instance().open(std::move(state));
    return VD_OK;
  });
}

void vd_events_close(vd_events* events) { c::HandlePool<vd_events>::instance().close(events); }

int vd_events_fd(vd_events* events) { return c::check_handle(events, "vd_events") == VD_OK ? events->state->bridge->fd() : -1; }

vd_status vd_events_rearm(vd_events* events) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(events, "vd_events"); status != VD_OK) return status;
    events->state->bridge->rearm();
    return VD_OK;
  });
}

}  // extern "C"
