#include "gateway/packet_feed.h"

#include <algorithm>

#include "base/clock.h"
#include "gateway/codec_string.h"
#include "gateway/health.h"

namespace vedette::gateway {
namespace {

constexpr bus::Demand kPackets{.packets = true};

}  // namespace

PacketFeed::PacketFeed(const bus::BusDir& dir, std::string camera, std::string topic, VideoSource source)
    : dir_(dir), topic_{std::move(camera), std::move(topic)}, source_(source) {}

// Anew each time: the files of an earlier attachment may have been replaced since, and would be read to their end first.
void PacketFeed::open() {
  log_.emplace(dir_, topic_, kPacketsSchema);
  (void)log_->stats();  // attaches, if there is something to
  wanted_ = false;
  instance_ = 0;
  codec_ = Codec::Unknown;
  usable_ = false;
  pending_ = log_->attached();
  video_.reset();
}

void PacketFeed::close() {
  log_.reset();
  video_.reset();
  record_ = {};
}

void PacketFeed::want(bool wanted) {
  if (wanted == wanted_ || !log_) return;
  wanted_ = wanted;
  log_->set_demand(wanted ? kPackets : bus::Demand{});
  if (wanted) begin_reading();
}

void PacketFeed::begin_reading() {
  wanted_at_ns_ = monotonic_ns();
  brought_ = begun_ = false;
  const auto span = log_->span();
  log_->seek(span && age_ns(span->newest_at_ns, wanted_at_ns_) < kOldNs ? bus::LogFrom::kNewestKeyframe : bus::LogFrom::kNext);
}

void PacketFeed::take(const Sink& sink) {
  if (!wanted_) return;
  for (;;) {
    const bus::LogTaken taken = log_->take_next(record_);
    if (log_->instance() != instance_) {
      instance_ = log_->instance();
      codec_ = Codec::Unknown;
      brought_ = begun_ = false;
      wanted_at_ns_ = monotonic_ns();
    }
    if (taken.status == bus::LogTake::kTooLong) {
      begun_ = false;
      continue;
    }
    if (!taken) return;
    take_record(record_, taken.missed > 0, sink);
  }
}

void PacketFeed::take_record(std::vector<std::byte>& record, bool missed, const Sink& sink) {
  const auto view = packet_view(record);
  if (!view) {
    begun_ = false;
    return sink.bad_record(view.error());
  }
  const PacketInfo& info = view->info;
  if (is_audio(info.codec())) return;
  if (info.codec() == Codec::RAW) return sink.bad_record(Error{ErrorCode::kCorrupt, "packet record: raw pixels"});
  const bool key = info.keyframe() != 0;
  if (missed && !key) begun_ = false;
  codec_ = info.codec();
  brought_ = true;
  if (!begun_ && !key) return;
  begun_ = true;
  if (key) update_video(*view);
  sink.picture(Picture::of_packet(video_, std::move(record), *view));
}

// Sizes and configurations change at keyframes alone.
void PacketFeed::update_video(const PacketView& view) {
  const PacketInfo& info = view.info;
  const bool same_config = std::equal(view.config.begin(), view.config.end(), config_.begin(), config_.end());
  if (video_ && same_config && video_->codec == info.codec() && video_->width == info.width() &&
      video_->height == info.height() && video_->stream == info.stream())
    return;
  config_.assign(view.config.begin(), view.config.end());
  // Parameter sets stand in the packet itself where the camera sends them so.
  std::string name = codec_string(info.codec(), view.config);
  if (name.empty()) name = codec_string(info.codec(), view.data);
  video_ =
      std::make_shared<const Video>(Video{source_, info.codec(), std::move(name), info.width(), info.height(), info.stream()});
}

void PacketFeed::look(bool excused, std::uint64_t now_ns) {
  const auto stats = log_ ? log_->stats() : std::nullopt;
  const bool lives = stats && (excused || age_ns(stats->beat_at_ns, now_ns) < kStaleAfterMs * 1'000'000);
  const bool waited = wanted_ && !brought_ && age_ns(wanted_at_ns_, now_ns) > kPatienceNs;
  pending_ = lives && codec_ == Codec::Unknown && !waited;
  usable_ = lives && codec_ != Codec::Unknown && !waited;
}

}  // namespace vedette::gateway
