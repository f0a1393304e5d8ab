// A camera with two streams of one scene, a large one to record and a small one to detect, sent at different delays: what was
// detected in the small one is found for the pictures of the large one. And the clock: when a picture was taken, by ours and by
// the camera's.
#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "base/clock.h"
#include "conformance/sources/rig.h"
#include "schema/records.h"
#include "stage/nearest.h"
#include "stage/topics.h"

namespace vedette::test {
namespace {

constexpr SceneSize kMain{640, 360}, kSub{320, 180};

class TwoStreams : public Rig {
 protected:
  // `sub_delay_ms`: the small stream is sent so much later than the large one.
  bool start(int sub_delay_ms, double wall_shift_s) {
    if (no_rtsp_server()) return false;
    SceneOptions options{kFps, {}};
    SceneStream main, sub;
    main.sizes = {kMain};
    main.to = folder_.file("main.socket");
    sub.sizes = {kSub};
    sub.delay_ms = sub_delay_ms;
    sub.to = folder_.file("sub.socket");
    options.streams = {main, sub};
    scene_ = std::make_unique<Scene>(options, folder_.file("scene"));
    scene_->start();
    const std::uint16_t port = free_tcp_port();
    server_ = std::make_unique<RtspServer>(
        RtspOptions{{{"/main", "h264", main.to}, {"/sub", "h264", sub.to}}, "none", {}, wall_shift_s}, port,
        folder_.file("server"));
    server_->start();
    const std::string url = "rtsp://127.0.0.1:" + std::to_string(port);
    const std::string yaml =
        "inputs: [{url: \"" + url + "/main\", roles: [record, live]}, {url: \"" + url + "/sub\", roles: [detect]}]\n";
    start_capture_of(yaml, "record");
    record_ = std::move(capture_);
    start_capture_of(yaml);
    return true;
  }
  ~TwoStreams() override {
    if (!record_) return;
    if (HasFailure()) ADD_FAILURE() << "log of the recorded input:\n" << record_->err();
    record_->signal(SIGTERM);
    (void)record_->wait_exit(std::chrono::seconds(10));
  }

