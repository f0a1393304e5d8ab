#include "record/segments.h"

#include "base/clock.h"
#include "telemetry/log.h"

namespace vedette::record {
namespace {

constexpr std::uint64_t kGoneNs = 10'000'000'000;  // no packet for so long: what there is becomes a file

}  // namespace

Segments::Segments(store::Store& store, Disk& disk, Feed& feed, std::string camera, std::uint64_t segment_ns)
    : store_(store), disk_(disk), feed_(feed), camera_(std::move(camera)), segment_ns_(segment_ns) {
  begin();
}

Segments::~Segments() {
  if (recording_) feed_.remove(*this);
  end();
}

void Segments::begin() {
  if (recording_ || !disk_.has_room()) return;
  recording_ = true;
  feed_.add(*this, monotonic_ns());
}

void Segments::end() {
  if (!clip_) return;
  const auto info = clip_->finish();
  clip_.reset();
  if (!info) return stop(info.error());
  segment_.ended_at_ms = segment_.started_at_ms + info->duration_ms;
  segment_.bytes = info->bytes;
  if (const auto put = store_.put(segment_); !put) stop(put.error());
}

void Segments::stop(const Error& error) {
  log::warning("{}: no continuous recording: {}", camera_, error.text);
  disk_.failed(error);
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
    segment_ = {camera_, static_cast<std::int64_t>(info.wall_at_ns() / 1'000'000), 0, 0};
    // Read once to be played once: nothing is gained by writing it twice.
    auto created = ClipFile::create(store_.tree().segment(camera_, segment_.started_at_ms), packet, {.faststart = false});
    if (!created) return stop(created.error());
    clip_ = *std::move(created);
  }
  if (const auto added = clip_->add(packet); !added) stop(added.error());
}

void Segments::step(std::uint64_t now_ns) {
  begin();
  if (clip_ && (!disk_.has_room() || now_ns > packet_at_ns_ + kGoneNs)) end();
}

}  // namespace vedette::record
