#include "gateway/video.h"

#include <gtest/gtest.h>

namespace vedette::gateway {
namespace {

VideoWish wish_of(const std::string& query) {
  const auto target = parse_target("/ws/front" + query);
  EXPECT_TRUE(target);
  const auto wish = parse_video_wish(*target);
  EXPECT_TRUE(wish.ok()) << wish.error().text;
  return *wish;
}

TEST(VideoWish, SaysWhatAViewerCanPlay) {
  EXPECT_EQ(wish_of(""), VideoWish{});
  EXPECT_EQ(wish_of("?video=jpeg"), VideoWish{});
  EXPECT_EQ(wish_of("?video=packets&codecs=h264,h265,mjpeg"), (VideoWish{true, true, true, true}));
  EXPECT_EQ(wish_of("?video=packets&codecs=av1,h264,,"), (VideoWish{true, false, true, false}))
      << "what isn't known is passed over";
  EXPECT_EQ(wish_of("?video=packets&codecs="), (VideoWish{true, false, false, false}));
  for (const char* query : {"?video=", "?video=vp8", "?video=packets", "?codecs=h264", "?video=jpeg&codecs=h264"})
    EXPECT_FALSE(parse_video_wish(*parse_target(std::string("/ws/front") + query)).ok()) << query;
}

TEST(VideoChoice, PassesOnWhatCanBePlayedAndEncodesWhatCannot) {
  const VideoWish jpeg = wish_of(""), all = wish_of("?video=packets&codecs=h264,h265,mjpeg"),
                  h264 = wish_of("?video=packets&codecs=h264"), nothing = wish_of("?video=packets&codecs=");
  constexpr auto kCamera = VideoSource::kCamera, kEncoded = VideoSource::kEncoded, kPixels = VideoSource::kPixels;
  struct Case {
    const char* what;
    VideoWish wish;
    VideoOffer offer;
    std::optional<VideoSource> expected;
  };
  for (const auto& [what, wish, offer, expected] :
       std::vector<Case>{{"an MJPEG camera's own JPEGs, whoever asks", jpeg, {Codec::MJPEG}, kCamera},
                         {"also by packets", all, {Codec::MJPEG}, kCamera},
                         {"not for who can't", h264, {Codec::MJPEG}, kPixels},
                         {"H.264", all, {Codec::H264}, kCamera},
                         {"H.264 for who wants JPEGs", jpeg, {Codec::H264}, kPixels},
                         {"H.265 for who plays H.264 alone", h264, {Codec::H265}, kPixels},
                         {"the same where there is an encoder", h264, {Codec::H265, false, Codec::H264}, kEncoded},
                         {"a raw camera", all, {Codec::Unknown}, kPixels},
                         {"a raw camera with an encoder", all, {Codec::Unknown, false, Codec::H264}, kEncoded},
                         {"whose first packet is awaited", all, {Codec::Unknown, false, Codec::Unknown, true}, std::nullopt},
                         {"which doesn't matter for JPEGs", jpeg, {Codec::Unknown, false, Codec::Unknown, true}, kPixels},
                         {"nor where the camera's own can be played", all, {Codec::H265, false, Codec::Unknown, true}, kCamera},
                         {"not known yet", jpeg, {Codec::Unknown, true}, std::nullopt},
                         {"nothing can be played", nothing, {Codec::H264, false, Codec::H264}, kPixels}}) {
    const VideoChoice choice = choose(wish, offer);
    EXPECT_EQ(choice.source, expected) << what;
    EXPECT_EQ(choice.why.empty(), !expected.has_value()) << what;
  }
  EXPECT_TRUE(wants_encoding(all, {})) << "it is asked for before it is there";
  EXPECT_FALSE(wants_encoding(jpeg, {}));
  EXPECT_FALSE(wants_encoding(all, {Codec::MJPEG}));
  EXPECT_FALSE(wants_encoding(all, {Codec::Unknown, true}));
}

}  // namespace
}  // namespace vedette::gateway
