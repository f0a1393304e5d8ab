#include "capture/packets.h"

#include "base/clock.h"

namespace vedette::capture {

Result<> Packets::publish(PacketInfo info, std::span<const std::byte> config, std::span<const std::byte> data) {
  // Sound before the first picture: how large the log is to be isn't known yet.
  if (is_audio(info.codec()) && !writer_) return {};
  VD_TRY(ensure_log(info.codec()));
  if (options_.plan_only) return {};
  info.mutate_published_at_ns(monotonic_ns());
  const auto pieces = packet_pieces(info, config, data);
  const bus::LogStamp stamp{info.frame_id(), info.captured_at_ns(), is_video(info.codec()) && info.keyframe() != 0};
  ++(writer_->append(stamp, pieces) ? counters_.published : counters_.too_long);
  return {};
}

Result<> Packets::ensure_log(Codec codec) {
  if (writer_ && (is_audio(codec) || codec == sized_for_)) return {};
  if (error_) return *error_;
  stage::PacketsKept kept = options_.kept;
  kept.codec = codec;
  const bus::LogOptions options = stage::packets_log(options_.share, kept);
  if (options_.plan_only) {
    planned_ = options;
    return {};
  }
  if (writer_) {
    auto resized = writer_->resize(options);
    if (!resized.ok()) error_ = resized.error();
    sized_for_ = codec;
    return resized;
  }
  auto opened = bus::LogWriter::open(dir_, options_.topic, options);
  if (!opened.ok()) {
    error_ = opened.error();
    return *error_;
  }
  writer_ = std::move(opened).value();
  sized_for_ = codec;
  return {};
}

void Packets::beat() {
  if (writer_) writer_->beat();
}

bool Packets::wanted() const { return !writer_ || writer_->demand().packets; }

}  // namespace vedette::capture
