// vd_bus_*: the bus directory; and what the other parts share.
#include <algorithm>
#include <cstring>
#include <limits>

#include "bus_c/bus_state.h"

namespace vedette::c {

static_assert(sizeof(vd_topic) == 64 && sizeof(vd_demand) == 16 && sizeof(vd_stats) == 72, "the ABI's sizes stay");
static_assert(sizeof(vd_writer_options) == 56 && sizeof(vd_reader_options) == 32 && sizeof(vd_slot) == 32 &&
                  sizeof(vd_record) == 64 && sizeof(vd_topic_info) == 64,
              "the ABI's sizes stay");

vd_demand to_c(const bus::Demand& demand) {
  std::uint32_t wants = 0;
  if (demand.pixels) wants |= VD_WANT_PIXELS;
  if (demand.packets) wants |= VD_WANT_PACKETS;
  return vd_demand{wants, demand.fps, demand.width, demand.height};
}

Result<bus::Demand> from_c(const vd_demand& demand) {
  constexpr float kMostFps = 6553.5f;
  if ((demand.wants & ~std::uint32_t{VD_WANT_PIXELS | VD_WANT_PACKETS}) != 0)
    return Error{ErrorCode::kInvalidArgument, "vd_demand.wants: expected VD_WANT_PIXELS, VD_WANT_PACKETS, both or 0"};
  if (!(demand.fps >= 0.0f && demand.fps <= kMostFps))
    return Error{ErrorCode::kInvalidArgument, "vd_demand.fps: expected 0 (every picture) to 6553.5 a second"};
  constexpr std::uint32_t kMostSide = std::numeric_limits<std::uint16_t>::max();
  if (demand.width > kMostSide || demand.height > kMostSide)
    return Error{ErrorCode::kInvalidArgument, "vd_demand: expected a width and height of 0 (the source's own) to 65535"};
  return bus::Demand{.pixels = (demand.wants & VD_WANT_PIXELS) != 0,
                     .packets = (demand.wants & VD_WANT_PACKETS) != 0,
                     .fps = demand.fps,
                     .width = static_cast<std::uint16_t>(demand.width),
                     .height = static_cast<std::uint16_t>(demand.height)};
}

vd_stats to_c(const bus::TopicStats& stats) {
  return vd_stats{stats.published, stats.dropped, stats.epoch, stats.beat_at_ns, stats.frame_id, stats.writer_pid, {}};
}

Nanoseconds timeout_of(std::int64_t timeout_ns) { return timeout_ns < 0 ? Nanoseconds::max() : Nanoseconds(timeout_ns); }

Result<bus::TopicName> topic_of(const char* text) {
  if (text == nullptr) return Error{ErrorCode::kInvalidArgument, "the topic's name is NULL; expected <camera>/<topic>"};
  return bus::TopicName::parse(std::string_view(text, ::strnlen(text, 256)));
}

}  // namespace vedette::c

using namespace vedette;

extern "C" {

vd_status vd_bus_open(const char* path, vd_bus** bus) {
  return c::guarded([&]() -> vd_status {
    if (bus == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_bus_open: there is no place for the result (bus is NULL)");
    *bus = nullptr;
    auto dir = bus::BusDir::open(path == nullptr ? "" : path);
    if (!dir.ok()) return c::fail(dir.error());
    auto state = std::make_shared<c::BusState>();
    state->dir = std::make_shared<const bus::BusDir>(std::move(dir).value());
    *bus = c::HandlePool<vd_bus>::instance().open(std::move(state));
    return VD_OK;
  });
}

void vd_bus_close(vd_bus* bus) { c::HandlePool<vd_bus>::instance().close(bus); }

vd_status vd_bus_topics(vd_bus* bus, vd_topic* topics, size_t capacity, size_t* count) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(bus, "bus"); status != VD_OK) return status;
    if (count == nullptr || (topics == nullptr && capacity > 0))
      return c::fail(VD_INVALID_ARGUMENT, "vd_bus_topics: there is no place for the result (topics or count is NULL)");
    const std::vector<bus::TopicName> found = bus->state->dir->topics();
    for (std::size_t i = 0; i < std::min(capacity, found.size()); ++i) {
      const std::string text = found[i].text();  // at most 31 + 1 + 31 bytes
      topics[i] = {};
      std::memcpy(topics[i].name, text.data(), std::min(text.size(), sizeof topics[i].name - 1));
    }
    *count = found.size();
    return VD_OK;
  });
}

vd_status vd_bus_free_bytes(vd_bus* bus, uint64_t* bytes) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(bus, "bus"); status != VD_OK) return status;
    if (bytes == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_bus_free_bytes: bytes is NULL");
    *bytes = bus->state->dir->free_bytes();
    return VD_OK;
  });
}

}  // extern "C"
