// Every codec and pixel format gives, frame by frame, the very pixels that the ffmpeg program decodes; at the times its stamps
// say; from the slots that it was decoded into, where the codec can.
#include <algorithm>
#include <cmath>

#include "conformance/capture/clips.h"
#include "libav/pixels.h"

namespace vedette::capture {
namespace {

enum class Way { kDirect, kCopied, kConverted };

struct Clip {
  std::string name;
  std::string file;  // name with the container's ending
  std::string size;
  std::string encode;  // ffmpeg's arguments
  std::string raw;     // pixel format in which the pictures are compared
  PixelFormat format;
  ColorRange range;
  Way way;
};
void PrintTo(const Clip& clip, std::ostream* out) { *out << clip.name; }

constexpr int kFps = 30;
constexpr std::size_t kFrames = 12;

// The reference pictures, one string each.
std::vector<std::string> split(const std::string& raw) {
  std::vector<std::string> pictures;
  const std::size_t bytes = raw.size() / kFrames;
  for (std::size_t i = 0; i < kFrames; ++i) pictures.push_back(raw.substr(i * bytes, bytes));
  return pictures;
}

// 4:2:2 with every second chroma row: what I420 with a doubled stride shows.
std::string drop_odd_chroma_rows(const std::string& picture, std::size_t width, std::size_t height) {
  std::string kept = picture.substr(0, width * height);
  const std::size_t row = (width + 1) / 2;
  for (std::size_t plane = 0; plane < 2; ++plane)
    for (std::size_t y = 0; y < height; y += 2) kept += picture.substr(width * height + plane * row * height + y * row, row);
  return kept;
}

class Formats : public CaptureFixture, public ::testing::WithParamInterface<Clip> {
 protected:
  std::vector<std::string> make_clip() {
    const Clip& clip = GetParam();
    const bool odd = clip.size.find_last_of("13579") == clip.size.size() - 1;  // testsrc2 would round the size
    run_ffmpeg(std::string("-f lavfi -i testsrc") + (odd ? "" : "2") + "=size=" + clip.size + ":rate=" + std::to_string(kFps) +
               " -frames:v " + std::to_string(kFrames) + " " + clip.encode + " " + file(clip.file));
    run_ffmpeg("-i " + file(clip.file) + " -fps_mode passthrough -f rawvideo -pix_fmt " + clip.raw + " " + file("raw"));
    std::vector<std::string> pictures = split(read_file(file("raw")));
    const std::size_t x = clip.size.find('x');
    const std::size_t width = std::stoul(clip.size), height = std::stoul(clip.size.substr(x + 1));
    if (clip.raw.find("422p") != std::string::npos)
      for (std::string& picture : pictures) picture = drop_odd_chroma_rows(picture, width, height);
    const bool jpeg = clip.encode.find("-c:v mjpeg") != std::string::npos;
    if (clip.way == Way::kConverted || jpeg) luma_ = width * height;
    if (jpeg) tolerance_ = 3;
    return pictures;
  }

  // A converted picture's chroma depends on the scaler's filter; its luma doesn't. Two JPEG decoders round differently.
  bool same(const std::string& a, const std::string& b) const {
    const std::size_t compared = std::min(luma_, a.size());
    return a.size() == b.size() &&
           std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(compared), b.begin(), [&](char x, char y) {
             return std::abs(static_cast<unsigned char>(x) - static_cast<unsigned char>(y)) <= tolerance_;
           });
  }

