// vedette-capture as it is started in earnest, on real drivers: a configuration, a bus in a tmpfs, and a reader that checks what
// comes.
#include <flatbuffers/flatbuffers.h>
#include <signal.h>

#include <memory>
#include <optional>

#include "bus/log.h"
#include "capture/v4l2/v4l2_controls.h"
#include "capture/v4l2/v4l2_find.h"
#include "schema/packet.h"
#include "schema/records.h"
#include "support/bus_fixture.h"
#include "support/program.h"
#include "vision/image_view.h"
#include "vm/devices.h"
#include "vm/jpegs.h"
#include "vm/usb_camera.h"

namespace vedette::test {
namespace {

using namespace vedette::capture;

constexpr char kUsb[] = "Front door";
constexpr char kOther[] = "Yard";

// A frame that a reader took, checked against its slot.
struct Frame {
  FrameInfo info;
  std::vector<std::uint8_t> middle;  // per plane, the byte in the middle
};

class CaptureProgram : public BusFixture {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(run(kLoadVivid) && run("modprobe uvcvideo && modprobe vhci-hcd")); }

  ~CaptureProgram() override {
    capture_.reset();
    usb_.unplug();
    other_.unplug();
    for (const char* name : {kUsb, kOther}) wait_until_gone(name);
  }

  // `keys`: more of the camera's, each with its indent and newline.
  void start(const std::string& device, const std::string& keys) {
    const std::string config = folder_.write(
        "vedette.yaml", "bus:\n  dir: " + path_ + "\ncameras:\n  front:\n    url: \"" + device + "\"\n    timeout: 3s\n" + keys);
    capture_.emplace(std::vector<std::string>{VEDETTE_BIN_DIR "/vedette-capture", "--config", config, "--camera", "front"},
                     folder_.file("capture"));
  }
  static void plug(UsbCamera& camera, const std::string& name) {
    ASSERT_TRUE(camera.plug());
    ASSERT_TRUE(wait_for_device("v4l2:" + name, std::nullopt, kPatience));
  }
  std::string said() const { return capture_->err() + capture_->out(); }
  // It has said so, `times` times.
  bool says(const std::string& words, int times = 1) {
    const auto heard = [&] {
      const std::string text = said();
      int count = 0;
      for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
      return count >= times;
    };
    return wait_until([&] { return heard() || !capture_->running(); }, 30s) && heard();
  }
  // Ends it as the supervisor does; all that it said.
  std::string stop() {
    capture_->signal(SIGTERM);
    EXPECT_EQ(capture_->wait_exit(), 0);
    return said();
  }

  std::optional<Frame> next_frame(bus::Subscriber& frames) {
    std::optional<Frame> frame;
    wait_until(
        [&] {
          auto taken = frames.take_next();
          if (!taken) {
            frames.wait(20ms);
            return !capture_->running();
          }
          frame.emplace();
          std::memcpy(&frame->info, taken.lease.bytes().data(), sizeof frame->info);
          const auto view = vision::image_view(frame->info, taken.lease.bytes());
          EXPECT_TRUE(view.ok()) << view.error().text;
          if (!view.ok()) return true;
          for (int plane = 0; plane < plane_count(view->format); ++plane) {
            const PlaneGeometry extent = plane_extent(view->format, plane, view->width, view->height);
            frame->middle.push_back(view->row(plane, extent.rows / 2)[extent.row_bytes / 2]);
          }
          return true;
        },
        30s);
    return frame;
  }
  std::optional<PacketView> next_packet(bus::LogSubscriber& packets, std::vector<std::byte>& record) {
    std::optional<PacketView> packet;
    wait_until(
        [&] {
          if (!packets.take_next(record)) {
            packets.wait(20ms);
            return !capture_->running();
          }
          const auto view = packet_view(record);
          EXPECT_TRUE(view.ok()) << view.error().text;
          if (view.ok()) packet = *view;
          return true;
        },
        30s);
    return packet;
  }
  // Control's record, as vedette-control writes it twice a second.
  void write_control(Mode mode) {
    if (!control_) {
      bus::RingOptions options;
      options.schema_id = kControlSchema;
      options.slot_bytes = kMaxRecordBytes;
      control_.emplace(std::move(bus::RingWriter::open(dir_, topic("front/control"), options)).value());
    }
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateControl(builder, mode, 0, false, 1, monotonic_ns()));
    auto loan = control_->loan();
    ASSERT_TRUE(loan);
    std::memcpy(loan->bytes().data(), builder.GetBufferPointer(), builder.GetSize());
    control_->publish(std::move(*loan), control_->next_frame_id(), builder.GetSize());
  }

