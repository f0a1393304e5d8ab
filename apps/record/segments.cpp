#include "record/segments.h"

#include <utility>

#include "base/clock.h"
#include "telemetry/log.h"

namespace vedette::record {
namespace {

constexpr std::uint64_t kGoneNs = 10'000'000'000;   // no packet for so long: what there is becomes a file
constexpr std::uint64_t kPauseNs = 30'000'000'000;  // after what wasn't the disk's fault

}  // namespace

Segments::Segments(store::Store& store, Disk& disk, Feed& feed, std::string camera, std::uint64_t segment_ns)
    : store_(store), disk_(disk), feed_(feed), camera_(std::move(camera)), segment_ns_(segment_ns) {
  begin(monotonic_ns());
}

Segments::~Segments() { pause(); }

void Segments::begin(std::uint64_t now_ns) {
  if (recording_ || now_ns < next_try_ns_ || !disk_.has_room()) return;
  recording_ = true;
  feed_.add(*this, monotonic_ns());
}

void Segments::pause() {
  if (recording_) feed_.remove(*this);
  recording_ = false;
  end();
}

void Segments::end() {
  if (!clip_) return;
  const auto info = clip_->finish();
  clip_.reset();
  if (!info) return stop(info.error());
  segment_.ended_at_ms = segment_.started_at_ms + info->duration_ms;
  segment_.bytes = info->bytes;
  if (const auto put = store_.put(segment_); !put) return stop(put.error());
  told_.clear();
}

void Segments::stop(const Error& error) {
  if (is_of_disk(error))
    disk_.failed(error);
  else
    next_try_ns_ = monotonic_ns() + kPauseNs;
  if (std::exchange(told_, error.text) != error.text) log::warning("{}: no continuous recording: {}", camera_, error.text);
  clip_.reset();
  if (recording_) feed_.remove(*this);
  recording_ = false;
}

void Segments::take(const PacketView& packet) {
  packet_at_ns_ = monotonic_ns();
  const PacketInfo& info = packet.info;
  const bool keyframe = !is_audio(info.codec()) && info.keyframe() == 1;
  if (clip_ &&
      (info.stream() != clip_->stream() || (keyframe && info.captured_at_ns() >= clip_->first_captured_ns() + segment_ns_)))
    end();
  if (!recording_ || (!clip_ && !keyframe)) return;
  if (!clip_) {
    if (!disk_.has_room()) return pause();
    segment_ = {camera_, static_cast<std::int64_t>(info.wall_at_ns() / 1'000'000), 0, 0};
    // Read once to be played once: nothing is gained by writing it twice.
    auto created = ClipFile::create(store_.tree().segment(camera_, segment_.started_at_ms), packet, {.faststart = false});
    if (!created) return stop(created.error());
    clip_ = *std::move(created);
  }
  if (const auto added = clip_->add(packet); !added) stop(added.error());
}

void Segments::step(std::uint64_t now_ns) {
  if (recording_ && !disk_.has_room()) pause();
  begin(now_ns);
  if (clip_ && now_ns > packet_at_ns_ + kGoneNs) end();
}

}  // namespace vedette::record
