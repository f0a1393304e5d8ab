#include "process/record/clip_source.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "libav/codecs.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

constexpr AVRational kNs{1, 1'000'000'000};

std::string make_file(const ClipKind& kind) {
  const std::string folder = VEDETTE_BUILD_DIR "/clips";
  const std::string path = folder + "/" + kind.name + ".mkv";
  if (fs::exists(path)) return path;
  fs::create_directories(folder);
  const std::string part = folder + "/" + std::to_string(::getpid()) + "-" + kind.name + ".mkv";
  std::string command = "ffmpeg -v error -nostdin -y -f lavfi -i testsrc2=size=" + kind.size + ":rate=30";
  if (!kind.audio.empty()) command += " -f lavfi -i sine=frequency=440:sample_rate=48000";
  command += " -t " + std::to_string(kind.seconds) + " -pix_fmt yuv420p -c:v " + kind.video;
  if (!kind.audio.empty()) command += " -c:a " + kind.audio;
  if (std::system((command + " '" + part + "'").c_str()) != 0) return {};
  fs::rename(part, path);
  return path;
}

std::vector<std::byte> bytes_of(const std::uint8_t* data, int size) {
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  return {begin, begin + size};
}

struct BsfDeleter {
  void operator()(AVBSFContext* filter) const { av_bsf_free(&filter); }
};
using BsfPtr = std::unique_ptr<AVBSFContext, BsfDeleter>;

// H.264 and H.265 as cameras send them; null: nothing is to be done.
BsfPtr to_annex_b(const AVStream& stream) {
  const AVCodecID id = stream.codecpar->codec_id;
  if (id != AV_CODEC_ID_H264 && id != AV_CODEC_ID_HEVC) return nullptr;
  AVBSFContext* made = nullptr;
  av_bsf_alloc(av_bsf_get_by_name(id == AV_CODEC_ID_H264 ? "h264_mp4toannexb" : "hevc_mp4toannexb"), &made);
  avcodec_parameters_copy(made->par_in, stream.codecpar);
  made->time_base_in = stream.time_base;
  av_bsf_init(made);
  return BsfPtr(made);
}

SourcePacket packet_of(const AVPacket& packet, const AVStream& stream, const AVCodecParameters& out) {
  SourcePacket made;
  const AVCodecParameters& parameters = *stream.codecpar;
  made.info.mutate_codec(codec_of(parameters.codec_id));
  made.info.mutate_pts_ns(av_rescale_q(packet.pts, stream.time_base, kNs));
  made.info.mutate_dts_ns(packet.dts == AV_NOPTS_VALUE ? made.info.pts_ns() : av_rescale_q(packet.dts, stream.time_base, kNs));
  made.info.mutate_duration_ns(static_cast<std::uint32_t>(av_rescale_q(packet.duration, stream.time_base, kNs)));
  made.info.mutate_keyframe((packet.flags & AV_PKT_FLAG_KEY) != 0 ? 1 : 0);
  made.data = bytes_of(packet.data, packet.size);
  if (parameters.codec_type == AVMEDIA_TYPE_AUDIO) {
    made.info.mutate_sample_rate(static_cast<std::uint32_t>(parameters.sample_rate));
    made.info.mutate_channels(static_cast<std::uint16_t>(parameters.ch_layout.nb_channels));
    if (parameters.codec_id == AV_CODEC_ID_AAC) made.config = bytes_of(parameters.extradata, parameters.extradata_size);
    return made;
  }
  made.info.mutate_width(static_cast<std::uint32_t>(parameters.width));
  made.info.mutate_height(static_cast<std::uint32_t>(parameters.height));
  if (made.info.keyframe() == 1 && parameters.codec_id != AV_CODEC_ID_MJPEG)
    made.config = bytes_of(out.extradata, out.extradata_size);
  return made;
}

}  // namespace

std::vector<SourcePacket> packets_of(const ClipKind& kind) {
  const std::string path = make_file(kind);
  AVFormatContext* opened = nullptr;
  if (path.empty() || avformat_open_input(&opened, path.c_str(), nullptr, nullptr) != 0) return {};
  const FormatPtr input(opened);
  avformat_find_stream_info(opened, nullptr);
  std::vector<BsfPtr> filters;
  for (unsigned i = 0; i < opened->nb_streams; ++i) filters.push_back(to_annex_b(*opened->streams[i]));
  std::vector<SourcePacket> packets;
  const PacketPtr packet(av_packet_alloc());
  while (av_read_frame(opened, packet.get()) == 0) {
    const AVStream& stream = *opened->streams[packet->stream_index];
    AVBSFContext* filter = filters[static_cast<std::size_t>(packet->stream_index)].get();
    if (filter == nullptr) {
      packets.push_back(packet_of(*packet, stream, *stream.codecpar));
    } else if (av_bsf_send_packet(filter, packet.get()) == 0) {
      while (av_bsf_receive_packet(filter, packet.get()) == 0)
        packets.push_back(packet_of(*packet, stream, *filter->par_out)), av_packet_unref(packet.get());
    }
    av_packet_unref(packet.get());
  }
  // The first picture's stamp is 0; sound of before isn't any of its.
  const auto first =
      std::find_if(packets.begin(), packets.end(), [](const SourcePacket& one) { return !is_audio(one.info.codec()); });
  const std::int64_t zero_ns = first == packets.end() ? 0 : first->info.pts_ns();
  for (SourcePacket& one : packets)
    one.info.mutate_pts_ns(one.info.pts_ns() - zero_ns), one.info.mutate_dts_ns(one.info.dts_ns() - zero_ns);
  std::erase_if(packets, [](const SourcePacket& one) { return one.info.pts_ns() < 0; });
  return packets;
}

}  // namespace vedette::test