  TempFolder folder_{"/tmp"};
  bus::Subscriber frames_{dir_, topic("front/frames"), kFrameSchema, bus::Demand::every_pixel()};
  bus::LogSubscriber packets_{dir_, topic("front/packets"), kPacketsSchema, bus::Demand{.packets = true}};
  std::optional<bus::RingWriter> control_;
  UsbCamera usb_{kUsb, 4, jpeg_of};
  UsbCamera other_{kOther, 5, jpeg_of};
  std::optional<Program> capture_;
};

struct Raw {
  const char* name;
  const char* device;
  PixelFormat format;
};
class CaptureRaw : public CaptureProgram, public ::testing::WithParamInterface<Raw> {};
INSTANTIATE_TEST_SUITE_P(Of, CaptureRaw,
                         ::testing::Values(Raw{"yuyv", "/dev/video0", PixelFormat::YUYV},
                                           Raw{"nv12", "/dev/video1", PixelFormat::NV12},
                                           Raw{"grey", "/dev/video0", PixelFormat::GRAY8},
                                           Raw{"nv12", "/dev/video2", PixelFormat::NV12}),
                         [](const auto& test) { return test.param.name + std::string("_") + (test.param.device + 5); });

TEST_P(CaptureRaw, PicturesAreOnTheBusInOrderWhereTheDriverWroteThem) {
  const auto [name, device, format] = GetParam();
  start(device, std::string("    device_format: ") + name +
                    "\n    device_size: 640x480\n    device_fps: 15\n    controls: [brightness=128, test_pattern=100_white, "
                    "osd_text_mode=none]\n");
  ASSERT_TRUE(capture_);
  std::optional<Frame> last;
  for (int i = 0; i < 20; ++i) {
    const auto frame = next_frame(frames_);
    ASSERT_TRUE(frame) << said();
    EXPECT_EQ(frame->info.format(), format);
    EXPECT_EQ(frame->info.width(), 640u);
    EXPECT_EQ(frame->info.height(), 480u);
    EXPECT_GT(frame->middle.at(0), 225) << "white";
    EXPECT_LE(frame->info.captured_at_ns(), frame->info.published_at_ns());
    if (last) {
      EXPECT_GT(frame->info.frame_id(), last->info.frame_id());
      EXPECT_GT(frame->info.captured_at_ns(), last->info.captured_at_ns());
    }
    last = frame;
  }
  EXPECT_TRUE(has(stop(), " 0 copied, 0 converted")) << said();
}

TEST_F(CaptureProgram, JpegPacketsPassAsTheyCameAndDecodeToTheirPictures) {
  plug(usb_, kUsb);
  start(std::string("v4l2:") + kUsb, "    device_format: mjpeg\n");
  std::vector<std::byte> record;
  std::uint32_t last_number = 0;
  std::uint64_t last_stamp = 0;
  for (int i = 0; i < 15; ++i) {
    const auto packet = next_packet(packets_, record);
    ASSERT_TRUE(packet) << said();
    ASSERT_EQ(packet->info.codec(), Codec::MJPEG);
    EXPECT_EQ(packet->info.width(), kUsbMjpegWidth);
    EXPECT_EQ(packet->info.keyframe(), 1);
    const std::uint32_t number = number_in(packet->data);
    EXPECT_NEAR(brightness_of(packet->data), brightness_of_number(number), 3);
    EXPECT_GT(packet->info.captured_at_ns(), last_stamp);
    if (i > 0) {
      EXPECT_GT(number, last_number);
    }
    last_number = number;
    last_stamp = packet->info.captured_at_ns();
    const auto frame = next_frame(frames_);
    ASSERT_TRUE(frame) << said();
    if (!packets_.seek_frame(frame->info.frame_id())) continue;
    const auto same = next_packet(packets_, record);
    ASSERT_TRUE(same);
    EXPECT_EQ(same->info.frame_id(), frame->info.frame_id());
    EXPECT_NEAR(frame->middle.at(0), brightness_of_number(number_in(same->data)), 4) << "the frame is the packet's picture";
    last_number = number_in(same->data);
    last_stamp = same->info.captured_at_ns();
  }
}

TEST_F(CaptureProgram, TheFormatIsChosenByWhatItCosts) {
  plug(usb_, kUsb);
  start(std::string("v4l2:") + kUsb, "    device_size: 320x240\n    device_fps: 5\n");
  ASSERT_TRUE(says("Front door: yuyv 320x240, 5 fps")) << said();
  EXPECT_TRUE(next_frame(frames_)) << said();
  stop();
  start(std::string("v4l2:") + kUsb, "");
  ASSERT_TRUE(says("Front door: mjpeg 640x480, 30 fps")) << said();
  EXPECT_TRUE(next_frame(frames_)) << said();
  stop();
}

