#include "detect/stillness.h"

#include <algorithm>

#include "stage/topics.h"

namespace vedette::detect {

StillnessOptions stillness_options(const MotionConfig& config, const std::vector<ZoneConfig>& zones) {
  StillnessOptions options{{config.threshold, config.area, {}}, config.hold, config.recheck};
  for (const ZoneConfig& zone : zones) {
    vision::MotionZone& made = options.motion.zones.emplace_back();
    for (const Point& point : zone.polygon) made.polygon.push_back({point.x, point.y});
    made.ignored = zone.motion == "ignore";
    made.area = zone.motion_area;
  }
  return options;
}

Stillness::Stillness(const StillnessOptions& options, bus::RingWriter topic)
    : motion_(options.motion), gate_(options.hold, options.recheck), topic_(std::move(topic)) {}

Result<Stillness> Stillness::open(const bus::BusDir& dir, const std::string& camera, const StillnessOptions& options,
                                  const BusConfig& bus) {
  VD_ASSIGN(const bus::TopicName topic, bus::TopicName::make(camera, "motion"));
  VD_ASSIGN(bus::RingWriter writer, bus::RingWriter::open(dir, topic, stage::motion_ring({bus.readers, bus.held_per_reader})));
  return Stillness(options, std::move(writer));
}

Stillness::Answer Stillness::look(const FrameInfo& frame, const vision::ImageView& image, bool on_guard, std::uint64_t now_ns) {
  const vision::MotionResult seen = motion_.look(image, frame.captured_at_ns());
  const bool spared = !gate_.opens(seen.moving, on_guard, now_ns);
  return {spared, publish(frame, seen, spared)};
}

bool Stillness::publish(const FrameInfo& frame, const vision::MotionResult& seen, bool spared) {
  auto loan = topic_.loan();
  if (!loan) return topic_.count_drop(), false;
  MotionInfo info;
  info.mutate_frame_id(frame.frame_id());
  info.mutate_captured_at_ns(frame.captured_at_ns());
  info.mutate_published_at_ns(monotonic_ns());
  info.mutable_trace() = frame.trace();
  info.mutate_columns(static_cast<std::uint16_t>(seen.columns));
  info.mutate_rows(static_cast<std::uint16_t>(seen.rows));
  info.mutate_cell_width(static_cast<std::uint16_t>(seen.cell_width));
  info.mutate_cell_height(static_cast<std::uint16_t>(seen.cell_height));
  info.mutate_area(seen.area);
  info.mutate_threshold(seen.threshold);
  info.mutate_moving(seen.moving ? 1 : 0);
  info.mutate_light_changed(seen.light_changed ? 1 : 0);
  info.mutate_model_skipped(spared ? 1 : 0);
  const auto zones = static_cast<std::uint32_t>(std::min<std::size_t>(seen.zone_area.size(), kMaxMotionZones));
  info.mutate_zones(zones);
  for (std::uint32_t zone = 0; zone < zones; ++zone) info.mutable_zone_area()->Mutate(zone, seen.zone_area[zone]);
  const std::size_t bytes = write_motion(loan->bytes(), info, seen.cells, seen.luma);
  topic_.publish(std::move(*loan), frame.frame_id(), bytes);
  return true;
}

}  // namespace vedette::detect
