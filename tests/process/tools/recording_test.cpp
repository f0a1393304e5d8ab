// vedette dump and vedette replay: what was on the bus comes back, byte for byte but for the time stamps.
#include <array>
#include <map>
#include <thread>

#include "bus/inspect.h"
#include "process/tools/tools.h"
#include "recording/reader.h"

namespace vedette::test {
namespace {

using recording::IndexEntry;
using recording::RecordingReader;
using Bytes = std::vector<std::byte>;

class DumpReplay : public ToolsFixture {
 protected:
  const std::string file_ = folder_.file("bus.rec");

  RecordingReader recorded() { return std::move(RecordingReader::open(file_)).value(); }
  // Publishes pictures and, for each, a detection, until the dump has `count` of each; ends it by the signal.
  void record(int count, int signal = SIGINT, std::vector<std::string> more = {}) {
    bus::RingWriter frames = frames_writer(dir_);
    bus::RingWriter detections = detections_writer(dir_);
    more.insert(more.begin(), {"dump", "-o", file_});
    const auto dump = start(more);
    ASSERT_TRUE(wait_until([&] { return frames.demand().pixels; })) << dump->err();
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(publish_frame(frames, 1000 + static_cast<std::uint64_t>(i), static_cast<std::uint8_t>(i)));
      ASSERT_TRUE(publish_detection(detections, 1000 + static_cast<std::uint64_t>(i), 1));
      // A recording begins with the newest record: not before it has one is any that it lacks missed.
      const bool begun = i > 0 || wait_until([&] { return was_taken("cam0/frames") && was_taken("cam0/detections"); });
      ASSERT_TRUE(begun) << dump->err();
      std::this_thread::sleep_for(std::chrono::milliseconds(4));
    }
    published_ = frames.stats().published;
    ASSERT_TRUE(wait_until([&] { return std::filesystem::file_size(file_) > static_cast<std::uint64_t>(count) * 9000; }));
    dump->signal(signal);
    ASSERT_EQ(dump->wait_exit(), signal == SIGKILL ? 128 + SIGKILL : 0) << dump->err();
    said_ = dump->err();
    frames.remove();
    detections.remove();
  }
  bool was_taken(const char* name) {
    const auto report = bus::inspect(dir_, topic(name));
    return report.ok() && !report->readers.empty() && report->readers[0].taken != 0;
  }
  static std::uint64_t count_of(const RecordingReader& reader, const std::string& name) {
    std::uint64_t count = 0;
    for (const IndexEntry& entry : reader.records()) count += reader.topics()[entry.record.topic].name.text() == name;
    return count;
  }
  // As recorded, with what a replay may change set to 0.
  static Bytes without_times(Bytes record) {
    FrameInfo info;
    std::memcpy(&info, record.data(), sizeof info);
    info.mutate_captured_at_ns(0), info.mutate_published_at_ns(0);
    std::memcpy(record.data(), &info, sizeof info);
    return record;
  }

