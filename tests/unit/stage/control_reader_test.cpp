// What a stage makes of <cam>/control, over a real topic; time is passed in.
#include "stage/control_reader.h"

#include <limits>

#include "support/bus_fixture.h"

namespace vedette::stage {
namespace {

constexpr std::uint64_t kNow = 1'000'000'000'000;
constexpr std::uint64_t kBeat = 250'000'000;

class ControlReaderTest : public test::BusFixture {
 protected:
  ControlReaderTest() : writer_(open_writer()), reader_(dir_, "front") {}

  bus::RingWriter open_writer() {
    bus::RingOptions options;
    options.schema_id = kControlSchema;
    options.slot_bytes = kMaxRecordBytes;
    return std::move(bus::RingWriter::open(dir_, topic("front/control"), options)).value();
  }
  void publish(std::span<const std::uint8_t> bytes) {
    auto loan = writer_.loan();
    ASSERT_TRUE(loan);
    std::memcpy(loan->bytes().data(), bytes.data(), bytes.size());
    writer_.publish(std::move(*loan), writer_.next_frame_id(), bytes.size());
  }
  void say(Mode mode, float fps, bool paused, std::uint64_t session, std::uint64_t at_ns) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateControl(builder, mode, fps, paused, session, at_ns));
    publish(builder.GetBufferSpan());
  }
  void say_detecting(bool detecting, std::uint64_t at_ns) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateControl(builder, Mode::Standby, 3.0f, false, 7, at_ns, false, detecting));
    publish(builder.GetBufferSpan());
  }

  bus::RingWriter writer_;
  ControlReader reader_;
};

TEST_F(ControlReaderTest, NothingIsWantedBeforeControlSpeaks) {
  ASSERT_TRUE(reader_.poll(kNow));
  EXPECT_FALSE(reader_.alive() || reader_.paused() || reader_.session_changed() || reader_.detect_fps());
  EXPECT_EQ(reader_.mode(), Mode::Standby);
}

TEST_F(ControlReaderTest, FollowsControlUntilItsHeartbeatIsLost) {
  say(Mode::Tracking, 2.5f, true, 7, kNow);
  ASSERT_TRUE(reader_.poll(kNow));
  EXPECT_TRUE(reader_.alive() && reader_.paused());
  EXPECT_EQ(reader_.mode(), Mode::Tracking);
  EXPECT_EQ(reader_.detect_fps(), 2.5f);
  ASSERT_TRUE(reader_.poll(kNow + kControlLostNs));
  EXPECT_TRUE(reader_.alive() && reader_.paused());
  ASSERT_TRUE(reader_.poll(kNow + kControlLostNs + 1));
  EXPECT_FALSE(reader_.alive() || reader_.paused() || reader_.detect_fps());
  EXPECT_EQ(reader_.mode(), Mode::Standby);
  say(Mode::Validation, 3.0f, false, 7, kNow + 2 * kControlLostNs);
  ASSERT_TRUE(reader_.poll(kNow + 2 * kControlLostNs));
  EXPECT_EQ(reader_.mode(), Mode::Validation);
  EXPECT_EQ(reader_.detect_fps(), 3.0f);
  EXPECT_FALSE(reader_.session_changed());
}

TEST_F(ControlReaderTest, DetectionIsOffOnlyWhileALivingControlSaysSo) {
  ASSERT_TRUE(reader_.poll(kNow));
  EXPECT_TRUE(reader_.detecting());
  say_detecting(false, kNow);
  ASSERT_TRUE(reader_.poll(kNow));
  EXPECT_FALSE(reader_.detecting());
  ASSERT_TRUE(reader_.poll(kNow + kControlLostNs + 1));
  EXPECT_TRUE(reader_.detecting());
  say_detecting(true, kNow + 2 * kControlLostNs);
  ASSERT_TRUE(reader_.poll(kNow + 2 * kControlLostNs));
  EXPECT_TRUE(reader_.detecting());
}

TEST_F(ControlReaderTest, ADeadControlsLeftoverIsNeverAdopted) {
  say(Mode::Tracking, 2.5f, true, 7, kNow - kControlLostNs - 1);
  ASSERT_TRUE(reader_.poll(kNow));
  EXPECT_FALSE(reader_.alive() || reader_.paused());
  say(Mode::Tracking, 2.5f, false, 8, kNow + kBeat);  // the first session that counts
  ASSERT_TRUE(reader_.poll(kNow + kBeat));
  EXPECT_TRUE(reader_.alive());
  EXPECT_FALSE(reader_.session_changed()) << "it would start anew for nothing";
  say(Mode::Tracking, 2.5f, false, 9, kNow + 2 * kBeat);
  ASSERT_TRUE(reader_.poll(kNow + 2 * kBeat));
  EXPECT_TRUE(reader_.session_changed());
}

TEST_F(ControlReaderTest, AHeartbeatOfTheFutureIsNone) {
  say(Mode::Tracking, 2.5f, true, 7, kNow + kControlLostNs + 1);
  ASSERT_TRUE(reader_.poll(kNow));
  EXPECT_FALSE(reader_.alive());
}

TEST_F(ControlReaderTest, BadRecordsAreRefusedAndChangeNothing) {
  say(Mode::Tracking, 2.5f, true, 7, kNow);
  ASSERT_TRUE(reader_.poll(kNow));
  const std::uint8_t rubbish[] = {1, 2, 3, 250, 5, 6, 7, 8, 9};
  publish(rubbish);
  EXPECT_FALSE(reader_.poll(kNow + kBeat));
  say(static_cast<Mode>(9), 2.5f, false, 8, kNow + kBeat);
  EXPECT_FALSE(reader_.poll(kNow + kBeat));
  EXPECT_TRUE(reader_.paused());
  EXPECT_EQ(reader_.mode(), Mode::Tracking);
  EXPECT_FALSE(reader_.session_changed());
  for (const float nonsense : {-1.0f, 1e9f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    say(Mode::Tracking, nonsense, false, 7, kNow + kBeat);
    ASSERT_TRUE(reader_.poll(kNow + kBeat));
    EXPECT_EQ(reader_.detect_fps(), 0.0f);
  }
}

}  // namespace
}  // namespace vedette::stage
