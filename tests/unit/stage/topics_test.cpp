// How large the logs of packets are, and what an input's topics are called.
#include "stage/topics.h"

#include <gtest/gtest.h>

#include "bus/directory.h"

namespace vedette::stage {
namespace {

using std::chrono::milliseconds;

constexpr Share kShare{8, 2};

TEST(PacketsLog, HoldsPreRollAndTwoGroupsOfPicturesAtTheHighestRate) {
  PacketsKept kept{.codec = Codec::H264, .pre_roll = milliseconds(5000), .keyframe_interval = milliseconds(2000), .max_mbit = 16};
  const bus::LogOptions options = packets_log(kShare, kept);
  EXPECT_EQ(options.schema_id, kPacketsSchema);
  EXPECT_EQ(options.readers, 8u);
  EXPECT_EQ(options.data_bytes, 9u * 2'000'000);
  kept.codec = Codec::H265;
  EXPECT_EQ(packets_log(kShare, kept), options);
  kept.codec = Codec::MJPEG;  // each picture is a keyframe
  kept.pre_roll = milliseconds(10'000);
  EXPECT_EQ(packets_log(kShare, kept).data_bytes, 10u * 2'000'000);
}

TEST(PacketsLog, AssumesARateByCodec) {
  EXPECT_EQ(packets_log(kShare, {.codec = Codec::H264}).data_bytes, 9u * 1'000'000);
  EXPECT_EQ(packets_log(kShare, {.codec = Codec::MJPEG}).data_bytes, 5u * 6'250'000);
}

TEST(PacketsLog, TakesALargePictureHoweverLittleIsKept) {
  const milliseconds little(10);
  for (const Codec codec : {Codec::MJPEG, Codec::H264, Codec::H265}) {
    for (const std::uint32_t mbit : {0u, 1u, 10'000u}) {
      const bus::LogOptions options =
          packets_log(kShare, {.codec = codec, .pre_roll = milliseconds(0), .keyframe_interval = little, .max_mbit = mbit});
      EXPECT_LE(options.max_record_bytes, options.data_bytes / 2);
      EXPECT_GE(options.max_record_bytes, codec == Codec::MJPEG ? 8u << 20 : 2u << 20);
    }
  }
}

TEST(PacketsLog, FindsEveryRecordThatItHolds) {
  const auto entries = [](float fps, int seconds) {
    return packets_log(kShare, {.codec = Codec::MJPEG, .pre_roll = milliseconds(seconds * 1000), .fps = fps}).index_entries;
  };
  EXPECT_GE(entries(120, 60), 60u * (120 + 50));
  EXPECT_GE(entries(0, 600), 600u * (30 + 50));
  EXPECT_EQ(entries(25, 1), 1024u);
  EXPECT_EQ(entries(60, 20) & (entries(60, 20) - 1), 0u);
}

TEST(IngestLog, TakesTwoOfThePicturesItIsFor) {
  for (const std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{1} << 20, std::uint64_t{64} << 20}) {
    const bus::LogOptions options = ingest_log(kShare, bytes);
    EXPECT_GE(options.max_record_bytes, bytes + sizeof(PacketInfo));
    EXPECT_EQ(options.data_bytes, 2 * options.max_record_bytes);
  }
}

TEST(InputTopics, AreNamedByTheInput) {
  EXPECT_EQ(frames_topic(""), "frames");
  EXPECT_EQ(packets_topic(""), "packets");
  EXPECT_EQ(frames_topic("record"), "record_frames");
  EXPECT_EQ(packets_topic("record"), "record_packets");
  EXPECT_TRUE(bus::TopicName::make("c", packets_topic(std::string(23, 'x'))).ok());  // the longest name that config takes
}

}  // namespace
}  // namespace vedette::stage
