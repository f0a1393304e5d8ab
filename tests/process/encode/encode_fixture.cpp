#include "process/encode/encode_fixture.h"

#include <algorithm>
#include <filesystem>

#include "libav/pixels.h"

namespace vedette::test {
namespace {

const bus::TopicName kEncoded{"front", "encoded"};

// I420 as the decoder gives it.
vision::ImageView view_of(const AVFrame& frame) {
  vision::ImageView view{PixelFormat::I420,
                         matrix_of(frame),
                         range_of(frame),
                         static_cast<std::uint32_t>(frame.width),
                         static_cast<std::uint32_t>(frame.height),
                         {}};
  for (std::size_t plane = 0; plane < 3; ++plane)
    view.planes[plane] = {frame.data[plane], static_cast<std::size_t>(frame.linesize[plane])};
  return view;
}

}  // namespace

Viewer::Viewer(const bus::BusDir& dir, bus::Demand demand, bus::LogFrom from)
    : packets_(dir, kEncoded, kPacketsSchema, demand, from) {}

std::optional<Viewer::Seen> Viewer::next(std::chrono::seconds watchdog) {
  bus::LogTaken taken;
  if (!wait_until([&] { return static_cast<bool>(taken = packets_.take_next(record_)); }, watchdog)) return std::nullopt;
  const auto packet = packet_view(record_);
  EXPECT_TRUE(packet.ok()) << packet.error().text;
  if (!packet) return std::nullopt;
  EXPECT_EQ(taken.stamp.frame_id, packet->info.frame_id());
  EXPECT_EQ(taken.stamp.at_ns, packet->info.captured_at_ns());
  EXPECT_EQ(taken.stamp.keyframe, packet->info.keyframe() == 1);
  Seen seen;
  seen.info = packet->info;
  seen.has_config = !packet->config.empty();
  seen.missed = taken.missed;
  if (seen.missed == 0 || seen.info.keyframe() == 1) show(*packet, seen);
  return seen;
}

void Viewer::show(const PacketView& packet, Seen& seen) {
  if (seen.info.stream() != stream_) {
    ASSERT_EQ(seen.info.keyframe(), 1) << "a stream begins with a keyframe";
    stream_ = seen.info.stream();
    decoder_.reset(avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264)));
    decoder_->thread_count = 1;
    decoder_->flags |= AV_CODEC_FLAG_LOW_DELAY;
    ASSERT_EQ(avcodec_open2(decoder_.get(), nullptr, nullptr), 0);
  }
  const auto* config = reinterpret_cast<const std::uint8_t*>(packet.config.data());
  const auto* data = reinterpret_cast<const std::uint8_t*>(packet.data.data());
  access_unit_.assign(config, config + packet.config.size());
  access_unit_.insert(access_unit_.end(), data, data + packet.data.size());
  const int size = static_cast<int>(access_unit_.size());
  access_unit_.resize(access_unit_.size() + AV_INPUT_BUFFER_PADDING_SIZE);
  const PacketPtr in(av_packet_alloc());
  in->data = access_unit_.data();
  in->size = size;
  in->pts = seen.info.pts_ns() / 1000;
  ASSERT_EQ(avcodec_send_packet(decoder_.get(), in.get()), 0);
  const FramePtr out(av_frame_alloc());
  ASSERT_EQ(avcodec_receive_frame(decoder_.get(), out.get()), 0) << "a picture that isn't out at once";
  ASSERT_EQ(out->pts, seen.info.pts_ns() / 1000);
  ASSERT_TRUE(out->format == AV_PIX_FMT_YUV420P || out->format == AV_PIX_FMT_YUVJ420P) << out->format;
  seen.width = static_cast<std::uint32_t>(out->width);
  seen.height = static_cast<std::uint32_t>(out->height);
  seen.range = out->color_range;
  seen.matrix = out->colorspace;
  const auto at = [&](int plane, int x, int y) { return int{out->data[plane][y * out->linesize[plane] + x]}; };
  seen.luma = at(0, out->width / 2, out->height / 2);
  seen.blue = at(1, out->width / 4, out->height / 4);
  seen.red = at(2, out->width / 4, out->height / 4);
  seen.stamp = vision::read_test_pattern(view_of(*out));
}

EncodeTest::EncodeTest()
    : folder_(std::filesystem::temp_directory_path()),
      shm_("/dev/shm"),
      bus_(std::move(bus::BusDir::open(shm_.file("bus"))).value()) {}

EncodeTest::~EncodeTest() {
  if (!HasFailure()) return;
  if (encode_) ADD_FAILURE() << "log of vedette-encode:\n" << encode_->err();
  if (capture_) ADD_FAILURE() << "log of vedette-capture:\n" << capture_->err();
}

std::unique_ptr<Program> EncodeTest::start(const std::string& program, std::vector<std::string> more) {
  std::vector<std::string> arguments{VEDETTE_BIN_DIR "/" + program, "--config", folder_.file("vedette.yaml")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return std::make_unique<Program>(arguments, folder_.file(program + std::to_string(runs_++)));
}

void EncodeTest::start_capture(const std::string& url) {
  folder_.write("vedette.yaml", "cameras:\n  front:\n    url: \"" + url + "\"\nbus:\n  dir: " + shm_.file("bus") + "\n");
  if (url != "bus:") capture_ = start("vedette-capture", {"--camera", "front"});
}

void EncodeTest::start_encode(const std::vector<std::string>& set) {
  std::vector<std::string> more;
  for (const std::string& key : set) more.insert(more.end(), {"--set", key});
  encode_ = start("vedette-encode", more);
}

std::optional<bus::TopicReport> EncodeTest::look(const std::string& topic) const {
  auto report = bus::inspect(bus_, {"front", topic});
  return report ? std::optional(std::move(report).value()) : std::nullopt;
}

bool EncodeTest::wait_for_log() {
  return wait_until([&] { return look("encoded").has_value(); });
}

bool EncodeTest::pixels_are_asked_for() const {
  const auto report = look("frames");
  return report && std::any_of(report->readers.begin(), report->readers.end(), [](const bus::ReaderReport& reader) {
           return reader.alive == bus::Alive::kYes && reader.demand.pixels;
         });
}

std::uint64_t EncodeTest::encoded() const {
  const auto report = look("encoded");
  return report ? report->stats.published : 0;
}

}  // namespace vedette::test