TEST_F(CaptureProgram, NobodyWantsPixelsNothingIsDecoded) {
  frames_.set_demand({});
  plug(usb_, kUsb);
  start(std::string("v4l2:") + kUsb, "    device_format: mjpeg\n");
  std::vector<std::byte> record;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(next_packet(packets_, record)) << said();
  const auto stats = frames_.stats();
  EXPECT_LE(stats ? stats->published : 0, 1u) << "one, at most, to make the topic with";
  // Asked for a small picture: decoded at half scale.
  frames_.set_demand({.pixels = true, .width = 320, .height = 240});
  for (;;) {
    const auto frame = next_frame(frames_);
    ASSERT_TRUE(frame) << said();
    EXPECT_EQ(frame->info.source_width(), kUsbMjpegWidth);
    if (frame->info.width() == kUsbMjpegWidth / 2) break;
  }
}

TEST_F(CaptureProgram, PulledOutAndPluggedInAgainItGoesOn) {
  plug(usb_, kUsb);
  const auto node = find_v4l2(std::string("v4l2:") + kUsb, std::nullopt);
  ASSERT_TRUE(node.ok());
  const std::string path = node->path();
  start(path, "    device_format: mjpeg\n");
  std::optional<Frame> last;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3; ++i) {
      const auto frame = next_frame(frames_);
      ASSERT_TRUE(frame) << said();
      if (last) {
        EXPECT_GT(frame->info.frame_id(), last->info.frame_id()) << "numbers go on";
        EXPECT_GT(frame->info.captured_at_ns(), last->info.captured_at_ns());
      }
      last = frame;
    }
    usb_.unplug();
    ASSERT_TRUE(says("it may have been unplugged", round + 1)) << said();
    while (frames_.take_next()) {
    }
    if (round == 2) break;
    const std::uint64_t plugged = monotonic_ns();
    plug(usb_, kUsb);
    const std::uint64_t there = monotonic_ns();
    const auto frame = next_frame(frames_);
    ASSERT_TRUE(frame) << said();
    EXPECT_GT(frame->info.captured_at_ns(), plugged);
    const std::uint64_t took_ms = (monotonic_ns() - there) / 1'000'000;
    EXPECT_LT(took_ms, 2000u) << "the promise to users\n" << said();
    std::printf("frames %llu ms after the device was there\n", static_cast<unsigned long long>(took_ms));
    last = frame;
  }
  EXPECT_TRUE(capture_->running());
  // Another camera takes its number: not one picture of it.
  plug(other_, kOther);
  ASSERT_TRUE(says("not \"Front door\"")) << said();
  EXPECT_EQ(other_.sent(), 0u);
  plug(usb_, kUsb);
  EXPECT_TRUE(next_frame(frames_)) << said();
  EXPECT_EQ(other_.sent(), 0u);
  stop();
}

TEST_F(CaptureProgram, ABusyCameraIsWaitedFor) {
  V4l2Device holder(options_for("/dev/video0", V4l2Format::kYuyv, 320, 180, 10));
  ASSERT_TRUE(holder.open().ok());
  start("/dev/video0", "    device_format: grey\n    device_size: 320x180\n");
  ASSERT_TRUE(says("another program uses the camera")) << said();
  EXPECT_FALSE(read_pictures(holder, 2).empty());
  holder.close();
  EXPECT_TRUE(next_frame(frames_)) << said();
  stop();
}

TEST_F(CaptureProgram, WhatTheCameraHasNotIsSaid) {
  start("/dev/video0", "    device_format: yuyv\n    device_size: 333x222\n");
  ASSERT_TRUE(says("/dev/video0: the device has no size 333x222; it has: YUYV")) << said();
  EXPECT_TRUE(capture_->running()) << "another camera may be put there";
  stop();
  start("/dev/video0", "    device_format: yuyv\n    controls: [no_such=1]\n");
  ASSERT_TRUE(says("control no_such: the device hasn't got it")) << said();
}

TEST_F(CaptureProgram, StandbySetsTheDevicesRateIfAskedTo) {
  plug(usb_, kUsb);
  write_control(Mode::Standby);
  start(std::string("v4l2:") + kUsb, "    device_format: mjpeg\n    standby_device_fps: 5\n");
  const auto is_set_to = [&](Mode mode, std::uint32_t interval) {
    return wait_until(
        [&] {
          write_control(mode);
          while (frames_.take_next()) {
          }
          std::this_thread::sleep_for(100ms);
          return usb_.frame_interval() == interval || !capture_->running();
        },
        30s);
  };
  ASSERT_TRUE(next_frame(frames_)) << said();
  EXPECT_TRUE(is_set_to(Mode::Standby, 2'000'000)) << said();
  EXPECT_TRUE(next_frame(frames_)) << said();
  EXPECT_TRUE(is_set_to(Mode::Tracking, 333'333)) << said();
  EXPECT_TRUE(next_frame(frames_)) << said();
  EXPECT_TRUE(capture_->running());
}

}  // namespace
}  // namespace vedette::test
