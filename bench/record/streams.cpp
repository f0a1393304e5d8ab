#include "bench/record/streams.h"

#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/process.h"
#include "bench/support/result.h"
#include "bus/log.h"
#include "libav/libav.h"
#include "schema/packet.h"
#include "stage/topics.h"

namespace vedette::bench {
namespace {

constexpr AVRational kNs{1, 1'000'000'000};

struct Picture {
  std::vector<std::byte> data;
  std::int64_t pts_ns = 0, dts_ns = 0;
  bool keyframe = false;
};

// A clip in memory, its pictures in Annex B form.
struct Clip {
  std::vector<Picture> pictures;
  std::vector<std::byte> config;
  std::uint32_t width = 0, height = 0;
  std::int64_t length_ns = 0;
};

std::vector<std::byte> bytes_of(const std::uint8_t* data, int size) {
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  return {begin, begin + size};
}

Clip read_clip(const std::string& path) {
  AVFormatContext* input = nullptr;
  if (avformat_open_input(&input, path.c_str(), nullptr, nullptr) != 0) fail(path + " can't be read");
  const FormatPtr owner(input);
  if (avformat_find_stream_info(input, nullptr) < 0 || input->nb_streams != 1) fail(path + ": expected one stream");
  const AVStream& stream = *input->streams[0];
  AVBSFContext* filter = nullptr;
  if (av_bsf_alloc(av_bsf_get_by_name("h264_mp4toannexb"), &filter) != 0) fail("no filter h264_mp4toannexb");
  avcodec_parameters_copy(filter->par_in, stream.codecpar);
  filter->time_base_in = stream.time_base;
  if (av_bsf_init(filter) != 0) fail(path + ": expected H.264");
  Clip clip;
  clip.config = bytes_of(filter->par_out->extradata, filter->par_out->extradata_size);
  clip.width = static_cast<std::uint32_t>(stream.codecpar->width),
  clip.height = static_cast<std::uint32_t>(stream.codecpar->height);
  const PacketPtr packet(av_packet_alloc());
  while (av_read_frame(input, packet.get()) == 0) {
    if (av_bsf_send_packet(filter, packet.get()) != 0) continue;
    while (av_bsf_receive_packet(filter, packet.get()) == 0) {
      const std::int64_t pts_ns = av_rescale_q(packet->pts, stream.time_base, kNs),
                         dts_ns = av_rescale_q(packet->dts, stream.time_base, kNs);
      clip.pictures.push_back({bytes_of(packet->data, packet->size), pts_ns, dts_ns, (packet->flags & AV_PKT_FLAG_KEY) != 0});
      av_packet_unref(packet.get());
    }
  }
  av_bsf_free(&filter);
  if (clip.pictures.size() < 2) fail(path + ": hardly a picture");
  const std::int64_t first_ns = clip.pictures.front().dts_ns;
  for (Picture& picture : clip.pictures) picture.pts_ns -= first_ns, picture.dts_ns -= first_ns;
  const auto count = static_cast<std::int64_t>(clip.pictures.size());
  clip.length_ns = clip.pictures.back().dts_ns * count / (count - 1);
  return clip;
}

// Every camera's next picture when it is due, with the time that all rounds so far have taken.
template <typename Take>
void play(const Clip& clip, Take&& take) {
  const std::uint64_t began = monotonic_ns();
  for (std::int64_t round_ns = 0;; round_ns += clip.length_ns) {
    for (const Picture& picture : clip.pictures) {
      const auto due = began + static_cast<std::uint64_t>(round_ns + picture.dts_ns);
      if (due > monotonic_ns()) std::this_thread::sleep_for(Nanoseconds(due - monotonic_ns()));
      if (stop_requested()) return;
      take(picture, round_ns);
    }
  }
}

struct CloseOutput {
  void operator()(AVFormatContext* output) const {
    av_write_trailer(output);
    avio_closep(&output->pb);
    avformat_free_context(output);
  }
};
using OutputPtr = std::unique_ptr<AVFormatContext, CloseOutput>;

OutputPtr open_output(const Clip& clip, const std::string& path) {
  AVFormatContext* output = nullptr;
  if (avformat_alloc_output_context2(&output, nullptr, "mp4", path.c_str()) < 0) fail("no MP4 muxer");
  AVStream* stream = avformat_new_stream(output, nullptr);
  AVCodecParameters& parameters = *stream->codecpar;
  parameters.codec_type = AVMEDIA_TYPE_VIDEO, parameters.codec_id = AV_CODEC_ID_H264;
  parameters.width = static_cast<int>(clip.width), parameters.height = static_cast<int>(clip.height);
  parameters.extradata = static_cast<std::uint8_t*>(av_mallocz(clip.config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  std::copy(clip.config.begin(), clip.config.end(), reinterpret_cast<std::byte*>(parameters.extradata));
  parameters.extradata_size = static_cast<int>(clip.config.size());
  stream->time_base = {1, 90'000};
  if (avio_open(&output->pb, path.c_str(), AVIO_FLAG_WRITE) < 0 || avformat_write_header(output, nullptr) < 0)
    fail(path + " can't be written");
  return OutputPtr(output);
}

void remux_one(const Clip& clip, const std::string& prefix, int segment_s) {
  OutputPtr output;
  std::int64_t begin_ns = 0;
  int number = 0;
  const PacketPtr packet(av_packet_alloc());
  play(clip, [&](const Picture& picture, std::int64_t round_ns) {
    const std::int64_t dts_ns = picture.dts_ns + round_ns;
    if (picture.keyframe && (!output || dts_ns - begin_ns >= segment_s * 1'000'000'000LL)) {
      output = open_output(clip, prefix + std::to_string(number++) + ".mp4");
      begin_ns = dts_ns;
    }
    packet->data = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(picture.data.data()));
    packet->size = static_cast<int>(picture.data.size());
    packet->pts = av_rescale_q(picture.pts_ns + round_ns - begin_ns, kNs, output->streams[0]->time_base);
    packet->dts = av_rescale_q(dts_ns - begin_ns, kNs, output->streams[0]->time_base);
    packet->duration = 3000;
    packet->stream_index = 0;
    packet->flags = picture.keyframe ? AV_PKT_FLAG_KEY : 0;
    if (av_write_frame(output.get(), packet.get()) < 0) fail("a packet can't be written");
  });
}

}  // namespace

int publish_cameras(const std::string& bus, const std::string& path, int cameras) {
  const Clip clip = read_clip(path);
  const bus::BusDir dir = must(bus::BusDir::open(bus));
  std::vector<bus::LogWriter> logs;
  for (int i = 0; i < cameras; ++i)
    logs.push_back(must(bus::LogWriter::open(dir, {"cam" + std::to_string(i), "packets"}, stage::packets_log({}, {}))));
  std::uint64_t frame_id = 0;
  play(clip, [&](const Picture& picture, std::int64_t round_ns) {
    PacketInfo info;
    info.mutate_frame_id(++frame_id);
    info.mutate_captured_at_ns(monotonic_ns());
    info.mutate_published_at_ns(info.captured_at_ns());
    info.mutate_wall_at_ns(wall_ns());
    info.mutate_codec(Codec::H264);
    info.mutate_keyframe(picture.keyframe ? 1 : 0);
    info.mutate_pts_ns(picture.pts_ns + round_ns);
    info.mutate_dts_ns(picture.dts_ns + round_ns);
    info.mutate_width(clip.width), info.mutate_height(clip.height);
    info.mutate_stream(1);
    const auto pieces = packet_pieces(
        info, picture.keyframe ? std::span<const std::byte>(clip.config) : std::span<const std::byte>(), picture.data);
    for (bus::LogWriter& log : logs) {
      if (!log.append({info.frame_id(), info.captured_at_ns(), picture.keyframe}, pieces)) fail("a packet that is too long");
      log.beat();
    }
  });
  return 0;
}

int remux_bare(const std::string& folder, const std::string& path, int cameras, int segment_s) {
  const Clip clip = read_clip(path);
  std::vector<std::thread> threads;
  for (int i = 0; i < cameras; ++i)
    threads.emplace_back([&, i] { remux_one(clip, folder + "/" + std::to_string(i) + "-", segment_s); });
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace vedette::bench
