#include "detect/camera.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/clock.h"
#include "stage/topics.h"

namespace vedette::detect {
namespace {

constexpr Rectangle kWhole{{0.0f, 0.0f}, {1.0f, 1.0f}};

bus::RingOptions detections_ring(const BusConfig& bus, const ModelTraits& model) {
  return stage::detections_ring({bus.readers, bus.held_per_reader}, model.class_names);
}

// Motion that the model wouldn't see is no reason to run it.
vision::MotionOptions watching(vision::MotionOptions motion, const std::optional<Rectangle>& region) {
  if (!region) return motion;
  const auto& [from, to] = *region;
  motion.region = {{from.x, from.y}, {to.x, from.y}, {to.x, to.y}, {from.x, to.y}};
  return motion;
}

}  // namespace

vision::Region region_of(const std::optional<Rectangle>& rectangle, std::uint32_t width, std::uint32_t height) {
  if (!rectangle) return {0, 0, width, height};
  const auto first = [](float at, std::uint32_t size) {
    return std::min(static_cast<std::uint32_t>(at * static_cast<float>(size)), size - 1);
  };
  const auto end = [](float at, std::uint32_t size, std::uint32_t begin) {
    return std::clamp(static_cast<std::uint32_t>(std::ceil(at * static_cast<float>(size))), begin + 1, size);
  };
  const std::uint32_t x = first(rectangle->from.x, width), y = first(rectangle->from.y, height);
  return {x, y, end(rectangle->to.x, width, x) - x, end(rectangle->to.y, height, y) - y};
}

Camera::Camera(const bus::BusDir& dir, std::string name, const CameraOptions& options, const ModelTraits& model,
               bus::RingWriter detections, std::optional<Stillness> stillness)
    : name_(std::move(name)),
      options_(options),
      model_(model),
      frames_(dir, {name_, "frames"}, kFrameSchema),
      control_(dir, name_),
      detections_(std::move(detections)),
      stillness_(std::move(stillness)) {}

Result<Camera> Camera::open(const bus::BusDir& dir, const std::string& name, const CameraOptions& options,
                            const ModelTraits& model) {
  VD_ASSIGN(const bus::TopicName topic, bus::TopicName::make(name, "detections"));
  VD_ASSIGN(bus::RingWriter writer, bus::RingWriter::open(dir, topic, detections_ring(options.bus, model)));
  std::optional<Stillness> stillness;
  if (options.stillness) {
    StillnessOptions its = *options.stillness;
    its.motion = watching(std::move(its.motion), options.region);
    VD_ASSIGN(stillness, Stillness::open(dir, name, its, options.bus));
  }
  return Camera(dir, name, options, model, std::move(writer), std::move(stillness));
}

Result<> Camera::set_model(const ModelTraits& model) {
  VD_TRY(detections_.resize(detections_ring(options_.bus, model)));
  model_ = model;
  if (stillness_) stillness_->forget();
  return {};
}

void Camera::set_motion(const vision::MotionOptions& options) {
  if (stillness_) stillness_->set_motion(watching(options, options_.region));
}

void Camera::follow_control(std::uint64_t now_ns) {
  detections_.beat();
  if (stillness_) stillness_->beat();
  if (const auto good = control_.poll(now_ns); !good) refuse(good.error());
  const float fps = control_.detect_fps().value_or(options_.fps);
  rate_.set(fps);
  frames_.set_demand(is_idle() ? bus::Demand{} : wanted(fps));
}

// A picture whose region has the model's resolution.
bus::Demand Camera::wanted(float fps) const {
  const auto whole = [](std::uint16_t part, float share) {
    const float size = static_cast<float>(part) / share - 0.01f;  // 0.7 - 0.2 is a little less than half
    return static_cast<std::uint16_t>(std::min(std::ceil(size), 65535.0f));
  };
  const Rectangle region = options_.region.value_or(kWhole);
  return {.pixels = true,
          .fps = fps,
          .width = whole(model_.width, region.to.x - region.from.x),
          .height = whole(model_.height, region.to.y - region.from.y)};
}

std::optional<std::uint64_t> Camera::due_at_ns() const {
  if (is_idle()) return std::nullopt;
  return rate_.due_at_ns();
}

bool Camera::is_due(std::uint64_t now_ns) {
  if (rate_.due(now_ns)) return true;
  // A frame that comes too early: others want more of them.
  if (frames_are_rare_)
    if (const auto stats = frames_.stats(); stats && stats->frame_id != taken_id_) frames_are_rare_ = false;
  return false;
}

std::optional<Frame> Camera::take(std::uint64_t now_ns) {
  if (is_idle() || !is_due(now_ns)) return std::nullopt;
  bus::Taken taken = frames_.take_newest();
  if (!taken) return std::nullopt;
  Frame frame{std::move(taken.lease), {}, {}, {}};
  const auto slot = frame.lease.bytes();
  if (slot.size() < sizeof frame.info) {
    refuse(Error{ErrorCode::kCorrupt, "frame record: shorter than its header"});
    return std::nullopt;
  }
  std::memcpy(&frame.info, slot.data(), sizeof frame.info);
  auto image = vision::image_view(frame.info, slot);
  if (!image) {
    refuse(image.error());
    return std::nullopt;
  }
  frame.image = *image;
  frame.region = region_of(options_.region, image->width, image->height);
  if (age_ns(frame.info.captured_at_ns(), now_ns) > to_ns(options_.deadline)) {
    ++counters_.late;
    return std::nullopt;
  }
  frames_are_rare_ = frame.info.published_at_ns() >= rate_.due_at_ns();
  taken_id_ = frame.lease.frame_id();
  rate_.count(now_ns);
  return frame;
}

bool Camera::is_still(const Frame& frame, std::uint64_t now_ns) {
  if (!stillness_) return false;
  // Without a living control nobody says that it is Standby, and nobody would leave it when something is seen.
  const bool on_guard = !control_.alive() || control_.mode() != Mode::Standby;
  const Stillness::Answer answer = stillness_->look(frame.info, frame.image, on_guard, now_ns);
  rests_ = answer.spared;
  if (answer.spared) ++counters_.still;
  if (!answer.published) ++counters_.unpublished;
  return answer.spared;
}

void Camera::publish(const FrameInfo& frame, std::span<const Detection> boxes, std::uint64_t inference_ns) {
  auto loan = detections_.loan();
  if (!loan) {
    detections_.count_drop();
    ++counters_.unpublished;
    return;
  }
  DetectionsInfo info;
  info.mutate_frame_id(frame.frame_id());
  info.mutate_captured_at_ns(frame.captured_at_ns());
  info.mutate_published_at_ns(monotonic_ns());
  info.mutate_inference_ns(inference_ns);
  info.mutable_trace() = frame.trace();
  info.mutate_source_width(frame.source_width());
  info.mutate_source_height(frame.source_height());
  info.mutate_camera_clock_ms(camera_clock_ms(frame.camera_wall_at_ns()));
  const std::size_t bytes = write_detections(loan->bytes(), info, boxes);
  detections_.publish(std::move(*loan), frame.frame_id(), bytes);
  ++counters_.detected;
}

void Camera::refuse(const Error& error) {
  ++counters_.bad;
  last_mistake_ = error.text;
}

}  // namespace vedette::detect
