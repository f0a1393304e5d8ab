#include "capture/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "capture/sources/libav_source.h"
#include "telemetry/log.h"

namespace vedette::capture {
namespace {

constexpr double kNsPerSecond = 1e9;
constexpr double kBitsPerByte = 8;
// What FFmpeg had read to know the stream comes at once: a rate counts from when this is over.
constexpr std::uint64_t kBurstNs = 300'000'000;
constexpr double kMargin = 1.25;

class Measurement {
 public:
  Measurement(Probed& probed, bool live) : probed_(probed), live_(live), begin_ns_(monotonic_ns()) {}

  // False: enough.
  bool note(const Packet& packet, std::int64_t time_ns) {
    const std::int64_t stamp = packet.dts_ns != kNoTimestamp ? packet.dts_ns : packet.pts_ns;
    const std::int64_t now = live_ ? static_cast<std::int64_t>(packet.arrived_ns - begin_ns_) : since_first(stamp);
    probed_.seconds = std::max(probed_.seconds, static_cast<double>(now) / kNsPerSecond);
    note_bytes(packet.data.size(), now);
    if (packet.kind == Packet::Kind::kVideo) note_picture(packet);
    return now < time_ns;
  }

  void finish() {
    if (counted_ > 1 && last_ > first_)
      probed_.fps = static_cast<double>(counted_ - 1) * kNsPerSecond / static_cast<double>(last_ - first_);
    if (probed_.seconds > 0) probed_.mbit = static_cast<double>(bytes_) * kBitsPerByte / 1e6 / probed_.seconds;
    probed_.peak_mbit = std::max(static_cast<double>(most_in_a_second_) * kBitsPerByte / 1e6, probed_.mbit);
  }

 private:
  std::int64_t since_first(std::int64_t stamp) {
    if (stamp == kNoTimestamp) return 0;
    if (first_stamp_ == kNoTimestamp) first_stamp_ = stamp;
    return stamp - first_stamp_;
  }

