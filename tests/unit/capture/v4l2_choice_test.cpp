// Which format, size and rate is taken of what a camera offers; the cameras here are as real ones describe themselves.
#include "capture/v4l2/v4l2_choice.h"

#include <gtest/gtest.h>
#include <linux/videodev2.h>

#include "capture/v4l2/v4l2_controls.h"

namespace vedette::capture {
namespace {

V4l2Size size(std::uint32_t width, std::uint32_t height, std::initializer_list<std::uint32_t> rates) {
  V4l2Size result{width, height, {}, false};
  for (const std::uint32_t rate : rates) result.intervals.push_back({1, rate});
  return result;
}

// A webcam at USB 2: raw at full HD is slower than the bus would be asked for.
std::vector<V4l2FormatInfo> webcam() {
  return {{V4L2_PIX_FMT_YUYV,
           "",
           {size(640, 480, {30, 15}), size(1280, 720, {10, 5}), size(1920, 1080, {5}), size(2304, 1536, {2})},
           0,
           0},
          {V4L2_PIX_FMT_H264, "", {size(1920, 1080, {30})}, 0, 0},
          {V4L2_PIX_FMT_MJPEG, "", {size(640, 480, {30, 15}), size(1280, 720, {60, 30}), size(1920, 1080, {30, 15})}, 0, 0}};
}

std::string chosen(const std::vector<V4l2FormatInfo>& formats, const V4l2Wanted& wanted) {
  const auto choices = v4l2_choices(formats, wanted);
  if (!choices.ok()) return choices.error().text;
  const V4l2Choice& first = choices->front();
  return std::string(to_string(first.format)) + " " + std::to_string(first.width) + "x" + std::to_string(first.height) + " " +
         std::to_string(static_cast<int>(first.interval.fps())) + " of " + std::to_string(choices->size());
}

TEST(V4l2Choice, MjpegAtFullHdRawWhereTheBusCarriesIt) {
  EXPECT_EQ(chosen(webcam(), {}), "mjpeg 1920x1080 30 of 1");
  EXPECT_EQ(chosen(webcam(), {V4l2Format::kAuto, 640, 480, 0}), "yuyv 640x480 30 of 2");
  EXPECT_EQ(chosen(webcam(), {V4l2Format::kAuto, 640, 480, 10}), "yuyv 640x480 15 of 2") << "the slowest that is enough";
  EXPECT_EQ(chosen(webcam(), {V4l2Format::kAuto, 1280, 720, 10}), "yuyv 1280x720 10 of 2");
  EXPECT_EQ(chosen(webcam(), {V4l2Format::kAuto, 1280, 720, 15}), "mjpeg 1280x720 30 of 1");
  EXPECT_EQ(chosen(webcam(), {V4l2Format::kAuto, 1920, 1080, 5}), "yuyv 1920x1080 5 of 2");
}

TEST(V4l2Choice, AFormatThatIsAskedForIsTaken) {
  EXPECT_EQ(chosen(webcam(), {V4l2Format::kYuyv, 0, 0, 0}), "yuyv 1920x1080 5 of 1");
  EXPECT_EQ(chosen(webcam(), {V4l2Format::kMjpeg, 640, 480, 0}), "mjpeg 640x480 30 of 1");
}

TEST(V4l2Choice, ColourBeforeGrey) {
  const std::vector<V4l2FormatInfo> formats = {{V4L2_PIX_FMT_GREY, "", {size(640, 480, {30})}, 0, 0},
                                               {V4L2_PIX_FMT_MJPEG, "", {size(640, 480, {30})}, 0, 0},
                                               {V4L2_PIX_FMT_NV12, "", {size(640, 480, {30})}, 0, 0}};
  EXPECT_EQ(chosen(formats, {}), "nv12 640x480 30 of 3");
  EXPECT_EQ(chosen({formats[0], formats[1]}, {}), "mjpeg 640x480 30 of 2");
  EXPECT_EQ(chosen({formats[0]}, {}), "grey 640x480 30 of 1");
}

TEST(V4l2Choice, OnlyLargerSizesTheSmallestOfThem) {
  EXPECT_EQ(chosen({{V4L2_PIX_FMT_NV12, "", {size(4056, 3040, {10}), size(2592, 1944, {15})}, 0, 0}}, {}),
            "nv12 2592x1944 15 of 1");
}

TEST(V4l2Choice, RangesOfSizesAndRates) {
  V4l2FormatInfo range{V4L2_PIX_FMT_NV12, "", {size(32, 32, {}), size(1920, 1080, {}), size(3280, 2464, {})}, 2, 2};
  EXPECT_EQ(chosen({range}, {}), "nv12 1920x1080 0 of 1");
  EXPECT_EQ(chosen({range}, {V4l2Format::kAuto, 800, 600, 30}), "nv12 800x600 0 of 1")
      << "a driver that names no rates is left alone";
  EXPECT_NE(chosen({range}, {V4l2Format::kAuto, 801, 600, 0}).find("no size 801x600"), std::string::npos);
  for (V4l2Size& each : range.sizes) {
    each.intervals = {{1, 60}, {1, 1}};
    each.any_interval = true;
  }
  EXPECT_EQ(chosen({range}, {V4l2Format::kAuto, 800, 600, 12.5}), "nv12 800x600 12 of 1");
  EXPECT_EQ(chosen({range}, {V4l2Format::kAuto, 800, 600, 0.5}), "nv12 800x600 1 of 1") << "none is as slow";
}

TEST(V4l2Choice, RatesAreRatios) {
  V4l2FormatInfo film{V4L2_PIX_FMT_NV12, "", {size(1920, 1080, {})}, 0, 0};
  film.sizes[0].intervals = {{1001, 30000}, {1001, 24000}};
  EXPECT_EQ(chosen({film}, {V4l2Format::kAuto, 0, 0, 30}), "nv12 1920x1080 29 of 1");
  EXPECT_EQ(chosen({film}, {V4l2Format::kAuto, 0, 0, 25}), "nv12 1920x1080 29 of 1");
}

TEST(V4l2Choice, WhatThereIsIsListed) {
  EXPECT_EQ(
      chosen(webcam(), {V4l2Format::kNv12, 0, 0, 0}),
      "the device has no format nv12; it has: YUYV 640x480 (30, 15 fps), 1280x720 (10, 5 fps), 1920x1080 (5 fps), 2304x1536 (2 "
      "fps); MJPG 640x480 (30, 15 fps), 1280x720 (60, 30 fps), 1920x1080 (30, 15 fps); not taken: H264");
  EXPECT_EQ(chosen(webcam(), {V4l2Format::kYuyv, 1280, 720, 30}).substr(0, 45), "the device has no rate of 30 fps at 1280x720;");
  EXPECT_EQ(chosen({webcam()[1]}, {}),
            "the device has none of the formats mjpeg, yuyv, nv12, grey; it has: none that is taken here; not taken: H264");
}

TEST(V4l2Controls, NamesAreThoseThatV4l2CtlShows) {
  EXPECT_EQ(normalised_name("Exposure Time, Absolute"), "exposure_time_absolute");
  EXPECT_EQ(normalised_name("White Balance, Automatic"), "white_balance_automatic");
  EXPECT_EQ(normalised_name(" 100% Colorbar "), "100_colorbar");
  EXPECT_EQ(normalised_name("--"), "");
}

}  // namespace
}  // namespace vedette::capture
