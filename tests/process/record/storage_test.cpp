// Room on the disk: what is removed when there is too much, and what happens when there is none.
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>

#include "base/unique_fd.h"
#include "process/record/record_fixture.h"
#include "process/system/expectations.h"
#include "schema/control_socket.h"
#include "stage/command.h"
#include "support/system.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;
using schema::EventPhase;

const ClipKind kClip{"record-h264", "libx264 -preset ultrafast -bf 2 -g 30 -keyint_min 30 -sc_threshold 0", "aac -b:a 64k"};

// Control's socket, and what it was asked to tell. It says yes to all.
class ToldEvents {
 public:
  explicit ToldEvents(const std::string& bus_dir) : listener_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", bus_dir.c_str(), kControlSocketName);
    VD_ASSERT(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    VD_ASSERT(::listen(listener_.get(), 4) == 0, "listen");
  }
  // The kind of the next one; "": the watchdog came first.
  std::string next() {
    pollfd ready{listener_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 60'000) != 1) return {};
    const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::vector<std::byte> packet(kMaxRecordBytes);
    const ssize_t got = ::recv(client.get(), packet.data(), packet.size(), 0);
    const auto command = stage::decode_command(std::span(packet).first(static_cast<std::size_t>(std::max<ssize_t>(got, 0))));
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateReply(builder, true));
    (void)::send(client.get(), builder.GetBufferPointer(), builder.GetSize(), MSG_NOSIGNAL);
    return command && command->kind == schema::CommandKind::Tell ? command->camera + " " + command->key : "";
  }

 private:
  UniqueFd listener_;
};

class Room : public RecordTest {
 protected:
  ~Room() override {
    record_.reset();
    if (mounted_) ::umount2(storage().c_str(), MNT_DETACH);
  }
  bool mount(const std::string& size) {
    fs::create_directory(storage());
    return mounted_ = mount_tmpfs(storage(), size);
  }
  // Takes all but `left` bytes of the disk.
  void fill(std::uint64_t left) const {
    const auto space = fs::space(storage());
    std::ofstream file(storage() + "/filler", std::ios::binary);
    for (std::uint64_t wrote = 0; wrote + left < space.available; wrote += 4096) file << std::string(4096, 'f');
  }
  void tell_event(Source& source, std::uint64_t id, double at) {
    source.tell({.id = id, .at = at, .started = at, .best = at});
    source.tell({.id = id, .phase = EventPhase::End, .at = at + 1, .started = at, .best = at});
  }
  bool mounted_ = false;
};

TEST_F(Room, TheOldestEventsGoWhenThereAreTooMany) {
  const auto packets = packets_of(kClip);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(18);
  source.publish(packets, 18);
  start({"record.most=3MB"});
  for (std::uint64_t id = 1; id <= 12; ++id) {
    tell_event(source, id, 6 + 0.5 * static_cast<double>(id));
    ASSERT_TRUE(wait_done(id)) << log();
    if (id == 1) {
      auto store = store::Store::open_to_change(storage());
      ASSERT_TRUE(store && store->set_favourite({"front", 1}, true).ok());
    }
  }
  std::uint64_t largest = 0, favourite = 0;
  for (const store::Event& event : events()) {
    largest = std::max(largest, event.bytes);
    if (event.key.id == 1) favourite = event.bytes;
  }
  ASSERT_LT(largest, 3'000'000u);
  ASSERT_TRUE(wait_until([&] { return log().find("removed the oldest") != std::string::npos; })) << log();
  ASSERT_TRUE(wait_until([&] {
    std::uint64_t bytes = 0;
    for (const auto& file : files("")) bytes += file.find("events.db") == std::string::npos ? store::file_bytes(file) : 0;
    return bytes <= 3'000'000 + favourite;
  })) << log();
  stop();  // nothing is being removed while it is looked at
  const auto left = events();
  EXPECT_LT(left.size(), 12u);
  EXPECT_EQ(left.front().key.id, 12u);
  EXPECT_EQ(left.back().key.id, 1u) << "the favourite stays";
  for (const store::Event& event : left) EXPECT_EQ(store::Tree(storage()).files_of(event).size(), 5u) << event.key.id;
  EXPECT_EQ(files(".mp4").size(), left.size());
}