  void note_bytes(std::size_t size, std::int64_t now) {
    bytes_ += size;
    recent_.push_back({now, size});
    in_last_second_ += size;
    for (; now - recent_.front().at_ns > 1'000'000'000; recent_.pop_front()) in_last_second_ -= recent_.front().bytes;
    most_in_a_second_ = std::max(most_in_a_second_, in_last_second_);
  }

  void note_picture(const Packet& packet) {
    ++probed_.pictures;
    probed_.largest_packet = std::max<std::uint64_t>(probed_.largest_packet, packet.data.size());
    const std::int64_t pts = packet.pts_ns != kNoTimestamp ? packet.pts_ns : packet.dts_ns;
    probed_.reordered = probed_.reordered || (newest_pts_ != kNoTimestamp && pts < newest_pts_);
    newest_pts_ = std::max(newest_pts_, pts);
    if (packet.keyframe) {
      if (last_key_ != kNoTimestamp) {
        const double gap = static_cast<double>(pts - last_key_) / kNsPerSecond;
        probed_.keyframe_interval_s = std::max(probed_.keyframe_interval_s.value_or(0), gap);
      }
      last_key_ = pts;
    }
    if (live_ && packet.arrived_ns - begin_ns_ < kBurstNs) return;
    // Times of decoding are evenly spaced whatever is cut off at the end.
    const std::int64_t stamp = packet.dts_ns != kNoTimestamp ? packet.dts_ns : pts;
    first_ = counted_ == 0 ? stamp : std::min(first_, stamp);
    last_ = counted_ == 0 ? stamp : std::max(last_, stamp);
    ++counted_;
  }

  struct Recent {
    std::int64_t at_ns;
    std::size_t bytes;
  };

  Probed& probed_;
  const bool live_;
  const std::uint64_t begin_ns_;
  std::int64_t first_stamp_ = kNoTimestamp;
  std::int64_t newest_pts_ = kNoTimestamp;
  std::int64_t last_key_ = kNoTimestamp;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::uint64_t counted_ = 0;
  std::uint64_t bytes_ = 0;
  std::deque<Recent> recent_;
  std::size_t in_last_second_ = 0;
  std::size_t most_in_a_second_ = 0;
};

void describe(const Source& source, const SourceOptions& options, Probed& probed) {
  const VideoStream& video = source.video();
  probed.url = log::redact_url(options.url);
  probed.live = source.clock() != Source::Clock::kPlayback;
  probed.carried = video.codec != Codec::Unknown;
  probed.codec = probed.carried ? std::string(to_string(video.codec)) : std::string(avcodec_get_name(video.parameters->codec_id));
  probed.intra_only = video.intra_only;
  probed.width = video.width;
  probed.height = video.height;
  if (const AudioStream& sound = source.audio(); sound.codec != Codec::Unknown)
    probed.sound = {std::string(to_string(sound.codec)), sound.sample_rate, sound.channels};
}

Error explained(const Error& error, const SourceOptions& options) {
  if (error.code != ErrorCode::kPermissionDenied || kind_of(options.url) != SourceKind::kNetwork) return error;
  const bool somebody = !options.username.empty() || options.url.find('@') != std::string::npos;
  return {error.code, error.text + (somebody ? "; expected a user name and a password that this camera takes"
                                             : "; expected a user name and a password (--username, --password-file)")};
}

}  // namespace

Result<Probed> probe(const SourceOptions& options, Milliseconds time, const Idle& idle) {
  const SourceKind kind = kind_of(options.url);
  if (kind != SourceKind::kFile && kind != SourceKind::kNetwork)
    return Error{ErrorCode::kInvalidArgument,
                 "\"" + options.url + "\" can't be probed; expected the URL of a stream, or a video file"};
  auto opened = LibavSource::open(options, idle);
  if (!opened.ok()) return explained(opened.error(), options);
  Source& source = **opened;
  Probed probed;
  describe(source, options, probed);
  Measurement measurement(probed, probed.live);
  const std::int64_t time_ns = static_cast<std::int64_t>(to_ns(time));
  for (;;) {
    const Source::Read read = source.read();
    if (read == Source::Read::kNothing) continue;
    if (read == Source::Read::kFailed && probed.pictures == 0) return explained(source.error(), options);
    if (read != Source::Read::kPacket || !measurement.note(source.packet(), time_ns)) break;
  }
  measurement.finish();
  probed.bad = source.counters().bad;
  return probed;
}

std::vector<std::string> keys_for(const Probed& probed) {
  const CameraConfig defaults;
  const std::uint32_t mbit = probed.codec == "MJPEG" ? 50 : 8;
  std::vector<std::string> keys;
  const double interval = probed.keyframe_interval_s.value_or(0);
  if (!probed.intra_only && interval * 1000 > static_cast<double>(defaults.keyframe_interval.count()) * 1.05)
    keys.push_back(fmt::format("keyframe_interval: {}s", static_cast<int>(std::ceil(interval * 1.05))));
  if (probed.carried && probed.peak_mbit > mbit)
    keys.push_back(fmt::format("max_mbit: {}", static_cast<int>(std::ceil(probed.peak_mbit * kMargin))));
  return keys;
}

std::string to_text(const Probed& probed) {
  std::string text = probed.url + "\n";
  const auto line = [&](std::string_view name, const std::string& value) { text += fmt::format("  {:<10} {}\n", name, value); };
  line("pictures", fmt::format("{} {}x{}, {}{}{}", probed.codec, probed.width, probed.height,
                               probed.fps ? fmt::format("{:.4g} fps", *probed.fps) : "frame rate unknown",
                               probed.reordered ? ", with B-frames (they come later)" : "",
                               probed.carried ? "" : "; its bitstream can't be recorded or passed on"));
  if (!probed.intra_only)
    line("keyframes", probed.keyframe_interval_s ? fmt::format("every {:.3g} s", *probed.keyframe_interval_s)
                                                 : fmt::format("less than one in {:.3g} s", probed.seconds));
  line("rate", fmt::format("{:.3g} Mbit/s, {:.3g} in its fullest second; largest picture {} bytes", probed.mbit, probed.peak_mbit,
                           probed.largest_packet));
  line("sound", probed.sound ? fmt::format("{}, {} Hz, {} channel{}", probed.sound->codec, probed.sound->sample_rate,
                                           probed.sound->channels, probed.sound->channels == 1 ? "" : "s")
                             : "none");
  if (probed.bad > 0) line("damaged", fmt::format("{} packets", probed.bad));
  for (const std::string& key : keys_for(probed)) line("to set", key);
  return text;
}

std::string to_json(const Probed& probed) {
  nlohmann::ordered_json json;
  json["url"] = probed.url;
  json["live"] = probed.live;
  json["codec"] = probed.codec;
  json["carried"] = probed.carried;
  json["width"] = probed.width;
  json["height"] = probed.height;
  json["fps"] = probed.fps ? nlohmann::ordered_json(*probed.fps) : nullptr;
  json["keyframe_interval_s"] = probed.keyframe_interval_s ? nlohmann::ordered_json(*probed.keyframe_interval_s) : nullptr;
  json["mbit"] = probed.mbit;
  json["peak_mbit"] = probed.peak_mbit;
  json["largest_packet_bytes"] = probed.largest_packet;
  json["reordered"] = probed.reordered;
  json["sound"] = nullptr;
  if (probed.sound)
    json["sound"] = {
        {"codec", probed.sound->codec}, {"sample_rate", probed.sound->sample_rate}, {"channels", probed.sound->channels}};
  json["pictures"] = probed.pictures;
  json["bad_packets"] = probed.bad;
  json["seconds"] = probed.seconds;
  json["keys"] = keys_for(probed);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace vedette::capture
