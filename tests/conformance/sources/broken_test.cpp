// Bitstreams with damage in them: capture lives, pictures go on, and what is shown is in order. (Whether a picture of a damaged
// H.264 or H.265 stream is whole can't always be told by a decoder: damaged bits may well be valid ones.)
#include "conformance/sources/rig.h"

namespace vedette::test {
namespace {

class Damaged : public Rig, public ::testing::WithParamInterface<Kind> {};

TEST_P(Damaged, PacketsByTheHundredItGoesOn) {
  damage_ = 20;
  if (!make_source(GetParam())) GTEST_SKIP() << "this kind of server isn't there";
  start_capture({"timeout: 2s", "watchdog: 2s"});
  std::uint64_t last = 0, last_id = 0;
  int whole = 0, seen = 0;
  for (; whole < 60; ++seen) {
    const auto frame = next_frame();
    ASSERT_TRUE(frame) << "after " << seen << " frames";
    EXPECT_GT(frame->info.frame_id(), last_id);
    last_id = frame->info.frame_id();
    if (!frame->stamp) continue;
    EXPECT_GE(frame->stamp->number, last);  // concealed: the one before again
    last = frame->stamp->number;
    ++whole;
  }
  EXPECT_GT(whole, seen / 4) << "of " << seen;
  EXPECT_TRUE(capture().running());
}
INSTANTIATE_TEST_SUITE_P(All, Damaged, ::testing::ValuesIn(live_kinds()), [](const auto& kind) { return kind.param.name; });

class Mjpeg : public Rig, public ::testing::WithParamInterface<const char*> {};

// What can be told must be told: a JPEG that was cut off isn't shown.
TEST_F(Mjpeg, OfCutOffPicturesNoneIsShown) {
  damage_ = 30;
  damage_kind_ = 0;
  ASSERT_TRUE(make_source({"http_mjpeg", Way::kHttpMjpeg, "mjpeg"}));
  start_capture();
  std::uint64_t last = 0;
  std::uint64_t left_out = 0;
  for (int i = 0; i < 60; ++i) {
    const auto frame = next_frame();
    ASSERT_TRUE(frame);
    ASSERT_TRUE(frame->stamp) << "a torn picture was shown";
    if (last != 0) left_out += frame->stamp->number - last - 1;
    last = frame->stamp->number;
  }
  EXPECT_GT(left_out, 5u) << "the damage isn't there";
}

TEST_P(Mjpeg, PartsWhoseLengthIsWrongCostNoMoreThanTheirNeighbours) {
  Kind kind{"http_mjpeg", Way::kHttpMjpeg, "mjpeg"};
  kind.more = {"--wrong-length", GetParam()};
  ASSERT_TRUE(make_source(kind));
  start_capture({"timeout: 2s", "watchdog: 2s"});
  std::uint64_t last = 0;
  for (int i = 0; i < 60; ++i) {
    const auto frame = next_frame();
    ASSERT_TRUE(frame) << "after " << i << " frames";
    ASSERT_TRUE(frame->stamp) << "a torn picture was shown";
    EXPECT_GT(frame->stamp->number, last);
    last = frame->stamp->number;
  }
}
// Bytes more or less than there are, in every tenth part.
INSTANTIATE_TEST_SUITE_P(All, Mjpeg, ::testing::Values("-500", "-1", "700"), [](const auto& length) {
  return std::string(length.index == 0 ? "much_too_short" : length.index == 1 ? "one_short" : "too_long");
});

}  // namespace
}  // namespace vedette::test
