// Light that changes, and who moves meanwhile.
#include <gtest/gtest.h>

#include <numbers>

#include "unit/vision/motion_scene.h"

namespace vedette::vision {
namespace {

constexpr std::uint32_t kWidth = 640, kHeight = 360;
constexpr Thing kPerson{300, 150, 24, 60, -60};

class MotionLight : public testing::Test {
 protected:
  void SetUp() override { watch_.settle(scene_); }
  MotionScene scene_{kWidth, kHeight};
  Watch watch_;
};

TEST_F(MotionLight, BrighterOrDarkerAtOnceIsLightAndKnownAtOnce) {
  for (const Shot& shot : {Shot{.offset = 30}, Shot{.offset = -30}, Shot{.gain = 1.4}, Shot{.gain = 0.5},
                           Shot{.gain = 0.7, .offset = 40}, Shot{}, Shot{.gain = 2.2}, Shot{}}) {
    const MotionResult changed = watch_.look(scene_.draw(shot));
    EXPECT_FALSE(changed.moving) << shot.gain << ", " << shot.offset << ": " << changed.area;
    EXPECT_TRUE(changed.light_changed) << shot.gain << ", " << shot.offset;
    for (int i = 0; i < 5; ++i) {
      const MotionResult after = watch_.look(scene_.draw(shot));
      EXPECT_FALSE(after.moving || after.light_changed) << shot.gain << ", " << shot.offset << ": " << after.area;
    }
    EXPECT_TRUE(watch_.look(scene_.draw(kPerson, shot)).moving);
    watch_.settle(scene_, shot);
  }
}

TEST_F(MotionLight, WhoWalksInWhileTheLightChangesIsSeen) {
  int i = 0;
  for (const Shot& shot : {Shot{.offset = 35}, Shot{.gain = 0.6}, Shot{.gain = 1.3, .offset = -10}, Shot{}}) {
    const MotionResult changed = watch_.look(scene_.draw(Thing{50.0 + 100 * i++, 100, 24, 60, 60}, shot));
    EXPECT_TRUE(changed.moving) << shot.gain << ", " << shot.offset;
    EXPECT_TRUE(changed.light_changed) << shot.gain << ", " << shot.offset;
    EXPECT_LT(changed.area, 0.03f) << "of the picture, the person";
    watch_.settle(scene_, shot);
  }
}

// A cloud passes, an exposure settles: over seconds, up and down.
TEST_F(MotionLight, CloudsAndExposureAreNoMotion) {
  for (const int looks_a_second : {3, 30})
    for (const double seconds : {1.5, 5.0, looks_a_second == 3 ? 30.0 : 1.0})
      for (int i = 0; i < 2 * seconds * looks_a_second; ++i) {
        const double gain = 1.0 + 0.35 * std::sin(i * std::numbers::pi / seconds / looks_a_second);
        const MotionResult result = watch_.look(scene_.draw(Shot{.gain = gain}), 1000 / looks_a_second);
        ASSERT_FALSE(result.moving) << looks_a_second << " a second, period " << 2 * seconds << " s, look " << i << ": "
                                    << result.area;
      }
}

TEST_F(MotionLight, LampsThatFlickerAreNoMotionAndHideNobody) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> anywhere(0, 6.28), any_gain(0.8, 1.2);
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(watch_.look(scene_.draw(Shot{.gain = any_gain(random)})).moving) << i;
  EXPECT_TRUE(watch_.look(scene_.draw(kPerson, Shot{.gain = any_gain(random)})).moving);
  // A rolling shutter shows it in bands; their noise has to be learnt.
  for (int i = 0; i < 250; ++i) (void)watch_.look(scene_.draw(Shot{.bands = 0.12, .phase = anywhere(random)}));
  for (int i = 0; i < 100; ++i)
    ASSERT_FALSE(watch_.look(scene_.draw(Shot{.bands = 0.12, .phase = anywhere(random)})).moving) << i;
  EXPECT_TRUE(watch_.look(scene_.draw(Thing{300, 150, 24, 60, 90}, Shot{.bands = 0.12, .phase = anywhere(random)})).moving);
}

// Infrared: what was dark is bright. No line explains it, but it is everything.
TEST_F(MotionLight, NightModeIsLight) {
  for (const Shot& shot : {Shot{.inverted = true}, Shot{}}) {
    const MotionResult changed = watch_.look(scene_.draw(shot), 60'000);
    EXPECT_FALSE(changed.moving);
    EXPECT_TRUE(changed.light_changed);
    EXPECT_EQ(changed.area, 0.0f);
    EXPECT_EQ(std::count(changed.cells.begin(), changed.cells.end(), 0), std::ptrdiff_t(changed.cells.size()));
    EXPECT_FALSE(watch_.look(scene_.draw(shot)).moving);
    EXPECT_TRUE(watch_.look(scene_.draw(kPerson, shot)).moving);
    watch_.settle(scene_, shot);
  }
}

// Everything, again and again: the camera turns, or drives.
TEST_F(MotionLight, WhatChangesEverythingAllTheTimeIsNoLight) {
  EXPECT_FALSE(watch_.look(scene_.draw(Shot{.inverted = true})).moving);
  for (int i = 0; i < 20; ++i) {
    const MotionResult result = watch_.look(scene_.draw(Shot{.inverted = i % 2 == 1}));
    EXPECT_TRUE(result.moving) << i;
    EXPECT_GT(result.area, 0.6f) << i;
  }
}

// It was as bright before, although nobody could see it.
TEST_F(MotionLight, WhatIsBurntOutInOneLightIsKnownInTheOther) {
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(watch_.look(scene_.draw(Shot{.gain = i % 2 == 0 ? 1.8 : 1.0})).moving) << i;
}

// A third of the picture is a lorry: that is no light.
TEST_F(MotionLight, WhatIsLargeIsNoLight) {
  for (const double width : {100.0, 200.0, 300.0}) {
    const MotionResult result = watch_.look(scene_.draw(Thing{50, 20, width, 320, 70}));
    EXPECT_TRUE(result.moving) << width;
    watch_.settle(scene_, {}, 200);
  }
}

}  // namespace
}  // namespace vedette::vision
