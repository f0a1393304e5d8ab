// Capture and control as the detector sees them (real topics on a real bus), the model of the known scene, and the program.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "schema/records.h"
#include "support/bus_fixture.h"
#include "support/program.h"

namespace vedette::test {

// vedette-detect as a child; SIGKILLed with the object.
class DetectProgram {
 public:
  explicit DetectProgram(const std::vector<std::string>& arguments);

  pid_t pid() const { return program_->pid(); }
  void signal(int number) const { program_->signal(number); }
  bool running() { return program_->running(); }
  std::optional<int> wait_exit() { return program_->wait_exit(); }  // as Program has it
  // All it wrote to stdout and stderr so far.
  std::string output() const { return program_->out() + program_->err(); }

 private:
  TempFolder folder_{"/tmp"};  // of what it writes
  std::unique_ptr<Program> program_;
};

// One camera's upstream topics.
class Upstream {
 public:
  Upstream(const bus::BusDir& dir, const std::string& camera, PixelFormat format, std::uint32_t width, std::uint32_t height);

  // Publishes a picture whose bytes are `shade`, captured `age` ago; returns its frame id.
  std::uint64_t publish_frame(std::uint8_t shade = 100, std::chrono::milliseconds age = std::chrono::milliseconds(0));
  // The same with a black square of a sixteenth of the picture's width, `column` of its widths from the left, in the middle of
  // the height. For formats whose first plane is luma.
  std::uint64_t publish_square(std::uint32_t column, std::uint8_t shade = 100);
  // A record that says a plane lies outside its slot.
  void publish_broken_frame();
  void publish_control(float detect_fps, bool paused, std::uint64_t session,
                       std::chrono::milliseconds age = std::chrono::milliseconds(0), Mode mode = Mode::Standby,
                       bool detecting = true);

  bus::RingWriter frames;
  bus::RingWriter control;

 private:
  FrameInfo describe(std::uint64_t id) const;
  std::uint64_t publish(std::uint8_t shade, std::chrono::milliseconds age, std::optional<std::uint32_t> square);

  PixelFormat format_;
  std::uint32_t width_, height_;
  FrameLayout layout_;
};

class DetectFixture : public BusFixture {
 protected:
  DetectFixture();
  ~DetectFixture() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // The arguments of a detector that watches `cameras`; `more`: further ones.
  std::vector<std::string> arguments(const std::vector<std::string>& cameras, const std::vector<std::string>& more = {}) const;

  std::string camera_keys_;  // of each camera in the configuration: "    key: value\n"
  std::string folder_;       // for files, gone with the bus
  std::string model_;        // of the known scene (support/model_scenes.h)
};

}  // namespace vedette::test