  std::size_t luma_ = std::string::npos;
  int tolerance_ = 0;
};

TEST_P(Formats, PicturesOrderTimesAndSlotsAreRight) {
  const Clip& clip = GetParam();
  const auto reference = make_clip();
  ASSERT_FALSE(HasFatalFailure());
  start(options_for(file(clip.file)));

  std::optional<std::size_t> last_index;
  Seen last;
  std::size_t rounds = 0, steps = 0;
  while (rounds < 2) {
    const auto seen = next();
    ASSERT_TRUE(seen) << (end_ && !end_->ok() ? end_->error().text : "ended");
    ASSERT_EQ(seen->info.format(), clip.format);
    EXPECT_EQ(seen->info.range(), clip.range);
    EXPECT_EQ(camera_of(seen->info), "front");
    const auto found =
        std::find_if(reference.begin(), reference.end(), [&](const std::string& r) { return same(r, seen->pixels); });
    ASSERT_NE(found, reference.end()) << "frame " << seen->info.frame_id() << " is no picture of the clip";
    const auto index = static_cast<std::size_t>(found - reference.begin());
    EXPECT_LE(seen->info.captured_at_ns(), seen->info.published_at_ns());
    if (last_index) {
      EXPECT_GT(seen->info.frame_id(), last.info.frame_id() + seen->missed);
      const double step = static_cast<double>(seen->info.captured_at_ns() - last.info.captured_at_ns()) * kFps / 1e9;
      // Stamps say which pictures lie between, whatever this reader missed and however late it was.
      const double expected = static_cast<double>((index + kFrames - *last_index) % kFrames);
      const double rest = std::fmod(step - expected + kFrames / 2.0, static_cast<double>(kFrames)) - kFrames / 2.0;
      const bool started_anew = step > kFps;  // the machine was busy for more than a second
      if (!started_anew) {
        EXPECT_NEAR(rest, 0, 0.05) << "from picture " << *last_index << " to " << index;
      }
      steps += started_anew ? 0 : 1;
      if (index < *last_index) ++rounds;
    }
    last_index = index;
    last = *seen;
  }
  EXPECT_GE(steps, 3u);
  stop();
  const SlotCounters counters = slots_->counters();
  EXPECT_EQ(counters.direct > 0, clip.way == Way::kDirect);
  EXPECT_EQ(counters.copied > 0, clip.way == Way::kCopied);
  EXPECT_EQ(counters.converted > 0, clip.way == Way::kConverted);
  EXPECT_EQ(counters.dropped, 0u);
}

const Clip kClips[] = {
    {"h264_b_frames", "c.mp4", "320x240", "-c:v libx264 -g 6 -bf 3 -pix_fmt yuv420p", "yuv420p", PixelFormat::I420,
     ColorRange::Limited, Way::kDirect},
    {"h264_cropped", "c.mp4", "322x242", "-c:v libx264 -bf 0 -pix_fmt yuv420p", "yuv420p", PixelFormat::I420, ColorRange::Limited,
     Way::kDirect},
    {"gray", "c.mkv", "320x240", "-c:v ffv1 -pix_fmt gray", "gray", PixelFormat::GRAY8, ColorRange::Full, Way::kCopied},
    {"h264_444", "c.mp4", "320x240", "-c:v libx264 -pix_fmt yuv444p", "yuv420p", PixelFormat::I420, ColorRange::Limited,
     Way::kConverted},
    {"h264_10_bit", "c.mp4", "320x240", "-c:v libx264 -pix_fmt yuv420p10le", "yuv420p", PixelFormat::I420, ColorRange::Limited,
     Way::kConverted},
    {"hevc", "c.mp4", "320x240", "-c:v libx265 -x265-params log-level=none -pix_fmt yuv420p", "yuv420p", PixelFormat::I420,
     ColorRange::Limited, Way::kDirect},
    {"mpeg4_b_frames", "c.mp4", "352x288", "-c:v mpeg4 -g 6 -bf 2 -q:v 3", "yuv420p", PixelFormat::I420, ColorRange::Limited,
     Way::kDirect},
    {"mpeg4_avi", "c.avi", "352x288", "-c:v mpeg4 -vtag xvid -q:v 3", "yuv420p", PixelFormat::I420, ColorRange::Limited,
     Way::kDirect},
    {"msmpeg4v3_avi", "c.avi", "352x288", "-c:v msmpeg4 -q:v 3", "yuv420p", PixelFormat::I420, ColorRange::Limited, Way::kDirect},
    {"mpeg2_ts", "c.ts", "352x288", "-c:v mpeg2video -q:v 3", "yuv420p", PixelFormat::I420, ColorRange::Limited, Way::kDirect},
    {"vp8", "c.webm", "320x240", "-c:v libvpx -auto-alt-ref 0 -b:v 1M", "yuv420p", PixelFormat::I420, ColorRange::Limited,
     Way::kDirect},
    {"vp9", "c.webm", "320x240", "-c:v libvpx-vp9 -cpu-used 8 -b:v 1M", "yuv420p", PixelFormat::I420, ColorRange::Limited,
     Way::kDirect},
    {"mjpeg_420", "c.avi", "320x240", "-c:v mjpeg -pix_fmt yuvj420p -q:v 3", "yuvj420p", PixelFormat::I420, ColorRange::Full,
     Way::kDirect},
    {"mjpeg_422_as_webcams", "c.avi", "320x240", "-c:v mjpeg -pix_fmt yuvj422p -q:v 3", "yuvj422p", PixelFormat::I420,
     ColorRange::Full, Way::kDirect},
    {"mjpeg_odd_size", "c.avi", "321x241", "-c:v mjpeg -pix_fmt yuvj420p -q:v 3", "yuvj420p", PixelFormat::I420, ColorRange::Full,
     Way::kDirect},
    {"mjpeg_422_odd_size", "c.avi", "323x243", "-c:v mjpeg -pix_fmt yuvj422p -q:v 3", "yuvj422p", PixelFormat::I420,
     ColorRange::Full, Way::kDirect},
    {"mjpeg_444", "c.avi", "320x240", "-c:v mjpeg -pix_fmt yuvj444p -q:v 3", "yuvj420p", PixelFormat::I420, ColorRange::Full,
     Way::kDirect},
    {"raw_yuyv", "c.avi", "320x240", "-c:v rawvideo -pix_fmt yuyv422", "yuyv422", PixelFormat::YUYV, ColorRange::Limited,
     Way::kCopied},
    {"raw_nv12", "c.nut", "320x240", "-c:v rawvideo -pix_fmt nv12", "nv12", PixelFormat::NV12, ColorRange::Limited, Way::kCopied},
    {"ffv1", "c.mkv", "320x240", "-c:v ffv1 -pix_fmt yuv420p", "yuv420p", PixelFormat::I420, ColorRange::Limited, Way::kCopied},
};
INSTANTIATE_TEST_SUITE_P(Capture, Formats, ::testing::ValuesIn(kClips), [](const auto& clip) { return clip.param.name; });

}  // namespace
}  // namespace vedette::capture
