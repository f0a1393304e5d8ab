#include "detect/camera.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "stage/topics.h"

namespace vedette::detect {
namespace {

bus::RingOptions detections_ring(const BusConfig& bus, const ModelTraits& model) {
  return stage::detections_ring({bus.readers, bus.held_per_reader}, model.class_names);
}

}  // namespace

Camera::Camera(const bus::BusDir& dir, std::string name, const CameraOptions& options, const ModelTraits& model,
               bus::RingWriter detections)
    : name_(std::move(name)),
      options_(options),
      model_(model),
      frames_(dir, {name_, "frames"}, kFrameSchema),
      control_(dir, name_),
      detections_(std::move(detections)) {}

Result<Camera> Camera::open(const bus::BusDir& dir, const std::string& name, const CameraOptions& options,
                            const ModelTraits& model) {
  VD_ASSIGN(const bus::TopicName topic, bus::TopicName::make(name, "detections"));
  VD_ASSIGN(bus::RingWriter writer, bus::RingWriter::open(dir, topic, detections_ring(options.bus, model)));
  return Camera(dir, name, options, model, std::move(writer));
}

Result<> Camera::set_model(const ModelTraits& model) {
  VD_TRY(detections_.resize(detections_ring(options_.bus, model)));
  model_ = model;
  return {};
}

void Camera::follow_control(std::uint64_t now_ns) {
  detections_.beat();
  if (const auto good = control_.poll(now_ns); !good) refuse(good.error());
  const float fps = control_.detect_fps().value_or(options_.fps);
  rate_.set(fps);
  const bus::Demand wanted{.pixels = true, .fps = fps, .width = model_.width, .height = model_.height};
  frames_.set_demand(control_.paused() ? bus::Demand{} : wanted);
}

std::optional<std::uint64_t> Camera::due_at_ns() const {
  if (control_.paused()) return std::nullopt;
  return rate_.due_at_ns();
}

std::optional<Frame> Camera::take(std::uint64_t now_ns) {
  if (control_.paused() || !rate_.due(now_ns)) return std::nullopt;
  bus::Taken taken = frames_.take_newest();
  if (!taken) return std::nullopt;
  Frame frame{std::move(taken.lease), {}, {}};
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
  if (age_ns(frame.info.captured_at_ns(), now_ns) > to_ns(options_.deadline)) {
    ++counters_.late;
    return std::nullopt;
  }
  rate_.count(now_ns);
  return frame;
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