  std::unique_ptr<Program> record_;  // of the large stream
};

struct MainPicture {
  std::uint64_t number = 0;
  std::uint64_t captured_at_ns = 0;
  std::uint64_t camera_wall_at_ns = 0;
};

// What the detect stage would publish for a small picture; its one box says which picture it is.
bool knows_clock(const bus::Lease& record) {
  Detections found;
  return read_detections(record.bytes(), found).ok() && found.info.camera_clock_ms() != 0;
}

void detect(bus::RingWriter& writer, const SeenFrame& frame) {
  DetectionsInfo info;
  info.mutate_frame_id(frame.info.frame_id());
  info.mutate_captured_at_ns(frame.info.captured_at_ns());
  info.mutate_published_at_ns(monotonic_ns());
  info.mutate_count(1);
  info.mutate_camera_clock_ms(camera_clock_ms(frame.info.camera_wall_at_ns()));
  Detection box;
  box.mutate_width(0.5f);
  box.mutate_height(0.5f);
  box.mutate_class_id(static_cast<std::uint16_t>(frame.stamp->number));
  auto loan = writer.loan();
  ASSERT_TRUE(loan);
  std::memcpy(loan->bytes().data(), &info, sizeof info);
  std::memcpy(loan->bytes().data() + sizeof info, &box, sizeof box);
  writer.publish(std::move(*loan), frame.info.frame_id(), sizeof info + sizeof box);
}
std::uint64_t number_in(const bus::Lease& record) {
  Detection box;
  std::memcpy(&box, record.bytes().data() + sizeof(DetectionsInfo), sizeof box);
  return box.class_id();
}

// Pictures between a large one and the small one that is nearest by the camera's own clock. None: it may be one that wasn't seen.
std::optional<std::int64_t> off_by(const std::vector<SeenFrame>& small, std::uint64_t number, std::uint64_t camera_wall_at_ns) {
  const auto distance = [&](const SeenFrame& f) {
    return std::llabs(static_cast<long long>(f.info.camera_wall_at_ns() - camera_wall_at_ns));
  };
  const SeenFrame* nearest = nullptr;
  bool earlier = false, later = false;
  for (const SeenFrame& frame : small) {
    if (frame.info.camera_wall_at_ns() == 0) continue;
    if (nearest == nullptr || distance(frame) < distance(*nearest)) nearest = &frame;
    earlier = earlier || frame.stamp->number <= number;
    later = later || frame.stamp->number >= number;
  }
  if (!earlier || !later) return std::nullopt;
  return static_cast<std::int64_t>(nearest->stamp->number) - static_cast<std::int64_t>(number);
}

class Offset : public TwoStreams, public ::testing::WithParamInterface<int> {};

TEST_P(Offset, WhatIsSeenInTheSmallStreamIsFoundForTheLargeOne) {
  if (!start(GetParam(), 0)) GTEST_SKIP() << *no_rtsp_server();
  bus::LogSubscriber recorded(dir_, topic("front/record_packets"), kPacketsSchema, {.packets = true},
                              bus::LogFrom::kOldestKeyframe);
  auto detector = bus::RingWriter::open(dir_, topic("front/detections"), stage::detections_ring({}, "scene"));
  ASSERT_TRUE(detector.ok());
  stage::NearestRecords nearest(dir_, topic("front/detections"), kDetectionsSchema);
  nearest.poll(monotonic_ns());
  PacketDecoder decoder;
  std::map<std::uint64_t, PacketInfo> infos;
  std::vector<MainPicture> large;
  std::vector<SeenFrame> small;
  std::vector<std::byte> record;
  std::vector<Decoded> decoded;
  std::vector<std::int64_t> found_off;
  std::size_t looked_up = 0;
  // Until both know the camera's clock, and some more.
  for (int small_clock = 0, large_clock = 0; small_clock < 40 || large_clock < 40;) {
    const auto frame = next_frame();
    ASSERT_TRUE(frame);
    if (!frame->stamp) continue;
    if (frame->info.camera_wall_at_ns() != 0) ++small_clock;
    small.push_back(*frame);
    detect(*detector, *frame);
    nearest.poll(monotonic_ns());
    while (const auto taken = recorded.take_next(record)) {
      const auto view = packet_view(record);
      ASSERT_TRUE(view.ok());
      infos[view->info.frame_id()] = view->info;
      EXPECT_TRUE(decoder.decode(*view, decoded));
    }
    for (const Decoded& picture : decoded) {
      ASSERT_TRUE(picture.stamp);
      EXPECT_EQ(picture.width, 640u);
      const PacketInfo& info = infos.at(picture.frame_id);
      large.push_back({picture.stamp->number, info.captured_at_ns(), info.camera_wall_at_ns()});
      if (info.camera_wall_at_ns() != 0) ++large_clock;
    }
    decoded.clear();
    // As a stage that shows boxes on the large stream: a picture that is half a second old, so that all boxes for it are there.
    for (; looked_up + 10 < large.size(); ++looked_up) {
      const auto answer = nearest.find(large[looked_up].captured_at_ns, large[looked_up].camera_wall_at_ns, monotonic_ns());
      if (answer.status != stage::NearestRecords::Status::kFound) continue;
      const auto number = number_in(answer.record);
      // One stream may be 250 ms later than the other, which only the camera's clock tells; its first report may take seconds.
      if (large[looked_up].camera_wall_at_ns == 0 || !knows_clock(answer.record)) continue;
      found_off.push_back(static_cast<std::int64_t>(number) - static_cast<std::int64_t>(large[looked_up].number));
    }
    ASSERT_LT(small.size(), 1000u) << "no camera clock";
  }
  // The first ones settle the clocks.
  std::size_t by_camera = 0;
  for (std::size_t i = large.size() / 2; i < large.size(); ++i) {
    if (large[i].camera_wall_at_ns == 0) continue;
    const auto off = off_by(small, large[i].number, large[i].camera_wall_at_ns);
    if (!off) continue;
    EXPECT_LE(std::abs(*off), 1) << "by the camera's clock";
    ++by_camera;
  }
  EXPECT_GT(by_camera, 10u);
  ASSERT_GT(found_off.size(), 10u);
  for (std::size_t i = found_off.size() / 2; i < found_off.size(); ++i)
    EXPECT_LE(std::abs(found_off[i]), 1) << "by NearestRecords";
}
INSTANTIATE_TEST_SUITE_P(All, Offset, ::testing::Values(30, 250),
                         [](const auto& delay) { return std::to_string(delay.param) + "_ms"; });

// The camera's clock is three hours ahead.
TEST_F(TwoStreams, TheCamerasClockAndOursAreKeptApart) {
  constexpr double kShiftS = 3 * 3600;
  if (!start(0, kShiftS)) GTEST_SKIP() << *no_rtsp_server();
  std::vector<double> camera_off_ms, late_ms, wall_off_ms;
  while (camera_off_ms.size() < 40) {
    const auto frame = next_frame();
    ASSERT_TRUE(frame);
    ASSERT_TRUE(frame->stamp);
    const FrameInfo& info = frame->info;
    late_ms.push_back((static_cast<double>(info.captured_at_ns()) - static_cast<double>(frame->stamp->at_ns)) / 1e6);
    const double wall = static_cast<double>(wall_ns()) - static_cast<double>(monotonic_ns());
    wall_off_ms.push_back((static_cast<double>(info.wall_at_ns()) - wall - static_cast<double>(info.captured_at_ns())) / 1e6);
    if (info.camera_wall_at_ns() == 0) continue;
    const double drawn = static_cast<double>(frame->stamp->at_ns) + wall + kShiftS * 1e9;
    camera_off_ms.push_back((static_cast<double>(info.camera_wall_at_ns()) - drawn) / 1e6);
  }
  const auto middle = [](std::vector<double>& values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
  };
  constexpr double kPeriodMs = 1000 / kFps;
  EXPECT_NEAR(middle(camera_off_ms), 0, kPeriodMs / 3) << "the camera's clock";
  EXPECT_NEAR(middle(wall_off_ms), 0, 5) << "wall_at isn't the camera's but ours";
  // Encoding, the network, and a frame period: the picture's end is known when the next one begins.
  EXPECT_GT(*std::min_element(late_ms.begin(), late_ms.end()), -kPeriodMs / 3);
  EXPECT_LT(*std::min_element(late_ms.begin(), late_ms.end()), kPeriodMs * 3 / 2);
}

}  // namespace
}  // namespace vedette::test
