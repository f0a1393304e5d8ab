// The motion gate on a real camera's pictures: the pedestrian clip (768 x 576, 10 frames a second, 795 frames), in all of which
// somebody walks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <vector>

#include "vision/motion.h"

namespace vedette::vision {
namespace {

constexpr std::uint32_t kWidth = 768, kHeight = 576;
constexpr std::size_t kFrames = 795;
constexpr std::uint64_t kFrameNs = 100'000'000;

// One frame after the other, decoded by the program ffmpeg.
class Clip {
 public:
  Clip() {
    EXPECT_TRUE(std::filesystem::exists(VEDETTE_CLIP)) << "there is no pedestrian clip: run scripts/fetch-clip";
    pipe_.reset(::popen("ffmpeg -v quiet -nostdin -i " VEDETTE_CLIP " -f rawvideo -pix_fmt yuv420p -", "r"));
    picture_.reshape(PixelFormat::I420, kWidth, kHeight);
  }
  bool next() {
    for (int plane = 0; plane < 3; ++plane) {
      const PlaneGeometry extent = plane_extent(PixelFormat::I420, plane, kWidth, kHeight);
      for (std::uint32_t y = 0; y < extent.rows; ++y)
        if (std::fread(picture_.row(plane, y), 1, extent.row_bytes, pipe_.get()) != extent.row_bytes) return false;
    }
    return true;
  }
  Image& picture() { return picture_; }

 private:
  struct Close {
    void operator()(std::FILE* pipe) const { ::pclose(pipe); }
  };
  std::unique_ptr<std::FILE, Close> pipe_;
  Image picture_;
};

void change_light(Image& picture, double gain, double offset) {
  for (std::uint32_t y = 0; y < kHeight; ++y)
    for (std::uint8_t* pixel = picture.row(0, y); pixel < picture.row(0, y) + kWidth; ++pixel)
      *pixel = static_cast<std::uint8_t>(std::clamp(*pixel * gain + offset, 16.0, 235.0));
}

TEST(PedestrianClip, SomebodyWalksOnEveryFrameAtAnyRate) {
  for (const std::size_t each : {1u, 3u, 10u, 50u}) {
    Clip clip;
    // The building's wall.
    MotionGate gate({.zones = {{{{0.42f, 0.0f}, {0.74f, 0.0f}, {0.74f, 0.16f}, {0.42f, 0.16f}}, false, 0.0f}}});
    std::size_t frames = 0;
    for (; clip.next(); ++frames) {
      if (frames % each != 0) continue;
      const MotionResult result = gate.look(clip.picture().view(), frames * kFrameNs);
      EXPECT_TRUE(result.moving) << "frame " << frames << " of each " << each << ": " << result.area;
      EXPECT_FALSE(result.light_changed) << "frame " << frames;
      EXPECT_LT(result.area, 0.15f) << "frame " << frames << ": people are no more of it";
      EXPECT_LT(result.zone_area[0], 0.01f) << "frame " << frames << ": nobody walks on the wall";
    }
    EXPECT_EQ(frames, kFrames);
  }
}

// The sun comes and goes within seconds: whoever walks is seen, and nothing else.
TEST(PedestrianClip, IsSeenWhileTheLightChanges) {
  Clip clip;
  MotionGate gate({});
  std::size_t frames = 0, light = 0;
  for (; clip.next(); ++frames) {
    if (frames % 3 != 0) continue;
    change_light(clip.picture(), 0.85 + 0.2 * std::sin(static_cast<double>(frames) / 12.0),
                 8 * std::cos(static_cast<double>(frames) / 7.0));
    const MotionResult result = gate.look(clip.picture().view(), frames * kFrameNs);
    EXPECT_TRUE(result.moving) << "frame " << frames << ": " << result.area;
    EXPECT_LT(result.area, 0.25f) << "frame " << frames;
    light += result.light_changed;
  }
  EXPECT_EQ(frames, kFrames);
  EXPECT_GT(light, 10u);
}

// One of its pictures, looked at a thousand times by a camera with noise.
TEST(PedestrianClip, AStillPictureOfItNeverMoves) {
  Clip clip;
  ASSERT_TRUE(clip.next());
  Image picture;
  picture.reshape(PixelFormat::I420, kWidth, kHeight);
  std::mt19937 random(7);
  std::normal_distribution<double> normal(0.0, 6.0);
  std::vector<int> noise(1 << 18);
  std::generate(noise.begin(), noise.end(), [&] { return static_cast<int>(std::lround(normal(random))); });
  MotionGate gate({});
  for (std::uint64_t look = 0; look <= 1000; ++look) {
    for (std::uint32_t y = 0; y < kHeight; ++y) {
      const int* grain = noise.data() + random() % (noise.size() - kWidth);
      for (std::uint32_t x = 0; x < kWidth; ++x)
        picture.row(0, y)[x] = static_cast<std::uint8_t>(std::clamp(clip.picture().row(0, y)[x] + grain[x], 0, 255));
    }
    const MotionResult result = gate.look(picture.view(), look * 333'333'333);
    ASSERT_EQ(result.moving, look == 0) << "look " << look << ": " << result.area;
    ASSERT_FALSE(result.light_changed) << "look " << look;
  }
}

}  // namespace
}  // namespace vedette::vision
