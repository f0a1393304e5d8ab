// Clips made by the ffmpeg program at test time, their pictures as ffmpeg decodes them, and a Camera that plays one.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/process.h"
#include "capture/camera.h"
#include "support/bus_fixture.h"

namespace vedette::capture {

inline void run_ffmpeg(const std::string& arguments) {
  const std::string command = "ffmpeg -nostdin -v error -y " + arguments;
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
inline void write_file(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// The visible pixels of a frame, plane after plane and row after row: what `-f rawvideo` writes.
inline std::string pixels_of(const FrameInfo& info, std::span<const std::byte> slot) {
  std::string pixels;
  for (int plane = 0; plane < plane_count(info.format()); ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    const PlaneGeometry extent = plane_extent(info.format(), plane, info.width(), info.height());
    for (std::uint32_t row = 0; row < extent.rows; ++row) {
      const std::size_t at = info.plane_offset()->Get(index) + std::size_t{row} * info.plane_stride()->Get(index);
      pixels.append(reinterpret_cast<const char*>(slot.data() + at), extent.row_bytes);
    }
  }
  return pixels;
}

struct Seen {
  FrameInfo info;
  std::string pixels;
  std::uint64_t missed = 0;
};

class CaptureFixture : public test::BusFixture {
 protected:
  CaptureFixture() : frames_(dir_, topic("front/frames"), kFrameSchema, bus::Demand::every_pixel()) {
    std::filesystem::create_directories(folder_);
  }
  ~CaptureFixture() override {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string file(const std::string& name) const { return folder_ + "/" + name; }

  CameraOptions options_for(const std::string& url) const {
    CameraOptions options;
    options.name = "front";
    options.source.url = url;
    return options;
  }

  // Plays in a thread until stop() or its end.
  void start(const CameraOptions& options) {
    stop();
    session_ = std::make_unique<stage::ControlReader>(dir_, "front");
    slots_ = std::make_unique<Slots>(dir_, SlotsOptions{topic("front/frames"), 16, 2});
    packets_ = std::make_unique<Packets>(dir_, PacketsOptions{topic("front/packets"), {16, 2}, {}});
    run_in_thread(options);
  }
  void run_in_thread(const CameraOptions& options) {
    done_ = false;
    thread_ = std::thread([this, options] {
      end_.emplace(play(options));
      done_ = true;
    });
  }
  Result<Camera::End> play(const CameraOptions& options) {
    const auto last_id = last_frame_id(dir_, {topic("front/frames"), topic("front/packets")});
    return Camera(options, dir_, *slots_, *packets_, *session_, last_id).run();
  }
  // Ends the camera by a new session, as control would.
  void stop() {
    if (!thread_.joinable()) return;
    while (!done_) {
      write_control(false, next_session_++);  // the first that it sees is adopted, the next ends it
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    thread_.join();
  }
  // The end of a camera that ends by itself.
  Result<Camera::End> join() {
    thread_.join();
    return *end_;
  }

  void write_control(bool paused, std::uint64_t session) {
    if (!control_) {
      bus::RingOptions options;
      options.schema_id = kControlSchema;
      options.slot_bytes = kMaxRecordBytes;
      control_.emplace(std::move(bus::RingWriter::open(dir_, topic("front/control"), options)).value());
    }
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(schema::CreateControl(builder, Mode::Standby, 0, paused, session, monotonic_ns()));
    auto loan = control_->loan();
    if (!loan) return;
    std::memcpy(loan->bytes().data(), builder.GetBufferPointer(), builder.GetSize());
    control_->publish(std::move(*loan), control_->next_frame_id(), builder.GetSize());
  }

  // The next frame, checked; none when the camera ended without another one.
  std::optional<Seen> next() { return next_of(frames_); }
  std::optional<Seen> next_of(bus::Subscriber& frames) {
    for (;;) {
      const bool last_look = done_;
      if (auto taken = frames.take_next()) {
        Seen seen;
        std::memcpy(&seen.info, taken.lease.bytes().data(), sizeof seen.info);
        const auto good = check_frame(seen.info, taken.lease.bytes().size());
        EXPECT_TRUE(good.ok()) << (good.ok() ? "" : good.error().text);
        if (!good.ok()) return std::nullopt;
        seen.pixels = pixels_of(seen.info, taken.lease.bytes());
        seen.missed = taken.missed;
        return seen;
      }
      if (last_look) return std::nullopt;
      frames.wait(std::chrono::milliseconds(20));
    }
  }

  const std::string folder_ = std::filesystem::temp_directory_path().string() + "/vedette-capture-" + std::to_string(::getpid());
  bus::Subscriber frames_;
  std::unique_ptr<stage::ControlReader> session_;
  std::unique_ptr<Slots> slots_;
  std::unique_ptr<Packets> packets_;
  std::optional<bus::RingWriter> control_;
  std::uint64_t next_session_ = 1;
  std::thread thread_;
  std::atomic<bool> done_{false};
  std::optional<Result<Camera::End>> end_;
};

}  // namespace vedette::capture
