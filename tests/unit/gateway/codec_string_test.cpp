#include "gateway/codec_string.h"

#include <gtest/gtest.h>

#include <vector>

namespace vedette::gateway {
namespace {

std::string of(Codec codec, std::initializer_list<int> bytes) {
  std::vector<std::byte> all;
  for (const int byte : bytes) all.push_back(static_cast<std::byte>(byte));
  return codec_string(codec, all);
}

TEST(CodecString, NamesH264ByItsSequenceParameterSet) {
  EXPECT_EQ(of(Codec::H264, {0, 0, 0, 1, 0x67, 0x64, 0x00, 0x28, 0xac, 0xd9}), "avc1.640028");
  EXPECT_EQ(of(Codec::H264, {0, 0, 1, 0x09, 0xf0, 0, 0, 1, 0x27, 0x42, 0xc0, 0x1f, 0x8c}), "avc1.42c01f") << "behind a delimiter";
  EXPECT_EQ(of(Codec::H264, {0, 0, 1, 0x68, 0x64, 0x00, 0x28}), "") << "a picture parameter set alone";
  EXPECT_EQ(of(Codec::H264, {0, 0, 1, 0x67, 0x64, 0x00}), "") << "cut off";
  EXPECT_EQ(of(Codec::H264, {0, 0, 1, 0x67, 0, 0, 1, 0x67, 0x4d, 0x40, 0x1e}), "avc1.4d401e") << "a broken one in front";
  EXPECT_EQ(of(Codec::H264, {}), "");
}

TEST(CodecString, NamesH265ByProfileTierAndLevel) {
  // x265's Main profile at level 3.1: general_profile_compatibility_flags 0x60000000, progressive and frame-only.
  EXPECT_EQ(of(Codec::H265, {0,    0, 0, 1,    0x40, 0x01, 0x0c, 0, 0,    0, 1, 0x42, 0x01, 0x01, 0x01,
                             0x60, 0, 0, 0x03, 0,    0x90, 0,    0, 0x03, 0, 0, 0x03, 0,    0x5d, 0xa0}),
            "hev1.1.6.L93.90");
  // Main 10, high tier, level 5.1.
  EXPECT_EQ(of(Codec::H265, {0, 0, 1, 0x42, 0x01, 0x01, 0x22, 0x20, 0, 0, 0x03, 0, 0xb0, 0, 0, 0x03, 0, 0, 0x03, 0, 0x99, 0xa0}),
            "hev1.2.4.H153.B0");
  EXPECT_EQ(of(Codec::H265, {0, 0, 1, 0x42, 0x01, 0x01, 0x01, 0x60}), "") << "cut off";
}

TEST(CodecString, OtherCodecs) {
  EXPECT_EQ(of(Codec::MJPEG, {}), "mjpeg");
  EXPECT_EQ(of(Codec::Unknown, {0, 0, 1, 0x67, 0x64, 0, 0x28, 0}), "");
}

}  // namespace
}  // namespace vedette::gateway
