// vedette top and vedette echo: what they print is what is on the bus.
#include <fstream>
#include <thread>

#include "bus/inspect.h"
#include "process/tools/tools.h"
#include "schema/motion.h"
#include "schema/tracks.h"
#include "stage/topics.h"
#include "support/child.h"

namespace vedette::test {
namespace {

using nlohmann::json;

class Look : public ToolsFixture {};

json topic_of(const json& sample, const std::string& name) {
  for (const json& one : sample.at("topics"))
    if (one.at("topic") == name) return one;
  return {};
}

TEST_F(Look, top_agrees_with_the_counters) {
  bus::RingWriter frames = frames_writer(dir_);
  auto reader = std::move(bus::RingReader::attach(dir_, topic("cam0/frames"), kFrameSchema, bus::Demand::pixels_at(3))).value();
  for (std::uint64_t id = 1; id <= 10; ++id) ASSERT_TRUE(publish_frame(frames, id, 1));
  const bus::Taken held = reader.take_newest();
  ASSERT_TRUE(held);
  frames.count_drop();
  const auto top = start({"top", "--once", "--json", "--interval", "1"});
  // Ten records within its interval, whenever that begins: none before somebody looked can be told apart, so only the sum counts.
  std::uint64_t id = 10;
  while (top->running()) {
    ASSERT_TRUE(publish_frame(frames, ++id, 2));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_EQ(top->wait_exit(), 0) << top->err();
  const json sample = parsed(top->out());
  ASSERT_TRUE(sample.is_object()) << top->out();
  const json seen = topic_of(sample, "cam0/frames");
  const auto published = seen.at("published").get<std::uint64_t>();
  EXPECT_GT(published, 10u);
  EXPECT_LE(published, id);
  EXPECT_EQ(seen.at("frame_id"), published) << "ids count from 1 here";
  EXPECT_GT(seen.at("fps").get<double>(), 0.0);
  EXPECT_LE(seen.at("fps").get<double>() * sample.at("seconds").get<double>(), static_cast<double>(id - 10) + 1);
  EXPECT_EQ(seen.at("dropped"), 1);
  EXPECT_EQ(seen.at("schema"), "frames");
  EXPECT_EQ(seen.at("held"), 1);
  EXPECT_EQ(seen.at("bytes"), bus::bytes_needed(frames.options()));
  EXPECT_EQ(seen.at("writer").at("pid"), ::getpid());
  EXPECT_EQ(seen.at("writer").at("alive"), true);
  EXPECT_GE(seen.at("age_ms").get<double>(), 5.0) << "pictures were 5 ms old when they were published";
  ASSERT_EQ(seen.at("readers").size(), 1u);
  EXPECT_EQ(seen.at("readers")[0].at("missed"), 9);
  EXPECT_EQ(seen.at("readers")[0].at("behind"), published - 10);
  EXPECT_EQ(seen.at("readers")[0].at("demand").at("fps"), 3.0);
  ASSERT_EQ(sample.at("processes").size(), 1u);
  EXPECT_EQ(sample.at("processes")[0].at("pid"), ::getpid());
  EXPECT_EQ(sample.at("processes")[0].at("writes"), json::array({"cam0/frames"}));
  EXPECT_TRUE(sample.at("processes")[0].at("cpu_percent").is_number());
}

TEST_F(Look, top_shows_a_dead_writer_and_survives_hostile_files) {
  Child([&] {
    bus::RingWriter frames = frames_writer(dir_);
    publish_frame(frames, 1, 1);
    ::raise(SIGKILL);
    return 0;
  }).wait();
  std::filesystem::create_directories(path_ + "/cam0");
  std::ofstream(path_ + "/cam0/nonsense") << std::string(1000, '\x1b');
  const Ran seen = run({"top", "--once", "--json", "--interval", "0.05"});
  ASSERT_EQ(seen.code, 0) << seen.err;
  const json sample = parsed(seen.out);
  EXPECT_EQ(topic_of(sample, "cam0/frames").at("writer").at("alive"), false);
  EXPECT_EQ(topic_of(sample, "cam0/frames").at("fps"), 0.0);
  EXPECT_NE(topic_of(sample, "cam0/nonsense").at("error").get<std::string>().find("magic"), std::string::npos);
  const Ran table = run({"top", "--once", "--interval", "0.05"});
  EXPECT_NE(table.out.find("DEAD"), std::string::npos) << table.out;
  EXPECT_EQ(table.out.find('\x1b'), std::string::npos) << "no escapes where nobody's terminal is";
}

TEST_F(Look, live_top_goes_on_while_topics_come_and_go) {
  const auto top = start({"top", "--interval", "0.05"});
  ASSERT_TRUE(wait_until([&] { return top->out().find("no topics") != std::string::npos; })) << top->err();
  {
    bus::RingWriter frames = frames_writer(dir_);
    ASSERT_TRUE(wait_until([&] { return top->out().find("cam0/frames") != std::string::npos; }));
    frames.remove();
  }
  const std::size_t so_far = top->out().size();
  ASSERT_TRUE(wait_until([&] { return top->out().find("no topics", so_far) != std::string::npos; }));
  top->signal(SIGINT);
  EXPECT_EQ(top->wait_exit(), 0);
}

TEST_F(Look, echo_prints_each_record) {
  bus::RingWriter frames = frames_writer(dir_);
  bus::RingWriter detections = detections_writer(dir_);
  ASSERT_TRUE(publish_frame(frames, 41, 1));
  for (std::uint64_t id = 41; id < 45; ++id) ASSERT_TRUE(publish_detection(detections, id, id % 2));
  const Ran all = run({"echo", "cam0/detections", "--json", "--count", "4"});
  ASSERT_EQ(all.code, 0) << all.err;
  const auto printed = lines(all.out);
  ASSERT_EQ(printed.size(), 4u);
  for (std::uint64_t i = 0; i < 4; ++i) {
    const json record = parsed(printed[i]);
    EXPECT_EQ(record.at("frame_id"), 41 + i);
    EXPECT_EQ(record.at("detections")[0].at("label"), (41 + i) % 2 == 0 ? "person" : "car");
    EXPECT_EQ(record.at("detections")[0].at("score"), 0.75);
  }
  const Ran newest = run({"echo", "cam0/detections", "--newest", "--count", "1"});
  EXPECT_EQ(newest.out.rfind("44 ", 0), 0u) << newest.out;
  EXPECT_NE(newest.out.find("person 0.75 at 0.250,0.500 0.125x0.250"), std::string::npos) << newest.out;
  const Ran frame = run({"echo", "cam0/frames", "--count", "1"});
  EXPECT_NE(frame.out.find("160x120  format GRAY8"), std::string::npos) << frame.out;
}

TEST_F(Look, tracks_are_shown_with_their_ids) {
  bus::RingWriter tracks =
      std::move(bus::RingWriter::open(dir_, topic("cam0/tracks"), stage::tracks_ring({}, "person\ncar"))).value();
  auto loan = tracks.loan();
  ASSERT_TRUE(loan);
  TracksInfo info;
  info.mutate_frame_id(41);
  info.mutate_captured_at_ns(monotonic_ns() - 5'000'000);
  Track track;
  track.mutate_id(7);
  track.mutate_class_id(1);
  track.mutate_phase(TrackPhase::Lost);
  track.mutate_first_at_ns(info.captured_at_ns() - 2'000'000'000);
  track.mutate_width(0.5f);
  track.mutate_height(0.25f);
  track.mutate_score(0.75f);
  const std::size_t bytes = write_tracks(loan->bytes(), info, std::span(&track, 1));
  tracks.publish(std::move(*loan), 41, bytes);
  const json record = parsed(run({"echo", "cam0/tracks", "--json", "--count", "1"}).out);
  ASSERT_EQ(record.at("tracks").size(), 1u) << record;
  EXPECT_EQ(record["tracks"][0]["id"], 7);
  EXPECT_EQ(record["tracks"][0]["label"], "car");
  EXPECT_EQ(record["tracks"][0]["phase"], "lost");
  EXPECT_EQ(record["tracks"][0]["for_ms"], 2000.0);
  EXPECT_EQ(record["tracks"][0]["still_ms"], nullptr);
  const Ran line = run({"echo", "cam0/tracks", "--count", "1"});
  EXPECT_NE(line.out.find("7 lost car 0.75 at 0.000,0.000 0.500x0.250"), std::string::npos) << line.out;
  EXPECT_EQ(topic_of(parsed(run({"top", "--once", "--json", "--interval", "0.05"}).out), "cam0/tracks").at("schema"), "tracks");
}

TEST_F(Look, events_say_what_begins_and_ends) {
  bus::RingWriter events = std::move(bus::RingWriter::open(dir_, topic("cam0/events"), stage::events_ring({}))).value();
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateEventDirect(builder, 9, schema::EventKind::Object, monotonic_ns(), 0, 12, "person", 0.5f,
                                           "person in door", schema::EventPhase::Start, "loitering", "door", 13));
  auto loan = events.loan();
  ASSERT_TRUE(loan);
  std::memcpy(loan->bytes().data(), builder.GetBufferPointer(), builder.GetSize());
  events.publish(std::move(*loan), 9, builder.GetSize());
  const json record = parsed(run({"echo", "cam0/events", "--json", "--count", "1"}).out);
  EXPECT_EQ(record.at("kind"), "object");
  EXPECT_EQ(record.at("phase"), "start");
  EXPECT_EQ(record.at("rule"), "loitering");
  EXPECT_EQ(record.at("zone"), "door");
  EXPECT_EQ(record.at("track_id"), 13);
}

TEST_F(Look, motion_is_shown_without_its_cells) {
  bus::RingWriter motion = std::move(bus::RingWriter::open(dir_, topic("cam0/motion"), stage::motion_ring({}))).value();
  auto loan = motion.loan();
  ASSERT_TRUE(loan);
  MotionInfo info;
  info.mutate_frame_id(41);
  info.mutate_captured_at_ns(monotonic_ns() - 5'000'000);
  info.mutate_columns(160);
  info.mutate_rows(90);
  info.mutate_area(0.25f);
  info.mutate_moving(1);
  info.mutate_zones(2);
  info.mutable_zone_area()->Mutate(1, 0.5f);
  const std::vector<std::uint8_t> cells(160 * 90, 7);
  const std::size_t bytes = write_motion(loan->bytes(), info, cells, cells);
  motion.publish(std::move(*loan), 41, bytes);
  const json record = parsed(run({"echo", "cam0/motion", "--json", "--count", "1"}).out);
  EXPECT_EQ(record.at("frame_id"), 41);
  EXPECT_EQ(record.at("moving"), true);
  EXPECT_EQ(record.at("model_skipped"), false);
  EXPECT_EQ(record.at("area"), 0.25);
  EXPECT_EQ(record.at("zone_area"), json::array({0.0, 0.5}));
  EXPECT_EQ(record.at("columns"), 160);
  const Ran line = run({"echo", "cam0/motion", "--count", "1"});
  EXPECT_NE(line.out.find("moving true  area 0.25  zone_area [0.0,0.5]"), std::string::npos) << line.out;
  const json sample = parsed(run({"top", "--once", "--json", "--interval", "0.05"}).out);
  EXPECT_EQ(topic_of(sample, "cam0/motion").at("schema"), "motion");
  EXPECT_GT(topic_of(sample, "cam0/motion").at("age_ms"), 0);
}

TEST_F(Look, a_log_is_shown_by_top_and_echo) {
  bus::LogWriter packets = packets_writer(dir_);
  for (std::uint64_t id = 1; id <= 12; ++id) ASSERT_TRUE(append_packet(packets, id, 100 * id));
  const Ran seen = run({"top", "--once", "--json", "--interval", "0.05"});
  ASSERT_EQ(seen.code, 0) << seen.err;
  const json top = topic_of(parsed(seen.out), "cam0/packets");
  EXPECT_EQ(top.at("schema"), "packets");
  EXPECT_EQ(top.at("sequence"), 12);
  EXPECT_EQ(top.at("log").at("records"), 12);
  EXPECT_EQ(top.at("log").at("data_bytes"), 1 << 20);
  EXPECT_TRUE(top.at("log").at("seconds").is_number());
  EXPECT_GE(top.at("age_ms").get<double>(), 5.0);
  EXPECT_EQ(top.at("bytes"), bus::bytes_needed(packets.options()));
  EXPECT_NE(run({"top", "--once", "--interval", "0.05"}).out.find("cam0/packets  packets"), std::string::npos);
  // From the newest keyframe on, 10; then what comes.
  const auto echo = start({"echo", "cam0/packets", "--json", "--count", "4"});
  ASSERT_TRUE(wait_until([&] { return packets.demand().packets && lines(echo->out()).size() == 3; })) << echo->err();
  ASSERT_TRUE(append_packet(packets, 13, 1));
  ASSERT_EQ(echo->wait_exit(), 0) << echo->err();
  const auto printed = lines(echo->out());
  ASSERT_EQ(printed.size(), 4u);
  for (std::uint64_t i = 0; i < 4; ++i) {
    const json record = parsed(printed[i]);
    EXPECT_EQ(record.at("frame_id"), 10 + i);
    EXPECT_EQ(record.at("codec"), "H264");
    EXPECT_EQ(record.at("keyframe"), i == 0);
    EXPECT_EQ(record.at("config_bytes"), i == 0 ? 11 : 0);
    EXPECT_EQ(record.at("data_bytes"), i == 3 ? 1 : 1000 + 100 * i);
  }
  const Ran line = run({"echo", "cam0/packets", "--count", "1"});
  EXPECT_NE(line.out.find("codec H264  keyframe true  640x480"), std::string::npos) << line.out;
}

TEST_F(Look, doctor_is_content_with_a_log_and_tells_of_its_dead_writer) {
  {
    bus::LogWriter packets = packets_writer(dir_);
    ASSERT_TRUE(append_packet(packets, 1, 100));
    const Ran good = run({"doctor", "-c", folder_.file("none.yaml")});
    EXPECT_NE(good.out.find("1, all with living writers"), std::string::npos) << good.out;
  }
  const Ran dead = run({"doctor", "-c", folder_.file("none.yaml")});
  EXPECT_NE(dead.out.find("cam0/packets: its writer"), std::string::npos) << dead.out;
  (void)run({"doctor", "--fix", "-c", folder_.file("none.yaml")});
  EXPECT_FALSE(std::filesystem::exists(path_ + "/cam0/packets"));
}

TEST_F(Look, echo_shows_unknown_records_as_hexadecimal) {
  auto writer =
      std::move(bus::RingWriter::open(dir_, topic("robot/wheels"), {.schema_id = 0xabc, .slot_bytes = 100, .keep = 4})).value();
  ASSERT_TRUE(publish_value(writer, 7, 0x0102030405060708));
  const json record = parsed(run({"echo", "robot/wheels", "--json", "--count", "1"}).out);
  EXPECT_EQ(record.at("schema"), "0xabc");
  EXPECT_EQ(record.at("hex"), "0807060504030201");
}

TEST_F(Look, echo_waits_for_a_topic_and_says_so) {
  const auto echo = start({"echo", "cam0/frames", "--count", "1", "--json"});
  ASSERT_TRUE(
      wait_until([&] { return echo->err().find("cam0/frames: no such topic yet; waiting for it") != std::string::npos; }));
  bus::RingWriter frames = frames_writer(dir_);
  ASSERT_TRUE(publish_frame(frames, 9, 1));
  EXPECT_EQ(echo->wait_exit(), 0);
  EXPECT_EQ(parsed(echo->out()).at("frame_id"), 9);
  EXPECT_EQ(lines(echo->err()).size(), 1u) << echo->err();
}

TEST_F(Look, mistakes_are_one_sentence) {
  for (const auto& [arguments, expected] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"echo", "frames"}, "topic \"frames\": expected <camera>/<topic>"},
           {{"replay", "/nowhere.rec"}, "/nowhere.rec: No such file or directory"},
           {{"dump"}, "dump needs -o FILE to record to, or --info FILE to look at"},
           {{"dump", "-o", folder_.file("x"), "cam7"}, "camera \"cam7\" has no topics in "}}) {
    const Ran ran = run(arguments);
    EXPECT_NE(ran.code, 0);
    EXPECT_EQ(lines(ran.err).size(), 1u) << ran.err;
    EXPECT_NE(ran.err.find(expected), std::string::npos) << ran.err;
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.file("x")));
  const Ran nowhere = run({"top", "--once"}, "/dev/shm/vedette-test-is-not-there");
  EXPECT_NE(nowhere.err.find("there is no bus at /dev/shm/vedette-test-is-not-there"), std::string::npos) << nowhere.err;
  EXPECT_FALSE(std::filesystem::exists("/dev/shm/vedette-test-is-not-there")) << "looking makes nothing";
}

}  // namespace
}  // namespace vedette::test
