#include "capture/camera.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/process.h"
#include "telemetry/log.h"

namespace vedette::capture {
namespace {

constexpr std::uint64_t kIdleEveryNs = 100'000'000;
constexpr std::uint64_t kBackoffMinNs = 500'000'000;
constexpr std::uint64_t kBackoffMaxNs = 10'000'000'000;
constexpr std::uint64_t kTellEveryNs = 10'000'000'000;
constexpr std::uint64_t kNsPerMs = 1'000'000;

// Opening the same file once more gives the same.
bool is_permanent(ErrorCode code) {
  return code == ErrorCode::kNotFound || code == ErrorCode::kCorrupt || code == ErrorCode::kInvalidArgument ||
         code == ErrorCode::kPermissionDenied;
}

SourceClock::Kind clock_kind(const CameraOptions& options) {
  const bool playback = kind_of(options.source.url) == SourceKind::kFile && options.pace == Pace::kSource;
  return playback ? SourceClock::Kind::kPlayback : SourceClock::Kind::kLive;
}

}  // namespace

Camera::Camera(CameraOptions options, Slots& slots, stage::ControlReader& control)
    : options_(std::move(options)),
      is_file_(kind_of(options_.source.url) == SourceKind::kFile),
      slots_(slots),
      control_(control),
      clock_(clock_kind(options_)),
      random_(std::random_device{}()),
      backoff_ns_(kBackoffMinNs) {}

Result<Camera::End> Camera::run() {
  const auto ended = [&] { return control_.session_changed() && !stop_requested() ? End::kRestart : End::kStopped; };
  while (idle()) {
    auto source = Source::open(options_.source, slots_, [this] { return idle(); });
    if (!idle()) break;
    if (!source.ok()) {
      if (is_file_ && is_permanent(source.error().code)) return std::move(source).error();
      if (!back_off(source.error().text)) break;
      continue;
    }
    tell_about_source(**source);
    VD_ASSIGN(const Played played, play(**source));
    if (played == Played::kStopped) break;
    if (played == Played::kEnd && is_file_ && !options_.loop) return End::kFinished;
    const std::string why = played == Played::kFailed ? (*source)->error().text : "the stream ended";
    source->reset();  // a device can't be opened twice
    if (!(is_file_ && played == Played::kEnd) && !back_off(why)) break;
  }
  return ended();
}

// Rounds over one opened source, until it fails or has to be opened again.
Result<Camera::Played> Camera::play(Source& source) {
  for (bool again = false;; again = true) {
    VD_ASSIGN(const Played played, play_round(source));
    if (played == Played::kStopped || !is_file_) return played;
    if (pictures_ == 0 && again) return Played::kEnd;  // rewinding this format doesn't work: opening it again does
    if (pictures_ == 0)
      return Error{ErrorCode::kCorrupt, log::redact_url(options_.source.url) + ": not one picture could be decoded"};
    if (played == Played::kFailed) log::warning("{}; taken as the file's end", source.error().text);
    clock_.next_round(end_ns_ - first_ns_);
    if (!options_.loop || !source.rewind()) return Played::kEnd;
  }
}

Result<Camera::Played> Camera::play_round(Source& source) {
  pictures_ = 0;
  arrivals_.fill({});
  for (;;) {
    const Source::Read read = source.read();
    if (read == Source::Read::kStopped || !idle()) return Played::kStopped;
    if (read == Source::Read::kFailed || read == Source::Read::kEnd) {
      source.flush();
      VD_TRY(show_pictures(source));
      return read == Source::Read::kEnd ? Played::kEnd : Played::kFailed;
    }
    if (read == Source::Read::kNothing) continue;
    const std::uint64_t now = monotonic_ns();
    pace_packet(source, now);
    if (stop_requested()) return Played::kStopped;
    // Each packet a picture: what nobody wants isn't even decoded.
    packet_wanted_ = !source.intra_only() || wanted(packet_due(source, now));
    if (!packet_wanted_ && pictures_ > 0) continue;
    source.decode();
    VD_TRY(show_pictures(source));
    tell_about_damage(source);
  }
}

// Notes when the packet came; of a file played at its own pace, waits until it is due.
void Camera::pace_packet(Source& source, std::uint64_t now_ns) {
  const std::int64_t stamp = source.packet_time();
  arrivals_[next_arrival_++ % arrivals_.size()] = {stamp, now_ns};
  clock_.observe(stamp, now_ns);
  if (is_file_ && options_.pace == Pace::kSource) sleep_until(clock_.to_monotonic(stamp));
}

std::uint64_t Camera::packet_due(const Source& source, std::uint64_t now_ns) const {
  return options_.pace == Pace::kFast ? now_ns : clock_.to_monotonic(source.packet_time());
}

Result<> Camera::show_pictures(Source& source) {
  while (const AVFrame* picture = source.next_picture()) VD_TRY(show(source, *picture));
  return {};
}

Result<> Camera::show(Source& source, const AVFrame& picture) {
  const std::uint64_t at = std::max(taken_at(source), last_taken_ns_);
  last_taken_ns_ = at;
  ++pictures_;
  backoff_ns_ = kBackoffMinNs;
  if (source.intra_only() ? !packet_wanted_ : !wanted(at)) return {};
  // A picture that the decoder gave before its time (B-frames) isn't shown early.
  if (at > monotonic_ns() && !sleep_until(at)) return {};
  FrameInfo info;
  set_camera(info, options_.name);
  const std::uint64_t now = monotonic_ns();
  info.mutate_captured_at_ns(std::min(at, now));
  info.mutate_wall_at_ns(wall_ns() - age_ns(at, now));
  info.mutate_mode(control_.mode());
  TraceContext& trace = info.mutable_trace();
  trace.mutate_trace_id_high(random_());
  trace.mutate_trace_id_low(random_());
  trace.mutate_span_id(random_());
  trace.mutate_flags(1);  // W3C "sampled"
  VD_TRY(slots_.publish(picture, info));
  tell_about_copies();
  return {};
}

// When the picture that came out of the decoder last was taken, on CLOCK_MONOTONIC.
std::uint64_t Camera::taken_at(Source& source) {
  const std::int64_t stamp = source.picture_time();
  if (pictures_ == 0) first_ns_ = end_ns_ = stamp;
  first_ns_ = std::min(first_ns_, stamp);
  end_ns_ = std::max(end_ns_, stamp + source.frame_duration_ns());
  const std::uint64_t now = monotonic_ns();
  if (is_file_ && options_.pace == Pace::kSource) return clock_.to_monotonic(stamp);
  if (is_file_) return arrival_of(stamp);
  // A device stamps with our own clock when the sensor was read.
  const auto sensor = static_cast<std::uint64_t>(stamp);
  if (source.clock_is_monotonic() && stamp > 0 && sensor <= now && now - sensor < SourceClock::kMaxJump) return sensor;
  return std::min(clock_.to_monotonic(stamp), now);
}

std::uint64_t Camera::arrival_of(std::int64_t stamp_ns) const {
  for (const Arrival& arrival : arrivals_)
    if (arrival.at_ns != 0 && arrival.stamp_ns == stamp_ns) return arrival.at_ns;
  return arrivals_[(next_arrival_ + arrivals_.size() - 1) % arrivals_.size()].at_ns;
}

bool Camera::wanted(std::uint64_t at_ns) {
  // The first picture makes the topic, so that readers can ask for more.
  if (!slots_.has_published()) return true;
  const bus::Demand demand = slots_.demand();
  if (control_.paused() || !demand.pixels) return false;
  const float fps = options_.fps > 0 && demand.fps > 0 ? std::min(options_.fps, demand.fps) : std::max(options_.fps, demand.fps);
  return cap_.wants(at_ns, fps);
}

// Once, and again when it has changed or come back.
void Camera::tell_about_source(const Source& source) {
  const std::string text = log::redact_url(options_.source.url) + ": " + source.description();
  if (std::exchange(told_source_, text) != text) log::info("{}", text);
}

void Camera::tell_about_copies() {
  const SlotCounters counters = slots_.counters();
  if (counters.converted > 0 && !std::exchange(told_converted_, true))
    log::info("the decoder's pixel format is none that readers know: pictures are converted to I420");
  if (counters.copied > 0 && !std::exchange(told_copied_, true))
    log::info("the decoder doesn't work in the ring's slots, or needs more of them than there are: pictures are copied");
}

void Camera::tell_about_damage(const Source& source) {
  const std::uint64_t bad = source.counters().bad;
  const std::uint64_t now = monotonic_ns();
  if (bad == told_bad_ || now < next_tell_ns_) return;
  log::warning("{} damaged packets or pictures skipped so far", bad);
  told_bad_ = bad;
  next_tell_ns_ = now + kTellEveryNs;
}

bool Camera::idle() {
  const std::uint64_t now = monotonic_ns();
  if (now >= next_idle_ns_) {
    next_idle_ns_ = now + kIdleEveryNs;
    slots_.beat();
    (void)control_.poll(now);  // a record that was refused isn't worth a word: the next one comes with the next heartbeat
  }
  return !stop_requested() && !control_.session_changed();
}

bool Camera::sleep_until(std::uint64_t when_ns) {
  pollfd stop{stop_fd(), POLLIN, 0};
  while (idle()) {
    const std::uint64_t now = monotonic_ns();
    if (now >= when_ns) return true;
    const std::uint64_t rest = std::min(when_ns - now, kIdleEveryNs);
    const timespec timeout{0, static_cast<long>(rest)};
    ::ppoll(&stop, 1, &timeout, nullptr);
  }
  return false;
}

bool Camera::back_off(const std::string& why) {
  told_source_.clear();
  log::warning("{}; opening it again in {} ms", why, backoff_ns_ / kNsPerMs);
  const bool go_on = sleep_until(monotonic_ns() + backoff_ns_);
  backoff_ns_ = std::min(backoff_ns_ * 2, kBackoffMaxNs);
  return go_on;
}

}  // namespace vedette::capture
