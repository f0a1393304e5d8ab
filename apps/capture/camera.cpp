#include "capture/camera.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/process.h"
#include "bus/inspect.h"
#include "telemetry/log.h"

namespace vedette::capture {
namespace {

constexpr std::uint64_t kIdleEveryNs = 100'000'000;
constexpr std::uint64_t kBackoffMinNs = 500'000'000;
// A device that comes back is noticed at once (its source waits for it); a network camera is knocked at no more often than this.
constexpr std::uint64_t kBackoffMaxNs = 10'000'000'000;
constexpr std::uint64_t kDeviceBackoffMaxNs = 1'000'000'000;
constexpr std::uint64_t kTellEveryNs = 10'000'000'000;
constexpr std::uint64_t kNsPerMs = 1'000'000;

// Opening the same once more gives the same.
bool is_permanent(ErrorCode code) {
  return code == ErrorCode::kNotFound || code == ErrorCode::kCorrupt || code == ErrorCode::kInvalidArgument ||
         code == ErrorCode::kPermissionDenied;
}

SourceClock::Kind clock_kind(const CameraOptions& options) {
  const bool playback = is_playback(kind_of(options.source.url)) && options.pace == Pace::kSource;
  return playback ? SourceClock::Kind::kPlayback : SourceClock::Kind::kLive;
}

}  // namespace

std::uint64_t last_frame_id(const bus::BusDir& dir, std::initializer_list<bus::TopicName> topics) {
  std::uint64_t last = 0;
  for (const bus::TopicName& topic : topics)
    if (const auto report = bus::inspect(dir, topic); report.ok()) last = std::max(last, report->stats.frame_id);
  return last;
}

Camera::Camera(CameraOptions options, const bus::BusDir& dir, Slots& slots, Packets& packets, stage::ControlReader& control,
               std::uint64_t last_id, SourceReport* report)
    : options_(std::move(options)),
      dir_(dir),
      kind_(kind_of(options_.source.url)),
      slots_(slots),
      packets_(packets),
      control_(control),
      retouch_(options_.orientation, options_.masks),
      report_(report),
      ids_(last_id, wall_ns()),
      clock_(clock_kind(options_)),
      backoff_ns_(kBackoffMinNs) {}

Result<Camera::End> Camera::run() {
  const auto ended = [&] { return control_.session_changed() && !stop_requested() ? End::kRestart : End::kStopped; };
  const bool playback = is_playback(kind_);
  Sources sources(options_.source, dir_, slots_, [this] { return idle(); });
  while (idle()) {
    auto source = sources.open();
    if (!idle()) break;
    if (!source.ok()) {
      const bool hopeless = playback || kind_ == SourceKind::kSynthetic;
      if (hopeless && is_permanent(source.error().code)) {
        if (report_ != nullptr) report_->failed(source.error().text);
        return std::move(source).error();
      }
      if (!back_off(source.error().text)) break;
      continue;
    }
    VD_ASSIGN(const Played played, play(**source));
    if (played == Played::kStopped) break;
    if (played == Played::kEnd && playback && !options_.loop) return End::kFinished;
    const std::string why = played == Played::kFailed ? failure_.text : "the stream ended";
    source->reset();  // a device can't be opened twice
    if (!(playback && played == Played::kEnd) && !back_off(why)) break;
  }
  return ended();
}

// Rounds over one opened source, until it fails or has to be opened again.
Result<Camera::Played> Camera::play(Source& source) {
  stream_ = std::max(stream_ + 1, static_cast<std::uint32_t>(wall_ns() / 1'000'000'000));
  const FlowOptions flow_options{
      options_.name,           options_.fps,    is_playback(kind_) && options_.pace == Pace::kFast, options_.pixels,
      options_.pass_bitstream, options_.decoder};
  auto opened =
      Flow::open(flow_options, {slots_, packets_, control_, retouch_, ids_, clock_}, source, stream_, [this] { return idle(); });
  if (!opened.ok()) {
    failure_ = std::move(opened).error().in(log::redact_url(options_.source.url));
    if (is_playback(kind_)) return failure_;
    return Played::kFailed;
  }
  Flow& flow = **opened;
  tell_about_source(source, flow);
  if (report_ != nullptr) report_->opened(source.video().description);
  standby_.reset();
  for (bool again = false;; again = true) {
    flow.begin_round();
    VD_ASSIGN(const Played played, play_round(source, flow));
    stream_ = flow.stream();
    if (played == Played::kStopped || !is_playback(kind_)) return played;
    if (flow.pictures() == 0 && again) return Played::kEnd;  // rewinding this format doesn't work: opening it again does
    if (flow.pictures() == 0)
      return Error{ErrorCode::kCorrupt, log::redact_url(options_.source.url) + ": not one picture could be decoded"};
    if (played == Played::kFailed) log::warning("{}; taken as the file's end", failure_.text);
    clock_.next_round(flow.length_ns());
    if (!options_.loop || !source.rewind()) return Played::kEnd;
  }
}

Result<Camera::Played> Camera::play_round(Source& source, Flow& flow) {
  for (;;) {
    follow_mode(source);  // not between a packet and its use: a device that changes its rate takes back what it gave
    const Source::Read read = source.read();
    if (read == Source::Read::kStopped || !idle()) return Played::kStopped;
    if (read == Source::Read::kFailed || read == Source::Read::kEnd) return end_round(source, flow, read);
    if (read == Source::Read::kPacket) {
      pace(source);
      if (stop_requested()) return Played::kStopped;
      VD_TRY(flow.take(source.packet()));
      if (flow.pictures() > 0) {
        backoff_ns_ = kBackoffMinNs;
        if (report_ != nullptr) report_->picture(flow.good_at_ns());
      }
      tell_about_way(flow);
    }
    tell_about_damage(source, flow);
    const bool may_be_mended = !is_playback(kind_) && kind_ != SourceKind::kIngest;
    if (may_be_mended && age_ns(flow.good_at_ns()) > to_ns(options_.watchdog)) {
      failure_ = Error{ErrorCode::kUnavailable, log::redact_url(options_.source.url) + ": data, but no whole picture for " +
                                                    std::to_string(options_.watchdog.count()) + " ms"};
      return Played::kFailed;
    }
  }
}

Result<Camera::Played> Camera::end_round(Source& source, Flow& flow, Source::Read read) {
  VD_TRY(flow.finish());
  tell_about_damage(source, flow);
  if (read == Source::Read::kEnd) return Played::kEnd;
  failure_ = source.error();
  return Played::kFailed;
}

// Of a live source notes how its stamps lie to our clock; of one that is played waits until the packet is due.
void Camera::pace(const Source& source) {
  const Packet& packet = source.packet();
  const bool playback = source.clock() == Source::Clock::kPlayback;
  const std::int64_t stamp = playback && packet.dts_ns != kNoTimestamp ? packet.dts_ns : packet.pts_ns;
  if (source.clock() == Source::Clock::kMonotonic || stamp == kNoTimestamp) return;
  // Sound has its own delay; the picture's clock is the one that counts.
  if (packet.kind != Packet::Kind::kAudio) clock_.observe(stamp, packet.arrived_ns);
  if (playback && options_.pace == Pace::kSource) sleep_until(clock_.to_monotonic(stamp));
}

void Camera::follow_mode(Source& source) {
  const bool standby = control_.alive() && control_.mode() == Mode::Standby;
  if (standby_ == standby) return;
  standby_ = standby;
  if (const auto set = source.set_standby(standby); !set.ok()) log::warning("{}", set.error().text);
}

// Once, and again when it has changed or come back.
void Camera::tell_about_source(const Source& source, const Flow& flow) {
  const std::string text = log::redact_url(options_.source.url) + ": " + source.video().description;
  if (std::exchange(told_source_, text) == text) return;
  log::info("{}", text);
  if (const LibavDecoder* decoder = flow.decoder(); decoder != nullptr) {
    if (!decoder->fallback().empty()) log::warning("{}; decoding on the processor", decoder->fallback());
    if (decoder->where() != "cpu") log::info("decoding by {}", decoder->where());
  }
  if (source.video().codec == Codec::Unknown) {
    // A device's raw pictures, drawn and pushed ones aren't meant to have packets.
    if (source.video().parameters != nullptr)
      log::warning("{} can't be passed on or recorded; expected H.264, H.265 or MJPEG{}",
                   avcodec_get_name(source.video().parameters->codec_id),
                   options_.pixels ? "" : ": nothing of this input is published");
  } else if (!options_.pass_bitstream) {
    log::info(
        "masked or turned: the camera's own bitstream isn't published; packets are encoded anew as JPEG while somebody reads "
        "them, which costs a decode and an encode of every picture");
  }
}

// What shows only when pictures are on their way: once each.
void Camera::tell_about_way(const Flow& flow) {
  const SlotCounters counters = slots_.counters();
  const LibavDecoder* decoder = flow.decoder();
  if (decoder != nullptr && decoder->refused() && !std::exchange(told_refused_, true))
    log::warning("{} can't decode what this stream has become; decoding on the processor", decoder->where());
  if (const auto error = slots_.growth_error(); error && !std::exchange(told_growth_, true))
    log::error("{}; larger pictures than before are dropped", error->text);
  if (packets_.counters().too_long > 0 && !std::exchange(told_too_long_, true))
    log::warning("pictures of more bytes than a packet may have aren't published; expected max_mbit to be what the camera sends");
  if (counters.converted > 0 && !std::exchange(told_converted_, true))
    log::info("the decoder's pixel format is none that readers know: pictures are converted to I420");
  if (counters.copied > 0 && !std::exchange(told_copied_, true))
    log::info("the decoder doesn't work in the ring's slots, or needs more of them than there are: pictures are copied");
}

void Camera::tell_about_damage(const Source& source, const Flow& flow) {
  const std::uint64_t bad = source.counters().bad + flow.bad();
  const std::uint64_t lost = source.counters().lost;
  const std::uint64_t now = monotonic_ns();
  if ((bad == told_bad_ && lost == told_lost_) || now < next_tell_ns_) return;
  if (bad != told_bad_) log::warning("{} damaged packets or pictures skipped since it was opened", bad);
  if (lost != told_lost_) log::warning("{} pictures lost before we could take them since it was opened", lost);
  told_bad_ = bad;
  told_lost_ = lost;
  next_tell_ns_ = now + kTellEveryNs;
}

bool Camera::idle() {
  const std::uint64_t now = monotonic_ns();
  if (now >= next_idle_ns_) {
    next_idle_ns_ = now + kIdleEveryNs;
    slots_.beat();
    packets_.beat();
    if (report_ != nullptr) report_->beat(now);
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
  if (report_ != nullptr) report_->failed(why);
  log::warning("{}; opening it again in {} ms", why, backoff_ns_ / kNsPerMs);
  const bool go_on = sleep_until(monotonic_ns() + backoff_ns_);
  backoff_ns_ = std::min(backoff_ns_ * 2, kind_ == SourceKind::kDevice ? kDeviceBackoffMaxNs : kBackoffMaxNs);
  return go_on;
}

}  // namespace vedette::capture
