#include "bench/vedette/motion.h"

#include <algorithm>
#include <random>

#include "bench/support/one_process.h"
#include "bench/support/picture_image.h"
#include "vision/motion.h"

namespace vedette::bench {
namespace {

constexpr std::size_t kPictures = 24;  // 72 MB

// The same scene again and again, each time with other noise.
class StillCamera {
 public:
  StillCamera() {
    std::mt19937 random(1);
    for (std::size_t i = 0; i < kPictures; ++i) {
      vision::Image& picture = pictures_.emplace_back(picture_image(kSoft));
      const vision::ImageView view = picture.view();
      for (std::uint32_t y = 0; y < view.height; ++y)
        for (std::uint32_t x = 0; x < view.width; ++x) {
          const int noisy = picture.row(0, y)[x] + static_cast<int>(random() % 9) - 4;
          picture.row(0, y)[x] = static_cast<std::uint8_t>(std::clamp(noisy, 0, 255));
        }
    }
  }
  void look() {
    const vision::MotionResult result = gate_.look(pictures_[number_ % kPictures].view(), number_ * 333'333'333);
    if (number_ > 0 && result.moving) fail("a still picture moves");
    keep(result.cells.data());
    ++number_;
  }

 private:
  vision::MotionGate gate_{vision::MotionOptions()};
  std::vector<vision::Image> pictures_;
  std::uint64_t number_ = 0;
};

}  // namespace

Value motion_1080p() {
  StillCamera camera;
  return time_work([&] { camera.look(); });
}

Value motion_1080p_seldom() {
  StillCamera camera;
  camera.look();
  return time_seldom([&] { camera.look(); });
}

}  // namespace vedette::bench