TEST_F(Room, ContinuousRecordingKeepsItsLimitWithinOneSegment) {
  constexpr std::uint64_t kMost = 1'000'000;
  const auto packets = packets_of({"record-h264-long", "libx264 -preset ultrafast -g 30 -keyint_min 30 -sc_threshold 0", "", 60});
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(20);
  start({"record.continuous=true", "record.segment=2s", "record.most_continuous=1MB"});
  const auto on_disk = [&] {
    std::uint64_t bytes = 0, largest = 0;
    for (const std::string& file : files(".mp4"))
      bytes += store::file_bytes(file), largest = std::max(largest, store::file_bytes(file));
    return std::pair(bytes, largest);
  };
  // A segment takes 1.5 s, record looks once a second. Where the machine stood still, it may not have.
  std::uint64_t most = 0, most_beyond = 0, largest_ever = 0;
  Pulse pulse;
  int looks = 0;
  std::uint64_t counts_from_ns = 0;
  for (double until = 0.05; until < 40; until += 0.05) {
    source.publish(packets, until);
    source.beat();
    std::this_thread::sleep_for(std::chrono::microseconds(37'500));
    pulse.beat();
    if (pulse.was_disturbed()) counts_from_ns = monotonic_ns() + 3 * kSecondNs;
    const auto [bytes, largest] = on_disk();
    largest_ever = std::max(largest_ever, largest);
    if (monotonic_ns() < counts_from_ns) continue;
    ++looks;
    most = std::max(most, bytes);
    most_beyond = std::max(most_beyond, bytes > kMost ? bytes - kMost : 0);
  }
  std::cout << looks << " looks, " << most << " bytes at most, " << largest_ever << " the largest segment" << std::endl;
  EXPECT_GT(looks, 200) << "the machine stood still most of the time";
  EXPECT_GT(most, kMost - largest_ever) << "the limit was never reached";
  EXPECT_LE(most_beyond, largest_ever) << "more than one segment beyond the limit while it recorded";
  ASSERT_TRUE(wait_until([&] { return log().find("removed the oldest") != std::string::npos; })) << log();
  EXPECT_TRUE(wait_until([&] {
    const auto [bytes, largest] = on_disk();
    return bytes <= kMost + largest;
  })) << on_disk().first;
  stop();
  const auto store = store::Store::open_to_read(storage());
  auto segments = store->segments("front", 1000).value();
  ASSERT_GE(segments.size(), 3u);
  EXPECT_EQ(segments.size(), files(".mp4").size());
  segments.pop_back();  // the one that the end cut short
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string path = store->tree().segment("front", segments[i].started_at_ms);
    EXPECT_NEAR(std::atof(probe(path, "format=duration").c_str()), 2.0, 0.2) << path;
    // Nothing between one and the next.
    if (i > 0) {
      EXPECT_NEAR(static_cast<double>(segments[i].started_at_ms - segments[i - 1].ended_at_ms), 0, 40);
    }
  }
}

TEST_F(Room, AFullDiskStopsRecordingAndItGoesOnWhenThereIsRoomAgain) {
  if (!mount("24m")) GTEST_SKIP() << "needs root, to mount a tmpfs";
  const auto packets = packets_of(kClip);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(16);
  source.publish(packets, 16);
  ToldEvents control(bus_.path());
  start();
  tell_event(source, 1, 6);
  ASSERT_TRUE(wait_done(1)) << log();
  fill(40'000);
  tell_event(source, 2, 8);
  ASSERT_TRUE(wait_until([&] { return log().find("recording stopped: ") != std::string::npos; })) << log();
  EXPECT_TRUE(record_->running());
  EXPECT_EQ(control.next(), "front recording_stopped");
  fs::remove(storage() + "/filler");
  ASSERT_TRUE(wait_until([&] { return log().find("recording goes on") != std::string::npos; })) << log();
  EXPECT_EQ(control.next(), "front recording_back");
  const auto event = wait_done(2);
  ASSERT_TRUE(event) << log();
  EXPECT_EQ(event->clips, 1u) << "the log still had its packets";
  EXPECT_TRUE(files(".part").empty());
  stop();
}

// A real camera beside it: what is recorded stops and goes on, its pictures go on all the while.
TEST_F(Room, AFullDiskCostsTheCameraNoFrame) {
  if (moving_clip().empty()) GTEST_SKIP() << "the ffmpeg program can't make a clip";
  if (!mount("24m")) GTEST_SKIP() << "needs root, to mount a tmpfs";
  folder_.write("vedette.yaml", "cameras:\n  front:\n    url: " + moving_clip() + "\n    pre_roll: 3s\nstorage:\n  dir: " +
                                    storage() + "\nbus:\n  dir: " + shm_.file("bus") + "\nrecord:\n  least_free: 0\n");
  Program camera({binary("vedette-capture"), "--config", folder_.file("vedette.yaml"), "--camera", "front"},
                 folder_.file("capture"));
  FrameWatch frames(bus_, "front");
  ASSERT_TRUE(frames.since(1)) << camera.err();
  start({"record.continuous=true", "record.segment=1s"});
  ASSERT_TRUE(wait_until([&] { return files(".mp4").size() > 1; })) << log();
  const auto says = [&](const char* text) { return log().find(text) != std::string::npos; };
  RateCheck rate(frames);
  fill(40'000);
  rate.run([&] { return says("recording stopped: "); });
  rate.run_for(5);
  const std::size_t before = files(".mp4").size();
  fs::remove(storage() + "/filler");
  rate.run([&] { return files(".mp4").size() > before; });
  rate.expect_held(4);
  EXPECT_TRUE(says("recording stopped: ") && says("recording goes on")) << log();
  EXPECT_GT(files(".mp4").size(), before) << log();
  std::cout << 100.0 * rate.share() << " % of the camera's frames in " << rate.seconds() << " s" << std::endl;
  stop();
}

TEST_F(Room, ADiskThatIsFullAtTheStartIsWaitedFor) {
  if (!mount("24m")) GTEST_SKIP() << "needs root, to mount a tmpfs";
  const auto packets = packets_of(kClip);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(16);
  source.publish(packets, 16);
  ToldEvents control(bus_.path());
  fill(0);
  start();
  ASSERT_TRUE(wait_until([&] { return log().find("recording stopped: ") != std::string::npos; })) << log();
  EXPECT_EQ(control.next(), "front recording_stopped");
  tell_event(source, 1, 8);
  fs::remove(storage() + "/filler");
  EXPECT_EQ(control.next(), "front recording_back") << log();
  const auto event = wait_done(1);
  ASSERT_TRUE(event) << log();
  EXPECT_EQ(event->clips, 1u);
  stop();
}

TEST_F(Room, WithLessThanLeastFreeWhatIsBeingRecordedEnds) {
  if (!mount("64m")) GTEST_SKIP() << "needs root, to mount a tmpfs";
  const auto packets = packets_of(kClip);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(8);
  source.publish(packets, 8);
  start({"record.least_free=32MB", "record.continuous=true"});
  source.tell({.id = 1, .at = 7.5, .started = 7.5, .best = 7.5});
  double until = 8;
  const auto flow = [&] {
    source.publish(packets, until = std::min(until + 0.1, 19.0));
    source.beat();
    return true;
  };
  ASSERT_TRUE(wait_until([&] { return flow() && files(".mp4.part").size() == 2; })) << log();
  fill(16'000'000);
  ASSERT_TRUE(wait_until([&] { return flow() && files(".mp4").size() == 2; })) << log();
  EXPECT_TRUE(files(".mp4.part").empty());
  for (int i = 0; i < 10; ++i) {
    flow();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(files(".mp4.part").empty() && files(".mp4").size() == 2) << "it records all the same";
  }
  fs::remove(storage() + "/filler");
  ASSERT_TRUE(wait_until([&] { return flow() && files(".mp4.part").size() == 2; })) << log();
  source.tell({.id = 1, .phase = EventPhase::End, .at = 10, .started = 7.5, .best = 7.5});
  ASSERT_TRUE(wait_until([&] { return flow() && until >= 19; }));
  const auto event = wait_done(1);
  ASSERT_TRUE(event) << log();
  EXPECT_EQ(event->clips, 2u);
  stop();
  EXPECT_EQ(files(".mp4").size(), 4u);
}

TEST_F(Room, WithLessThanLeastFreeNothingIsRecorded) {
  if (!mount("64m")) GTEST_SKIP() << "needs root, to mount a tmpfs";
  const auto packets = packets_of(kClip);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(16);
  source.publish(packets, 16);
  fill(16'000'000);
  start({"record.least_free=32MB"});
  tell_event(source, 1, 6);
  ASSERT_TRUE(wait_until([&] { return log().find("record.least_free asks for 30.5 MiB") != std::string::npos; })) << log();
  EXPECT_TRUE(events().empty());
  EXPECT_TRUE(files(".mp4").empty() && files(".part").empty());
  fs::remove(storage() + "/filler");
  ASSERT_TRUE(wait_done(1)) << log();
  stop();
}

}  // namespace
}  // namespace vedette::test
