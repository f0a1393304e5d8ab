#include "bus/demand.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "bus/directory.h"

namespace vedette::bus {
namespace {

TEST(Demand, every_word_is_one_and_packs_into_itself) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 100'000; ++round) {
    const Demand demand = Demand::unpack(random());
    ASSERT_EQ(Demand::unpack(demand.pack()), demand);
  }
  EXPECT_EQ(Demand::unpack(0), Demand{});
  EXPECT_EQ(Demand{}.pack(), 0u) << "a cleared entry asks for nothing";
}

TEST(Demand, rates_round_but_never_to_every_frame) {
  EXPECT_FLOAT_EQ(Demand::unpack(Demand::pixels_at(29.97f).pack()).fps, 30.0f);
  EXPECT_FLOAT_EQ(Demand::unpack(Demand::pixels_at(0.001f).pack()).fps, 0.1f) << "0 would mean every frame";
  EXPECT_FLOAT_EQ(Demand::unpack(Demand::pixels_at(1e9f).pack()).fps, 6553.5f);
  EXPECT_EQ(Demand::unpack(Demand::pixels_at(-5).pack()).fps, 0.0f);
  EXPECT_EQ(Demand::unpack(Demand::pixels_at(std::numeric_limits<float>::quiet_NaN()).pack()).fps, 0.0f);
}

TEST(Demand, maximum_satisfies_both) {
  const Demand none, packets{.packets = true}, slow = Demand::pixels_at(3), fast = Demand::pixels_at(30);
  EXPECT_EQ(Demand::maximum(none, none), none);
  EXPECT_EQ(Demand::maximum(slow, fast), fast);
  EXPECT_EQ(Demand::maximum(fast, Demand::every_pixel()), Demand::every_pixel()) << "0 fps: every one";
  const Demand both = Demand::maximum(packets, slow);
  EXPECT_TRUE(both.packets && both.pixels);
  EXPECT_EQ(both.fps, 3.0f) << "who wants no pixels has no say in their rate";
  const Demand small{.pixels = true, .width = 384, .height = 384}, full{.pixels = true};
  EXPECT_EQ(Demand::maximum(small, full), full) << "0: the source's own size";
  std::mt19937_64 random(1);
  for (int round = 0; round < 10'000; ++round) {
    const Demand a = Demand::unpack(random()), b = Demand::unpack(random());
    ASSERT_EQ(Demand::maximum(a, b), Demand::maximum(b, a));
    ASSERT_EQ(Demand::maximum(a, none).fps, a.pixels ? a.fps : 0.0f);
  }
}

TEST(TopicName, takes_names_and_nothing_else) {
  for (const char* good : {"a/b", "cam0/frames", "front-door_2/detections", "0/0"}) {
    const auto name = TopicName::parse(good);
    ASSERT_TRUE(name.ok()) << good;
    EXPECT_EQ(name->text(), good);
  }
  const std::string longest(31, 'x');
  EXPECT_TRUE(TopicName::make(longest, longest).ok());
  EXPECT_FALSE(TopicName::make(longest + "x", "frames").ok());
  for (const char* bad : {"", "/", "cam0", "cam0/", "/frames", "cam0/a/b", "../etc", "cam0/..", "Cam0/frames", "cam 0/frames",
                          "cam0/frames.lock", "c\xc3\xa4m/frames"}) {
    const auto refused = TopicName::parse(bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(refused.error().text.rfind("topic \"", 0), 0u) << refused.error().text;
  }
  EXPECT_FALSE(TopicName::parse(std::string_view("cam0/fr\0mes", 11)).ok());
}

}  // namespace
}  // namespace vedette::bus
