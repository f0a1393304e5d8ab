#include "capture/flow.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "libav/pixels.h"

namespace vedette::capture {
namespace {

// Of one group of pictures; a camera that never sends a keyframe must not take all memory.
constexpr std::size_t kMostKeptBytes = 64u << 20;
constexpr std::size_t kMostKeptPackets = 3000;
constexpr std::uint64_t kLongestTornNs = 1'000'000'000;

}  // namespace

Flow::Flow(const FlowOptions& options, const FlowParts& parts, Source& source, std::uint32_t stream, Idle idle)
    : options_(options),
      parts_(parts),
      source_(source),
      idle_(std::move(idle)),
      stream_(stream),
      random_(std::random_device{}()),
      good_at_ns_(monotonic_ns()) {}

Result<std::unique_ptr<Flow>> Flow::open(const FlowOptions& options, const FlowParts& parts, Source& source, std::uint32_t stream,
                                         Idle idle) {
  std::unique_ptr<Flow> flow(new Flow(options, parts, source, stream, std::move(idle)));
  const VideoStream& video = source.video();
  // JPEG is decoded by libjpeg-turbo, and pictures need no decoder.
  const bool decodes = options.pixels || (!options.pass_bitstream && video.codec != Codec::Unknown);
  if (video.codec != Codec::MJPEG && video.parameters != nullptr && decodes) {
    VD_ASSIGN(flow->decoder_, LibavDecoder::open(video, options.decoder, parts.slots));
  }
  flow->by_time_ = video.reorder_ns > 0;
  return flow;
}

void Flow::begin_round() {
  pictures_ = 0;
  first_ns_ = end_ns_ = 0;
  kept_.clear();
  kept_bytes_ = 0;
  decoding_ = false;
  packets_begun_ = false;
}

Result<> Flow::take(const Packet& packet) {
  if (packet.kind == Packet::Kind::kAudio) return publish_sound(packet);
  Shot& shot = note(packet);
  const bool is_jpeg = packet.kind == Packet::Kind::kVideo && source_.video().codec == Codec::MJPEG;
  vision::JpegHeader header;
  if (is_jpeg) {
    const auto read = jpeg_.read_header(packet.data);
    if (!read) {
      ++bad_;
      return {};
    }
    header = *read;
    shot.width = header.width;
    shot.height = header.height;
  }
  if (packet.kind == Packet::Kind::kVideo) VD_TRY(publish_packet(packet, shot));
  if (is_jpeg || packet.kind == Packet::Kind::kPicture) good();
  if (is_jpeg) return take_jpeg(packet, header, shot);
  if (packet.kind == Packet::Kind::kPicture) return take_picture(packet, shot);
  return take_coded(packet, shot);
}

Flow::Shot& Flow::note(const Packet& packet) {
  const std::uint64_t tag = next_tag_++;
  Shot& shot = shots_[tag % shots_.size()];
  shot = Shot{};
  shot.tag = tag;
  shot.width = packet.width != 0 ? packet.width : source_.video().width;
  shot.height = packet.height != 0 ? packet.height : source_.video().height;
  shot.captured_at_ns = captured_at(packet);
  shot.wall_at_ns = wall_ns() - age_ns(shot.captured_at_ns);
  shot.camera_wall_at_ns = packet.camera_wall_at_ns;
  shot.frame_id = by_time_ && packet.pts_ns != kNoTimestamp ? parts_.ids.at(packet.pts_ns) : parts_.ids.next();
  shot.trace.mutate_trace_id_high(random_());
  shot.trace.mutate_trace_id_low(random_());
  shot.trace.mutate_span_id(random_());
  shot.trace.mutate_flags(1);  // W3C "sampled"
  if (packet.pts_ns == kNoTimestamp) return shot;
  const bool first = first_ns_ == 0 && end_ns_ == 0;
  first_ns_ = first ? packet.pts_ns : std::min(first_ns_, packet.pts_ns);
  end_ns_ = std::max(first ? packet.pts_ns : end_ns_, packet.pts_ns + source_.video().frame_duration_ns);
  return shot;
}

// On CLOCK_MONOTONIC. Never later than now, but for packets of a played file that come ahead of pictures shown before them.
std::uint64_t Flow::captured_at(const Packet& packet) {
  if (options_.fast || (packet.captured_at_ns == 0 && packet.pts_ns == kNoTimestamp)) return packet.arrived_ns;
  if (packet.captured_at_ns != 0) return std::min(packet.captured_at_ns, packet.arrived_ns);
  const std::uint64_t mapped = parts_.clock.to_monotonic(packet.pts_ns);
  if (source_.clock() != Source::Clock::kPlayback) return std::min(mapped, packet.arrived_ns);
  // A file's packet comes when it is due to be decoded, and its picture is out of the decoder so much after that.
  return mapped - static_cast<std::uint64_t>(source_.video().reorder_ns);
}

PacketInfo Flow::packet_info_of(const Shot& shot) const {
  PacketInfo info;
  info.mutate_frame_id(shot.frame_id);
  info.mutate_captured_at_ns(shot.captured_at_ns);
  info.mutate_wall_at_ns(shot.wall_at_ns);
  info.mutate_camera_wall_at_ns(shot.camera_wall_at_ns);
  info.mutable_trace() = shot.trace;
  info.mutate_stream(stream_);
  return info;
}

Result<> Flow::publish_packet(const Packet& packet, const Shot& shot) {
  const VideoStream& video = source_.video();
  if (!options_.pass_bitstream || video.codec == Codec::Unknown) return {};
  if (paused()) packets_begun_ = false;
  // In order but without stamps to say which: players couldn't show it.
  const bool tellable = packet.pts_ns != kNoTimestamp;
  const bool sane = shot.width >= 1 && shot.height >= 1 && shot.width <= kMaxSide && shot.height <= kMaxSide;
  if (paused() || !tellable || !sane || (!packet.keyframe && !packets_begun_)) return {};
  const bool same_size = told_size_ == PictureSize{shot.width, shot.height};
  if (!same_size || !std::equal(video.config.begin(), video.config.end(), told_config_.begin(), told_config_.end())) {
    if (told_size_.width != 0) ++stream_;
    told_config_.assign(video.config.begin(), video.config.end());
    told_size_ = {shot.width, shot.height};
  }
  packets_begun_ = true;
  PacketInfo info = packet_info_of(shot);
  info.mutate_codec(video.codec);
  info.mutate_keyframe(packet.keyframe ? 1 : 0);
  info.mutate_pts_ns(packet.pts_ns);
  info.mutate_dts_ns(packet.dts_ns);
  info.mutate_duration_ns(packet.duration_ns);
  info.mutate_width(shot.width);
  info.mutate_height(shot.height);
  const std::uint64_t before = parts_.packets.counters().too_long;
  VD_TRY(parts_.packets.publish(info, packet.keyframe ? video.config : std::span<const std::byte>{}, packet.data));
  // Those that refer to a packet that isn't there are of no use.
  if (parts_.packets.counters().too_long != before) packets_begun_ = false;
  return {};
}

Result<> Flow::publish_sound(const Packet& packet) {
  const AudioStream& audio = source_.audio();
  if (paused() || audio.codec == Codec::Unknown || packet.pts_ns == kNoTimestamp) return {};
  if (next_tag_ == 1) return {};  // before the first picture: how this connection's stamps lie to our clock isn't known yet
  PacketInfo info;
  info.mutate_frame_id(parts_.ids.last());
  info.mutate_captured_at_ns(captured_at(packet));
  info.mutate_wall_at_ns(wall_ns() - age_ns(info.captured_at_ns()));
  info.mutate_camera_wall_at_ns(packet.camera_wall_at_ns);
  info.mutate_stream(stream_);
  info.mutate_codec(audio.codec);
  info.mutate_keyframe(1);
  info.mutate_pts_ns(packet.pts_ns);
  info.mutate_dts_ns(packet.dts_ns == kNoTimestamp ? packet.pts_ns : packet.dts_ns);
  info.mutate_duration_ns(packet.duration_ns);
  info.mutate_sample_rate(audio.sample_rate);
  info.mutate_channels(audio.channels);
  return parts_.packets.publish(info, audio.config, packet.data);
}

Result<> Flow::take_jpeg(const Packet& packet, const vision::JpegHeader& header, const Shot& shot) {
  if (!wanted(shot.captured_at_ns)) return {};
  const PictureSize asked = size_wanted();
  const int scale = vision::jpeg_scale(header.width, header.height, asked.width, asked.height);
  const PictureSize size{vision::scaled_side(header.width, scale), vision::scaled_side(header.height, scale)};
  if (!parts_.retouch.none()) {
    decoded_.reshape(header.format, size.width, size.height);
    decoded_.set_color(ColorMatrix::BT601, ColorRange::Full);
    if (!jpeg_.decode(packet.data, header, scale, writable(decoded_)).ok()) return ++bad_, Result<>();
    return show_retouched(decoded_.view(), shot);
  }
  VD_ASSIGN(auto slot, parts_.slots.borrow(header.format, size, {header.width, header.height}));
  if (!slot) return {};
  if (!jpeg_.decode(packet.data, header, scale, slot->view).ok()) return ++bad_, Result<>();
  FrameInfo info = info_of(shot);
  info.mutate_matrix(ColorMatrix::BT601);
  info.mutate_range(ColorRange::Full);
  parts_.slots.publish(std::move(slot), info);
  return {};
}

Result<> Flow::take_picture(const Packet& packet, const Shot& shot) {
  if (!wanted(shot.captured_at_ns)) return {};
  const PictureSize size{packet.width, packet.height};
  if (!parts_.retouch.none()) {
    decoded_.reshape(packet.format, size.width, size.height);
    decoded_.set_color(packet.matrix, packet.range);
    source_.write_picture(writable(decoded_));
    return show_retouched(decoded_.view(), shot);
  }
  std::unique_ptr<SlotPicture> slot;
  if (source_.in_slot()) {
    slot = source_.take_slot();
  } else {
    VD_ASSIGN(slot, parts_.slots.borrow(packet.format, size));
    if (slot) source_.write_picture(slot->view);
  }
  if (!slot) return {};
  FrameInfo info = info_of(shot);
  info.mutate_matrix(packet.matrix);
  info.mutate_range(packet.range);
  parts_.slots.publish(std::move(slot), info);
  return {};
}

Result<> Flow::take_coded(const Packet& packet, const Shot& shot) {
  if (!decoder_) return good(), Result<>();
  if (source_.video().intra_only) {
    if (!wanted(shot.captured_at_ns)) return good(), Result<>();
    if (decoder_->send(*packet.av, shot.tag)) VD_TRY(show_pictures());
    return {};
  }
  keep(packet, shot);
  if (!pixels_wanted()) {
    decoding_ = false;
    if (!kept_.empty()) good();  // a group that began with a keyframe goes on, however rare those are
    return {};
  }
  if (!decoding_) VD_TRY(catch_up());
  if (!decoding_) return {};
  if (torn_ && packet.keyframe) {
    torn_ = false;
    whole_from_ = shot.tag;
  }
  if (decoder_->send(*packet.av, shot.tag)) VD_TRY(show_pictures());
  note_damage();
  return {};
}

// Pictures that refer to a damaged one are torn too, and the decoder doesn't say so: nothing is shown up to the next keyframe. A
// stream that has none for long (or refreshes its pictures bit by bit) is shown as it comes after a while.
void Flow::note_damage() {
  if (std::exchange(told_bad_, decoder_->bad()) != decoder_->bad()) {
    torn_ = true;
    torn_at_ns_ = monotonic_ns();
  } else if (torn_ && age_ns(torn_at_ns_) > kLongestTornNs) {
    torn_ = false;
  }
}

bool Flow::is_torn() const { return torn_ || decoder_->tag() < whole_from_; }

void Flow::keep(const Packet& packet, const Shot& shot) {
  if (packet.keyframe) {
    kept_.clear();
    kept_bytes_ = 0;
  } else if (kept_.empty()) {
    return;  // in the middle of a group whose beginning isn't there
  }
  kept_bytes_ += packet.data.size();
  PacketPtr copy(av_packet_clone(packet.av));
  if (!copy || kept_bytes_ > kMostKeptBytes || kept_.size() >= kMostKeptPackets) {
    kept_.clear();
    return;
  }
  kept_.push_back({std::move(copy), shot.tag});
}

// Decodes what came since the last keyframe, but for the packet at hand, and shows nothing of it. Without a keyframe the decoder
// begins where it is: what it makes of that is damaged, and left out until the first keyframe.
Result<> Flow::catch_up() {
  decoder_->reset();
  decoding_ = !kept_.empty() || pictures_ == 0;
  for (std::size_t i = 0; i + 1 < kept_.size(); ++i) {
    if (!idle_()) return {};
    if (decoder_->send(*kept_[i].packet, kept_[i].tag)) VD_TRY(show_pictures(true));
  }
  return {};
}

Result<> Flow::finish() {
  if (!decoder_ || (!decoding_ && !source_.video().intra_only)) return {};
  decoder_->send_end();
  VD_TRY(show_pictures());
  decoder_->reset();
  decoding_ = false;
  return {};
}

Result<> Flow::show_pictures(bool skip) {
  while (const AVFrame* picture = decoder_->next()) {
    if (!source_.video().intra_only) note_damage();
    if (is_torn()) continue;
    good();
    if (!skip) VD_TRY(show(*picture));
  }
  return {};
}

Result<> Flow::show(const AVFrame& picture) {
  const Shot& shot = shots_[decoder_->tag() % shots_.size()];
  Shot shown = shot;
  shown.width = static_cast<std::uint32_t>(picture.width);
  shown.height = static_cast<std::uint32_t>(picture.height);
  if (shown.width > kMaxSide || shown.height > kMaxSide) return ++bad_, Result<>();
  if (shot.tag != decoder_->tag() || shot.frame_id <= last_shown_id_) {
    // Its packet came after that of a picture shown later, though the stream hadn't said so: from now on ids follow the stamps.
    by_time_ = true;
    shown.frame_id = parts_.ids.next();
  }
  if (!source_.video().intra_only && !wanted(shown.captured_at_ns)) return {};
  last_shown_id_ = shown.frame_id;
  last_captured_ns_ = shown.captured_at_ns = std::max(std::min(shown.captured_at_ns, monotonic_ns()), last_captured_ns_);
  if (parts_.retouch.none()) return parts_.slots.publish(picture, info_of(shown));
  const auto view = view_of(picture);
  return view ? show_retouched(*view, shown) : Result<>();
}

// A decoder's picture as it is, or brought to I420.
std::optional<vision::ImageView> Flow::view_of(const AVFrame& picture) {
  const auto layout = layout_of(static_cast<AVPixelFormat>(picture.format));
  const auto width = static_cast<std::uint32_t>(picture.width), height = static_cast<std::uint32_t>(picture.height);
  if (!layout) {
    decoded_.reshape(PixelFormat::I420, width, height);
    decoded_.set_color(matrix_of(picture), range_of(picture));
    if (!convert_picture(picture, writable(decoded_), scaler_)) return std::nullopt;
    return decoded_.view();
  }
  vision::ImageView view{layout->format, matrix_of(picture), range_of(picture), width, height, {}};
  for (int plane = 0; plane < plane_count(layout->format); ++plane) {
    const auto stride = static_cast<std::size_t>(picture.linesize[plane]) * (layout->skip_chroma_rows && plane > 0 ? 2 : 1);
    view.planes[static_cast<std::size_t>(plane)] = {picture.data[plane], stride};
  }
  return view;
}

Result<> Flow::publish_retouched(const vision::ImageView& shown, const Shot& shot) {
  VD_ASSIGN(auto slot,
            parts_.slots.borrow(shown.format, {shown.width, shown.height}, parts_.retouch.turned({shot.width, shot.height})));
  if (!slot) return {};
  vision::orient(shown, {}, slot->view);
  FrameInfo info = info_of(shot);
  info.mutate_matrix(shown.matrix);
  info.mutate_range(shown.range);
  parts_.slots.publish(std::move(slot), info);
  return {};
}

// A retouched picture, and the packet made from it.
Result<> Flow::show_retouched(const vision::ImageView& picture, const Shot& shot) {
  const vision::ImageView shown = parts_.retouch.apply(picture);
  if (options_.pixels) VD_TRY(publish_retouched(shown, shot));
  if (paused() || !packets_remade()) return {};
  constexpr int kQuality = 85;
  const auto file = encoder_.encode(shown, kQuality);
  if (!file) return {};
  PacketInfo info = packet_info_of(shot);
  info.mutate_codec(Codec::MJPEG);
  info.mutate_keyframe(1);
  info.mutate_pts_ns(static_cast<std::int64_t>(shot.captured_at_ns));
  info.mutate_dts_ns(info.pts_ns());
  info.mutate_width(shown.width);
  info.mutate_height(shown.height);
  return parts_.packets.publish(info, {}, *file);
}

FrameInfo Flow::info_of(const Shot& shot) const {
  FrameInfo info;
  set_camera(info, options_.name);
  info.mutate_frame_id(shot.frame_id);
  info.mutate_captured_at_ns(shot.captured_at_ns);
  info.mutate_wall_at_ns(shot.wall_at_ns);
  info.mutate_camera_wall_at_ns(shot.camera_wall_at_ns);
  const PictureSize size = parts_.retouch.turned({shot.width, shot.height});
  info.mutate_source_width(size.width);
  info.mutate_source_height(size.height);
  info.mutate_mode(parts_.control.mode());
  info.mutable_trace() = shot.trace;
  return info;
}

bool Flow::pixels_wanted() const {
  if (!paused() && packets_remade()) return true;
  if (!options_.pixels) return false;
  // The first picture makes the topic, so that readers can ask for more.
  if (!parts_.slots.has_published()) return true;
  return !paused() && parts_.slots.demand().pixels;
}

bool Flow::packets_remade() const {
  const bool may_be = !options_.pass_bitstream && source_.video().codec != Codec::Unknown && parts_.packets.enabled();
  return may_be && parts_.packets.wanted();
}

bool Flow::wanted(std::uint64_t at_ns) {
  if (!pixels_wanted()) return false;
  if (options_.pixels && !parts_.slots.has_published()) return true;
  const float asked = packets_remade() ? 0.0f : parts_.slots.demand().fps;
  const float fps = options_.fps > 0 && asked > 0 ? std::min(options_.fps, asked) : std::max(options_.fps, asked);
  return cap_.wants(at_ns, fps);
}

// In the camera's own orientation; 0: all there is.
PictureSize Flow::size_wanted() const {
  if (packets_remade()) return {};
  const bus::Demand demand = parts_.slots.demand();
  return parts_.retouch.turned({demand.width, demand.height});
}

}  // namespace vedette::capture