  std::uint64_t published_ = 0;
  std::string said_;
};

TEST_F(DumpReplay, all_records_are_in_the_file_or_counted) {
  ASSERT_NO_FATAL_FAILURE(record(50));
  const RecordingReader reader = recorded();
  EXPECT_TRUE(reader.complete());
  std::uint64_t missed = 0;
  for (const IndexEntry& entry : reader.records())
    if (reader.topics()[entry.record.topic].name.topic == "frames") missed += entry.record.missed;
  EXPECT_EQ(count_of(reader, "cam0/frames") + missed, published_);
  EXPECT_EQ(count_of(reader, "cam0/detections"), 50u) << "64 are kept: none is missed";
  EXPECT_NE(said_.find("cam0/detections: 50 records, 0 missed"), std::string::npos) << said_;
  Bytes buffer;
  for (const IndexEntry& entry : reader.records()) {
    const auto payload = reader.read(entry, buffer);
    ASSERT_TRUE(payload.ok());
    if (reader.topics()[entry.record.topic].name.topic != "frames") continue;
    EXPECT_EQ(payload->size(), frame_layout(PixelFormat::GRAY8, 160, 120).slot_bytes);
    EXPECT_EQ(payload->back(), static_cast<std::byte>(entry.record.frame_id - 1000));
  }
  const auto info = parsed(run({"dump", "--info", file_, "--json"}).out);
  EXPECT_EQ(info.at("records"), reader.records().size());
  EXPECT_EQ(info.at("complete"), true);
}

// Packets of a log: all from the newest keyframe on, and again in a log, as far apart as they were.
TEST_F(DumpReplay, a_log_is_recorded_and_replayed) {
  {
    bus::LogWriter packets = packets_writer(dir_);
    for (std::uint64_t id = 1; id <= 12; ++id) ASSERT_TRUE(append_packet(packets, id, 100 * id));
    const auto dump = start({"dump", "-o", file_, "cam0/packets"});
    ASSERT_TRUE(wait_until([&] { return packets.demand().packets; })) << dump->err();
    for (std::uint64_t id = 13; id <= 40; ++id) ASSERT_TRUE(append_packet(packets, id, 100 * id));
    ASSERT_TRUE(wait_until([&] {
      const auto report = bus::inspect(dir_, topic("cam0/packets"));
      return report.ok() && !report->readers.empty() && report->readers[0].taken == 40;
    })) << dump->err();
    dump->signal(SIGINT);
    ASSERT_EQ(dump->wait_exit(), 0) << dump->err();
    EXPECT_NE(dump->err().find("cam0/packets: 31 records, 0 missed"), std::string::npos) << dump->err();
    packets.remove();
  }
  const RecordingReader reader = recorded();
  ASSERT_EQ(reader.topics().size(), 1u);
  ASSERT_TRUE(reader.topics()[0].log.has_value());
  EXPECT_EQ(reader.topics()[0].log->data_bytes, 1u << 20);
  EXPECT_EQ(reader.topics()[0].longest(), 20'000u);
  ASSERT_EQ(reader.records().size(), 31u);
  const std::string other = unique_path();
  const bus::BusDir there = open(other);
  const std::uint64_t began_ns = monotonic_ns();
  const Ran replayed = run({"replay", file_, "--pace", "fast", "--leave"}, other);
  ASSERT_EQ(replayed.code, 0) << replayed.err;
  auto log = bus::LogReader::attach(there, topic("cam0/packets"), kPacketsSchema, {}, bus::LogFrom::kOldestKeyframe);
  ASSERT_TRUE(log.ok()) << log.error().text;
  Bytes record, buffer;
  for (std::uint64_t id = 10; id <= 40; ++id) {
    const bus::LogTaken taken = log->take_next(record);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken.stamp.frame_id, id);
    EXPECT_EQ(taken.stamp.keyframe, id % 5 == 0);
    const auto view = packet_view(record);
    ASSERT_TRUE(view.ok()) << view.error().text;
    EXPECT_EQ(taken.stamp.at_ns, view->info.captured_at_ns());
    EXPECT_GT(view->info.published_at_ns(), began_ns);
    EXPECT_EQ(view->info.published_at_ns() - view->info.captured_at_ns(), 5'000'000u);
    EXPECT_EQ(view->info.wall_at_ns(), 1'700'000'000'000'000'000 + id);
    ASSERT_EQ(view->data.size(), 100 * id);
    EXPECT_EQ(view->data.back(), static_cast<std::byte>(id));
    EXPECT_EQ(view->config.size(), id % 5 == 0 ? 11u : 0u);
  }
  EXPECT_FALSE(log->take_next(record));
  std::filesystem::remove_all(other);
}

TEST_F(DumpReplay, what_a_stopped_dump_was_late_for_is_counted) {
  bus::RingWriter frames = frames_writer(dir_);
  const auto dump = start({"dump", "-o", file_, "cam0/frames"});
  ASSERT_TRUE(wait_until([&] { return frames.demand().pixels; }));
  ASSERT_TRUE(publish_frame(frames, 1, 1));
  ASSERT_TRUE(wait_until([&] { return std::filesystem::file_size(file_) > 19'000; }));
  dump->signal(SIGSTOP);
  for (std::uint64_t id = 2; id <= 200; ++id) ASSERT_TRUE(publish_frame(frames, id, 2));
  dump->signal(SIGCONT);
  ASSERT_TRUE(wait_until([&] { return std::filesystem::file_size(file_) > 38'000; }));
  dump->signal(SIGTERM);
  ASSERT_EQ(dump->wait_exit(), 0);
  const RecordingReader reader = recorded();
  EXPECT_EQ(reader.records().size() + reader.missed(), 200u);
  EXPECT_GT(reader.missed(), 100u);
  EXPECT_NE(dump->err().find(std::to_string(reader.missed()) + " missed"), std::string::npos) << dump->err();
}

TEST_F(DumpReplay, a_killed_dump_leaves_its_records) {
  ASSERT_NO_FATAL_FAILURE(record(30, SIGKILL));
  const RecordingReader reader = recorded();
  EXPECT_FALSE(reader.complete());
  EXPECT_GT(count_of(reader, "cam0/detections"), 10u);
  const Ran info = run({"dump", "--info", file_});
  EXPECT_EQ(info.code, 0);
  EXPECT_NE(info.out.find("not ended in order"), std::string::npos) << info.out;
}

// The test answers each picture, as a detector would: deterministic, so every record can be compared.
TEST_F(DumpReplay, lockstep_shows_every_picture_byte_for_byte) {
  ASSERT_NO_FATAL_FAILURE(record(30));
  const RecordingReader reader = recorded();
  const std::string other = unique_path();
  const bus::BusDir there = open(other);
  auto answers =
      std::move(bus::RingWriter::open(there, topic("cam0/ack"), {.schema_id = 1, .slot_bytes = 64, .keep = 64})).value();
  const std::uint64_t began_ns = monotonic_ns();
  const auto replay = start({"replay", file_, "--topics", "cam0/frames", "--pace", "lockstep", "--ack", "cam0/ack"}, other);
  bus::Subscriber frames(there, topic("cam0/frames"), kFrameSchema);
  std::map<std::uint64_t, Bytes> seen;
  std::vector<std::uint64_t> order;
  while (replay->running()) {
    frames.wait(std::chrono::milliseconds(20));
    answers.beat();
    const bus::Taken taken = frames.take_next();
    if (!taken) continue;
    EXPECT_LT(seen.size(), 100u);
    FrameInfo info;
    std::memcpy(&info, taken.lease.bytes().data(), sizeof info);
    const std::uint64_t now = monotonic_ns();
    EXPECT_EQ(info.published_at_ns() - info.captured_at_ns(), 5'000'000u) << "as far apart as they were";
    EXPECT_GE(info.published_at_ns(), began_ns) << "as if it were taken now";
    EXPECT_LE(info.published_at_ns(), now);
    EXPECT_EQ(info.frame_id(), taken.lease.frame_id());
    if (seen.emplace(taken.lease.frame_id(), Bytes(taken.lease.bytes().begin(), taken.lease.bytes().end())).second)
      order.push_back(taken.lease.frame_id());
    ASSERT_TRUE(publish_value(answers, taken.lease.frame_id(), 0));
  }
  ASSERT_EQ(replay->wait_exit(), 0) << replay->err();
  Bytes buffer;
  std::vector<std::uint64_t> expected;
  for (const IndexEntry& entry : reader.records()) {
    if (reader.topics()[entry.record.topic].name.topic != "frames") continue;
    expected.push_back(entry.record.frame_id);
    const auto payload = reader.read(entry, buffer);
    EXPECT_EQ(without_times(seen[entry.record.frame_id]), without_times(Bytes(payload->begin(), payload->end())));
  }
  EXPECT_EQ(order, expected);
  EXPECT_FALSE(std::filesystem::exists(other + "/cam0/frames")) << "a replay takes its topics away again";
  std::filesystem::remove_all(other);
}

TEST_F(DumpReplay, lockstep_without_an_answer_gives_up_with_a_sentence) {
  ASSERT_NO_FATAL_FAILURE(record(3));
  const auto replay = start({"replay", file_, "--pace", "lockstep", "--ack", "cam0/ack", "--ack-timeout", "0.3"});
  bus::Subscriber frames(dir_, topic("cam0/frames"), kFrameSchema);
  ASSERT_TRUE(wait_until([&] { return bool{frames.take_newest()}; }));
  EXPECT_EQ(replay->wait_exit(), 1);
  EXPECT_NE(replay->err().find("cam0/ack: no record of frame "), std::string::npos) << replay->err();
}

TEST_F(DumpReplay, the_original_pace_keeps_gaps_and_renames_cameras) {
  ASSERT_NO_FATAL_FAILURE(record(40));
  const RecordingReader reader = recorded();
  const auto replay = start({"replay", file_, "--camera-map", "cam0=gate", "--wait-reader"});
  bus::Subscriber frames(dir_, topic("gate/frames"), kFrameSchema);
  bus::Subscriber detections(dir_, topic("gate/detections"), kDetectionsSchema);
  std::map<std::uint64_t, std::uint64_t> published_at, captured_at, detection_captured_at;
  while (replay->running()) {
    std::array<bus::Subscriber*, 2> both{&frames, &detections};
    bus::wait_any(both, std::chrono::milliseconds(20));
    while (const bus::Taken taken = frames.take_next()) {
      FrameInfo info;
      std::memcpy(&info, taken.lease.bytes().data(), sizeof info);
      EXPECT_EQ(camera_of(info), "gate");
      EXPECT_EQ(info.wall_at_ns(), 1'700'000'000'000'000'000 + info.frame_id()) << "wall times say when it really was";
      published_at[info.frame_id()] = info.published_at_ns(), captured_at[info.frame_id()] = info.captured_at_ns();
    }
    while (const bus::Taken taken = detections.take_next()) {
      Detections record;
      ASSERT_TRUE(read_detections(taken.lease.bytes(), record).ok());
      detection_captured_at[record.info.frame_id()] = record.info.captured_at_ns();
    }
  }
  ASSERT_EQ(replay->wait_exit(), 0) << replay->err();
  EXPECT_EQ(detection_captured_at.size(), 40u);
  ASSERT_GT(published_at.size(), 2u);
  std::map<std::uint64_t, std::uint64_t> recorded_at;
  for (const IndexEntry& entry : reader.records())
    if (reader.topics()[entry.record.topic].name.topic == "frames") recorded_at[entry.record.frame_id] = entry.record.at_ns;
  const auto [first_id, first_at] = *published_at.begin();
  for (const auto& [id, at] : published_at) EXPECT_EQ(at - first_at, recorded_at.at(id) - recorded_at.at(first_id)) << id;
}

TEST_F(DumpReplay, as_fast_as_taken_misses_nothing) {
  ASSERT_NO_FATAL_FAILURE(record(40));
  const std::uint64_t frames_recorded = count_of(recorded(), "cam0/frames");
  const auto replay = start({"replay", file_, "--pace", "fast", "--topics", "cam0/frames", "--wait-reader"});
  bus::Subscriber frames(dir_, topic("cam0/frames"), kFrameSchema);
  std::uint64_t taken_in_all = 0, missed = 0;
  while (replay->running()) {
    frames.wait(std::chrono::milliseconds(20));
    const bus::Taken taken = frames.take_newest();
    if (!taken) continue;
    ++taken_in_all, missed += taken.missed;
    std::this_thread::sleep_for(std::chrono::milliseconds(3));  // slower than any replay
  }
  ASSERT_EQ(replay->wait_exit(), 0) << replay->err();
  EXPECT_EQ(taken_in_all, frames_recorded);
  EXPECT_EQ(missed, 0u);
}

TEST_F(DumpReplay, a_loop_and_a_bus_with_newer_ids_go_on_counting) {
  ASSERT_NO_FATAL_FAILURE(record(5));
  const auto replay = start({"replay", file_, "--loop", "--topics", "cam0/detections"});
  bus::Subscriber detections(dir_, topic("cam0/detections"), kDetectionsSchema);
  std::uint64_t last = 0;
  for (int count = 0; count < 20;) {
    detections.wait(std::chrono::milliseconds(100));
    const bus::Taken taken = detections.take_next();
    ASSERT_TRUE(replay->running()) << replay->err();
    if (!taken) continue;
    EXPECT_GT(taken.lease.frame_id(), last);
    last = taken.lease.frame_id(), ++count;
  }
  EXPECT_GT(last, 1005u);
  replay->signal(SIGINT);
  EXPECT_EQ(replay->wait_exit(), 0);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/cam0/detections"));
}

TEST_F(DumpReplay, a_topic_that_somebody_writes_is_left_alone) {
  ASSERT_NO_FATAL_FAILURE(record(5));
  bus::RingWriter frames = frames_writer(dir_);
  const Ran refused = run({"replay", file_});
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("cam0/frames: another writer has it (process " + std::to_string(::getpid()) + ")"),
            std::string::npos)
      << refused.err;
  EXPECT_TRUE(publish_frame(frames, 1, 1));
  EXPECT_FALSE(std::filesystem::exists(path_ + "/cam0/detections")) << "what it had opened before is gone again";
}

}  // namespace
}  // namespace vedette::test
