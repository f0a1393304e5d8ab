#include "encode/camera.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "base/clock.h"
#include "base/process.h"
#include "bus/inspect.h"
#include "schema/annex_b.h"
#include "telemetry/log.h"

namespace vedette::encode {
namespace {

constexpr Nanoseconds kNap = std::chrono::milliseconds(200);          // signs of life, while there is nothing to do
constexpr Nanoseconds kLongestWait = std::chrono::milliseconds(100);  // for a frame
constexpr std::uint64_t kLookEveryNs = 1'000'000'000;
constexpr std::uint64_t kTryAgainNs = 5'000'000'000;
constexpr std::uint64_t kWarningEveryNs = 10'000'000'000;
constexpr std::uint64_t kKeyframesApartNs = 500'000'000;  // however many readers come
constexpr int kMostFailures = 3;                          // of hardware, until the processor takes over
constexpr float kAssumedFps = 30.0f;

}  // namespace

Camera::Camera(const bus::BusDir& dir, CameraOptions options, Ways ways)
    : dir_(dir),
      options_(std::move(options)),
      ways_(std::move(ways)),
      stream_(static_cast<std::uint32_t>(wall_ns() / 1'000'000'000)) {}

void Camera::run() {
  while (!stop_requested()) {
    const std::uint64_t now = monotonic_ns();
    if (now >= next_look_ns_ && !frames_) look_for_pictures(now);
    if (!log_) {
      std::this_thread::sleep_for(kNap);
      continue;
    }
    log_->beat();
    follow_demand();
    frames_ ? step() : rest();
  }
}

bool Camera::has_topic(const std::string& topic) const { return bus::inspect(dir_, {options_.name, topic}).ok(); }

// Makes the log, or gives it up.
void Camera::look_for_pictures(std::uint64_t now_ns) {
  next_look_ns_ = now_ns + kLookEveryNs;
  const bool raw = has_topic(stage::frames_topic("")) && !has_topic(stage::packets_topic(""));
  if (raw == log_.has_value()) return;
  if (!raw && !has_topic(stage::packets_topic(""))) return;  // frames are away: they come back
  if (!raw) {
    log::info("{}: sends a bitstream, nothing is to be encoded", options_.name);
    log_->remove();
    watch_.reset();
    log_.reset();
    return;
  }
  const auto geometry = stage::encoded_log(options_.share, options_.encode.keyframe_interval, options_.encode.max_mbit);
  auto opened = bus::LogWriter::open(dir_, {options_.name, stage::kEncodedTopic}, geometry);
  if (!opened) {
    if (now_ns >= next_warning_ns_) log::warning("{}", opened.error().text);
    next_warning_ns_ = std::max(next_warning_ns_, now_ns) + kWarningEveryNs;
    return;
  }
  log_ = std::move(opened).value();
  stream_ = std::max(stream_, last_stream());
  log::info("{}: sends pictures without a bitstream; encodes them while somebody asks", options_.name);
}

// Of a predecessor; 0: there was none.
std::uint32_t Camera::last_stream() const {
  PacketInfo info;
  const auto newest = bus::glimpse(dir_, {options_.name, stage::kEncodedTopic}, sizeof info);
  if (!newest || newest->bytes.size() < sizeof info) return 0;
  std::memcpy(&info, newest->bytes.data(), sizeof info);
  return info.stream();
}

void Camera::follow_demand() {
  bus::DemandWatch watch = log_->watch_demand();
  const bus::Demand asked = log_->demand();
  // Both: a reader may have come that asks for the same, and the log's files may be others now.
  if (watch_ && !watch_->changed() && asked == asked_) return;
  watch_ = std::move(watch);
  asked_ = asked;
  if (!asked.packets) {
    if (frames_) log::info("{}: nobody asks any more", options_.name);
    frames_.reset();
    encoder_.reset();
    effort_ = 0;
    return;
  }
  keyframe_wanted_ = true;
  if (frames_) return;
  frames_.emplace(dir_, bus::TopicName{options_.name, stage::frames_topic("")}, kFrameSchema, bus::Demand::every_pixel());
  asked_at_ns_ = monotonic_ns();
  fps_ = kAssumedFps;
  refused_.reset();
}

void Camera::rest() { watch_->wait(kNap); }

// At most one picture.
void Camera::step() {
  bus::Subscriber* const frames[] = {&*frames_};
  (void)bus::wait_any(frames, kLongestWait);
  auto frame = take();
  if (!frame) return;
  if (const auto encoded = encode(*std::move(frame)); !encoded) failed(encoded.error());
}

std::optional<Camera::Frame> Camera::take() {
  bus::Taken taken = frames_->take_newest();
  if (!taken) {
    if (frames_->error()) bad(*frames_->error());
    return std::nullopt;
  }
  Frame frame{std::move(taken.lease), {}, {}};
  const auto slot = frame.lease.bytes();
  if (slot.size() < sizeof frame.info) return bad({ErrorCode::kCorrupt, "frame record: shorter than its header"}), std::nullopt;
  std::memcpy(&frame.info, slot.data(), sizeof frame.info);
  // What was published while nobody asked may be old.
  if (frame.info.captured_at_ns() < asked_at_ns_) return std::nullopt;
  const auto picture = vision::image_view(frame.info, slot);
  if (!picture) return bad(picture.error()), std::nullopt;
  frame.picture = *picture;
  return frame;
}

Result<> Camera::encode(Frame frame) {
  const std::uint64_t began = monotonic_ns();
  VD_TRY(ensure_encoder(shape_of(frame.picture)));
  if (!encoder_) return {};
  const bool keyframe = keyframe_due(began);
  if (keyframe) {
    keyframe_at_ns_ = began;
    keyframe_wanted_ = false;
  }
  // Stamps that grow, whatever the camera's clock does.
  pts_us_ = std::max(pts_us_ + 1, static_cast<std::int64_t>(frame.info.captured_at_ns() / 1000));
  PacketInfo& info = inside_[next_inside_++ % inside_.size()];
  info = PacketInfo{};
  info.mutate_frame_id(frame.info.frame_id());
  info.mutate_captured_at_ns(frame.info.captured_at_ns());
  info.mutate_wall_at_ns(frame.info.wall_at_ns());
  info.mutate_camera_wall_at_ns(frame.info.camera_wall_at_ns());
  info.mutable_trace() = frame.info.trace();
  info.mutate_pts_ns(pts_us_ * 1000);
  info.mutate_dts_ns(info.pts_ns());
  VD_TRY(encoder_->send(frame.picture, std::move(frame.lease), pts_us_, keyframe));
  while (const AVPacket* packet = encoder_->next()) publish(*packet);
  failures_ = 0;
  adapt(age_ns(began));
  return {};
}

// Without one if there can be none of this shape.
Result<> Camera::ensure_encoder(const Shape& shape) {
  if (encoder_ && encoder_->shape() == shape) return {};
  if (refused_ == shape || monotonic_ns() < next_try_ns_) return encoder_.reset(), Result<>();
  encoder_.reset();
  const EncoderOptions options{fps_, options_.encode.quality, options_.encode.max_mbit, effort_};
  auto opened = Encoder::open(ways_.chosen, shape, options);
  if (!opened && !ways_.chosen.software && ways_.software.codec != nullptr) {
    log::warning("{}: {}; encoding on the processor by {}", options_.name, opened.error().text, ways_.software.name());
    ways_.chosen = ways_.software;
    opened = Encoder::open(ways_.chosen, shape, options);
  }
  if (!opened) {
    refused_ = shape;
    log::warning("{}: {}x{} can't be encoded: {}", options_.name, shape.width, shape.height, opened.error().text);
    return {};
  }
  encoder_ = std::move(opened).value();
  parameter_sets_.clear();
  ++stream_;
  keyframe_at_ns_ = 0;
  inside_ = {};
  load_.begin(monotonic_ns());
  log::info("{}: encodes {}x{} {} by {}", options_.name, shape.width, shape.height, to_string(shape.format), ways_.chosen.name());
  return {};
}

bool Camera::keyframe_due(std::uint64_t now_ns) const {
  if (keyframe_at_ns_ == 0) return true;
  const std::uint64_t age = age_ns(keyframe_at_ns_, now_ns);
  return age >= to_ns(options_.encode.keyframe_interval) || (keyframe_wanted_ && age >= kKeyframesApartNs);
}

void Camera::publish(const AVPacket& packet) {
  const auto of_packet = [&](const PacketInfo& info) { return info.frame_id() != 0 && info.pts_ns() == packet.pts * 1000; };
  const auto found = std::find_if(inside_.begin(), inside_.end(), of_packet);
  if (found == inside_.end()) return;
  PacketInfo info = *found;
  const std::span data(reinterpret_cast<const std::byte*>(packet.data), static_cast<std::size_t>(packet.size));
  const bool keyframe = (packet.flags & AV_PKT_FLAG_KEY) != 0;
  H264Parts parts{{}, data};
  if (keyframe) {
    parts = split_h264(data);
    // Encoders that say them once only: those of before.
    if (!parts.parameter_sets.empty()) parameter_sets_.assign(parts.parameter_sets.begin(), parts.parameter_sets.end());
  }
  info.mutate_codec(Codec::H264);
  info.mutate_keyframe(keyframe ? 1 : 0);
  info.mutate_stream(stream_);
  info.mutate_width(encoder_->shape().width);
  info.mutate_height(encoder_->shape().height);
  info.mutate_published_at_ns(monotonic_ns());
  const auto pieces =
      packet_pieces(info, keyframe ? std::span<const std::byte>(parameter_sets_) : std::span<const std::byte>{}, parts.rest);
  // Those that refer to a packet that isn't there are of no use: the next one is a keyframe.
  if (!log_->append({info.frame_id(), info.captured_at_ns(), keyframe}, pieces)) keyframe_at_ns_ = 0;
}

// To the rate that pictures really come at, and to what this machine manages.
void Camera::adapt(std::uint64_t took_ns) {
  const auto finding = load_.note(monotonic_ns(), took_ns);
  if (!finding) return;
  if (finding->too_slow && ways_.chosen.software && effort_ < kLeastEffort) {
    ++effort_;
    encoder_.reset();
    log::warning("{}: this machine is too slow to encode {:.1f} pictures a second; goes on with less effort ({} of {})",
                 options_.name, finding->fps, effort_, kLeastEffort);
  } else if (!ways_.chosen.keeps_quality() && Load::is_off(fps_, finding->fps)) {
    fps_ = finding->fps;
    encoder_.reset();
  }
}

void Camera::failed(const Error& error) {
  log::warning("{}: {}", options_.name, error.text);
  encoder_.reset();
  if (++failures_ >= kMostFailures && !ways_.chosen.software && ways_.software.codec != nullptr) {
    log::warning("{}: {} fails again and again; encoding on the processor by {}", options_.name, ways_.chosen.name(),
                 ways_.software.name());
    ways_.chosen = ways_.software;
    failures_ = 0;
  } else if (failures_ >= kMostFailures) {
    next_try_ns_ = monotonic_ns() + kTryAgainNs;
  }
}

void Camera::bad(const Error& error) {
  const std::uint64_t now = monotonic_ns();
  if (now < next_warning_ns_) return;
  next_warning_ns_ = now + kWarningEveryNs;
  log::warning("{}: {}", options_.name, error.text);
}

}  // namespace vedette::encode
