#include "vision/motion.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "unit/vision/motion_scene.h"

namespace vedette::vision {
namespace {

constexpr std::uint32_t kWidth = 640, kHeight = 360;
constexpr Thing kPerson{300, 150, 24, 60, 60};  // 0.6 % of the picture

Thing moved(Thing thing, double x, double y = 0) {
  thing.x += x;
  thing.y += y;
  return thing;
}

TEST(MotionGate, TheFirstPictureOfASizeMovesAndSaysNothing) {
  MotionScene scene(kWidth, kHeight), other(320, 200);
  Watch watch({.zones = {{{{0, 0}, {1, 0}, {1, 1}}, false, 0}}});
  for (MotionScene* each : {&scene, &other, &scene}) {
    const MotionResult first = watch.look(each->draw());
    EXPECT_TRUE(first.moving);
    EXPECT_FALSE(first.light_changed);
    EXPECT_EQ(first.area, 0.0f);
    ASSERT_EQ(first.zone_area.size(), 1u);
    EXPECT_EQ(first.zone_area[0], 0.0f);
    EXPECT_EQ(std::count(first.cells.begin(), first.cells.end(), 0), std::ptrdiff_t(first.cells.size()));
    EXPECT_FALSE(watch.look(each->draw()).moving);
  }
}

TEST(MotionGate, CellsCoverThePicture) {
  for (const auto& [width, height] : {std::pair{1u, 1u},
                                      {3u, 700u},
                                      {640u, 480u},
                                      {1920u, 1080u},
                                      {1080u, 1920u},
                                      {3840u, 2160u},
                                      {641u, 479u},
                                      {16384u, 16u},
                                      {17u, 16384u},
                                      {2592u, 1944u}}) {
    Image picture;
    picture.reshape(PixelFormat::GRAY8, width, height);
    for (std::uint32_t y = 0; y < height; ++y) std::fill_n(picture.row(0, y), width, std::uint8_t{100});
    MotionGate gate({});
    const MotionResult result = gate.look(picture.view(), 1);
    EXPECT_LE(result.columns, 160u);
    EXPECT_LE(result.rows, 160u);
    EXPECT_EQ(result.columns, (width + result.cell_width - 1) / result.cell_width) << width << "x" << height;
    EXPECT_EQ(result.rows, (height + result.cell_height - 1) / result.cell_height) << width << "x" << height;
    EXPECT_EQ(result.cells.size(), std::size_t{result.columns} * result.rows);
    EXPECT_EQ(result.luma.size(), result.cells.size());
  }
}

struct Noise {
  std::uint32_t width, height;
  double deviation;
  int looks_a_second;
};
class Noisy : public testing::TestWithParam<Noise> {};

// From the second picture on: nothing had to be learnt.
TEST_P(Noisy, AStillPictureNeverMoves) {
  const Noise noise = GetParam();
  MotionScene scene(noise.width, noise.height);
  Watch watch;
  (void)watch.look(scene.draw(Shot{.noise = noise.deviation}));
  for (int i = 0; i < 1000; ++i) {
    const MotionResult result = watch.look(scene.draw(Shot{.noise = noise.deviation}), 1000 / noise.looks_a_second);
    ASSERT_FALSE(result.moving) << "look " << i << ": " << result.area;
    ASSERT_FALSE(result.light_changed) << "look " << i;
  }
}
INSTANTIATE_TEST_SUITE_P(Cameras, Noisy,
                         testing::Values(Noise{320, 180, 2, 3}, Noise{640, 360, 6, 3}, Noise{640, 360, 6, 30},
                                         Noise{1280, 720, 12, 3}, Noise{160, 120, 5, 1}));

// So grainy that cells of 16 pixels differ by more than the threshold: that has to be learnt first.
TEST(MotionGate, AVeryGrainyNightIsStillAfterSomeSeconds) {
  MotionScene scene(kWidth, kHeight);
  Watch watch;
  const Shot night{.gain = 0.4, .noise = 24};
  watch.settle(scene, night, 45);
  int moving = 0;
  for (int i = 0; i < 300; ++i) moving += watch.look(scene.draw(night)).moving;
  EXPECT_EQ(moving, 0);
  EXPECT_TRUE(watch.look(scene.draw(Thing{200, 100, 50, 120, 120}, night)).moving) << "and yet it sees";
}

TEST(MotionGate, WhoComesIsSeenAtOnceAndWhereTheyAre) {
  MotionScene scene(kWidth, kHeight);
  Watch watch;
  watch.settle(scene);
  const MotionResult result = watch.look(scene.draw(kPerson));
  EXPECT_TRUE(result.moving);
  EXPECT_EQ(result.threshold, 12);
  EXPECT_NEAR(result.area, kPerson.width * kPerson.height / (kWidth * kHeight), 0.001);
  for (std::uint32_t row = 0; row < result.rows; ++row)
    for (std::uint32_t column = 0; column < result.columns; ++column) {
      const double x = column * result.cell_width, y = row * result.cell_height;
      const bool inside = x >= kPerson.x && y >= kPerson.y && x + result.cell_width <= kPerson.x + kPerson.width &&
                          y + result.cell_height <= kPerson.y + kPerson.height;
      const bool outside = x + result.cell_width <= kPerson.x || y + result.cell_height <= kPerson.y ||
                           x >= kPerson.x + kPerson.width || y >= kPerson.y + kPerson.height;
      const int cell = result.cells[row * result.columns + column];
      ASSERT_GE(cell, inside ? kPerson.brighter - 4 : 0) << column << ", " << row;
      ASSERT_LE(cell, outside ? 4 : kPerson.brighter + 4) << column << ", " << row;
    }
}

// Whatever walks, at least as large as `area` and of four times the threshold's contrast, by its own width within two seconds, is
// seen in each two seconds.
TEST(MotionGate, WhatWalksIsAlwaysSeen) {
  const std::uint32_t walks = std::getenv("VEDETTE_EMULATED") != nullptr ? 6 : 40;
  for (std::uint32_t seed = 0; seed < walks; ++seed) {
    std::mt19937 random(seed);
    const auto between = [&](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
    MotionScene scene(kWidth, kHeight, seed);
    Watch watch;
    watch.settle(scene, {}, 12);
    const double area = MotionOptions().area * kWidth * kHeight * (seed % 2 == 0 ? 1.0 : between(1, 20)),
                 aspect = between(0.4, 2.5);
    Thing thing{0, 0, std::sqrt(area * aspect), std::sqrt(area / aspect), (seed % 3 == 0 ? -1 : 1) * between(48, 90)};
    thing.x = between(0, kWidth - thing.width);
    thing.y = between(0, kHeight - thing.height);
    const int rate = seed % 4 == 0 ? 10 : 3, in_two_seconds = 2 * rate;
    const double speed = between(0.5, seed % 5 == 0 ? 8 : 1.5) * thing.width / rate, direction = between(0, 6.28);
    double dx = speed * std::cos(direction), dy = speed * std::sin(direction);
    int unseen = 0;
    for (int i = 0; i < 7 * in_two_seconds; ++i) {
      unseen = watch.look(scene.draw(thing), 1000 / rate).moving ? 0 : unseen + 1;
      ASSERT_LT(unseen, in_two_seconds) << "seed " << seed << ", look " << i << ": " << thing.width << " x " << thing.height
                                        << " at " << thing.x << ", " << thing.y;
      thing.x += dx;
      thing.y += dy;
      if (thing.x < 0 || thing.x + thing.width > kWidth) dx = -dx;
      if (thing.y < 0 || thing.y + thing.height > kHeight) dy = -dy;
      thing.x = std::clamp(thing.x, 0.0, kWidth - thing.width);
      thing.y = std::clamp(thing.y, 0.0, kHeight - thing.height);
    }
  }
}

// A pixel a second: as slow as the shadow of a tree is not.
TEST(MotionGate, WhoCreepsIsSeenAllTheTime) {
  MotionScene scene(kWidth, kHeight);
  Watch watch;
  watch.settle(scene);
  for (int i = 0; i < 360; ++i) EXPECT_TRUE(watch.look(scene.draw(moved(kPerson, i / 3.0))).moving) << i;
}

TEST(MotionGate, WhoStopsBelongsToThePictureAfterAWhileAndIsSeenGoing) {
  for (const int looks_a_second : {1, 3, 30}) {
    MotionScene scene(kWidth, kHeight);
    Watch watch;
    watch.settle(scene);
    int seconds = 0;
    for (bool moving = true; moving && seconds < 300; ++seconds)
      for (int i = 0; i < looks_a_second; ++i) moving = watch.look(scene.draw(kPerson), 1000 / looks_a_second).moving;
    EXPECT_NEAR(seconds, 20 * std::log(kPerson.brighter / 12), 5) << looks_a_second << " looks a second";
    EXPECT_TRUE(watch.look(scene.draw()).moving);
  }
}

TEST(MotionGate, LooksThatComeSeldomOrAtAnyTimeDoNoHarm) {
  MotionScene scene(kWidth, kHeight);
  Watch watch;
  watch.settle(scene);
  for (const std::int64_t ms : {0L, 0L, 1L, -5000L, 333L, -3'600'000L, 10L, 86'400'000L, 1L, 600'000L, 0L, -1L, 250L, 40'000L}) {
    EXPECT_FALSE(watch.look(scene.draw(), ms).moving) << ms;
    EXPECT_TRUE(watch.look(scene.draw(kPerson), 0).moving) << "at the same time, after " << ms;
    EXPECT_FALSE(watch.look(scene.draw(), 0).moving) << ms;
  }
  MotionGate gate({});
  for (const std::uint64_t at :
       {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{0}, ~std::uint64_t{0} / 2, ~std::uint64_t{0}}) {
    (void)gate.look(scene.draw(), at);
    EXPECT_FALSE(gate.look(scene.draw(), at).moving) << at;
  }
}

// A look a minute compares with the minute before.
TEST(MotionGate, AtALookAMinuteItStillSeesWhoCame) {
  MotionScene scene(kWidth, kHeight);
  Watch watch;
  for (int i = 0; i < 5; ++i) (void)watch.look(scene.draw(), 60'000);
  EXPECT_FALSE(watch.look(scene.draw(), 60'000).moving);
  EXPECT_TRUE(watch.look(scene.draw(kPerson), 60'000).moving);
  EXPECT_TRUE(watch.look(scene.draw(moved(kPerson, 100)), 60'000).moving);
}

// A lamp that blinks, leaves in the wind: moving at first, known after a minute or two, and no longer known some minutes after it
// ended.
TEST(MotionGate, ARestlessPlaceIsExcusedButWhoPassesItIsSeen) {
  MotionScene scene(kWidth, kHeight);
  Watch watch;
  watch.settle(scene);
  std::mt19937 random(3);
  const auto leaves = [&] { return Thing{100, 100, 60, 60, std::uniform_real_distribution<double>(-25, 25)(random)}; };
  EXPECT_TRUE(watch.look(scene.draw(Thing{100, 100, 60, 60, 25})).moving);
  for (int i = 0; i < 400; ++i) (void)watch.look(scene.draw(leaves()));
  int moving = 0;
  for (int i = 0; i < 200; ++i) moving += watch.look(scene.draw(leaves())).moving;
  EXPECT_EQ(moving, 0);
  EXPECT_TRUE(watch.look(scene.draw(Thing{100, 100, 40, 60, 80})).moving) << "in front of them";
  EXPECT_TRUE(watch.look(scene.draw(kPerson)).moving) << "beside them";
  watch.settle(scene, {}, 600);
  EXPECT_TRUE(watch.look(scene.draw(Thing{100, 100, 60, 60, 25})).moving) << "when the wind has ended";
}

TEST(MotionGate, OptionsOutOfRangeAreBroughtIntoIt) {
  MotionScene scene(kWidth, kHeight);
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [wanted, used] :
       {std::pair{0.0f, 1}, {-5.0f, 1}, {kNan, 1}, {1.4f, 1}, {12.6f, 13}, {254.9f, 255}, {1e9f, 255}}) {
    MotionGate gate({.threshold = wanted});
    EXPECT_EQ(gate.look(scene.draw(), 1).threshold, used) << wanted;
    EXPECT_EQ(gate.look(scene.draw(kPerson), 1).moving, used < 60) << wanted;
  }
  MotionGate all({.area = 1.0f}), any({.area = 0.0f});
  for (MotionGate* gate : {&all, &any}) (void)gate->look(scene.draw(), 1);
  EXPECT_FALSE(any.look(scene.draw(), 1).moving) << "no cell moves, and none is no motion";
  EXPECT_TRUE(any.look(scene.draw(Thing{300, 150, 4, 4, 60}), 1).moving);
  EXPECT_FALSE(all.look(scene.draw(kPerson), 1).moving);
}

}  // namespace
}  // namespace vedette::vision
