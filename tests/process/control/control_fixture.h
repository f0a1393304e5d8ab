// A real vedette-control on a bus directory of the test's own; the test plays capture and detect with synthetic records, and
// reads what control publishes. Everything is gone after the test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/ring.h"
#include "control/records.h"
#include "process/control/program.h"
#include "stage/command.h"

namespace vedette::test {

// Capture and detect of camera "front". Thread-bound.
class Stages {
 public:
  explicit Stages(const bus::BusDir& dir);

  // One frame and its detections, captured `age` ago: `persons` boxes of a person (score 0.82, each stands elsewhere) and one of
  // a car. Its id.
  std::uint64_t step(int persons, Nanoseconds age = {});
  std::uint64_t publish_frame();
  void publish_detections(std::uint64_t frame_id, int persons, Nanoseconds age = {});
  void publish_boxes(std::uint64_t frame_id, std::span<const Detection> boxes, Nanoseconds age = {});
  // One frame that detect looked at for motion; `spared`: and no further. Its id.
  std::uint64_t step_motion(bool spared);

  std::optional<bus::RingWriter> frames, detections, motion;
};

// A client of control.sock.
class Commander {
 public:
  explicit Commander(const std::string& bus_dir);
  bool connected() const { return static_cast<bool>(socket_); }

  struct Answer {
    bool ok = false;
    std::string text;
  };
  // None: no valid Reply came.
  std::optional<Answer> send(const control::Bytes& packet);
  std::optional<Answer> send(const stage::Command& command) { return send(stage::encode(command)); }
  std::optional<Answer> send(schema::CommandKind kind, Mode mode = Mode::Standby, const std::string& camera = "front") {
    return send(stage::Command{camera, kind, mode, "", ""});
  }
  std::optional<Answer> set(const std::string& key, const std::string& value) {
    return send({"front", schema::CommandKind::Set, Mode::Standby, key, value});
  }

 private:
  UniqueFd socket_;
};

class ControlTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Starts control (again) with the sentry's times cut short.
  void start(const std::vector<std::string>& more = {});
  void launch(const std::vector<std::string>& more = {});  // and doesn't wait until it decides

  control::CameraState state();                           // the newest; waits for the first
  control::DesiredState desired();                        // the newest; waits for the first
  control::CameraState state_after(std::uint64_t at_ns);  // the newest with a heartbeat later than that
  const std::vector<control::EventRecord>& events();      // all so far
  int count_events(schema::EventKind kind);
  int count_events(schema::EventKind kind, schema::EventPhase phase);

  // Plays frames with so many persons until the condition holds; false: the watchdog came first.
  template <typename Condition>
  bool play_until(int persons, Condition&& condition) {
    return eventually([&] {
      if (!condition()) stages->step(persons), std::this_thread::sleep_for(std::chrono::milliseconds(15));
      return condition();
    });
  }
  bool play_until_mode(int persons, Mode mode) {
    return play_until(persons, [&] { return state().mode == mode; });
  }

  std::filesystem::path folder_;
  std::optional<bus::BusDir> dir_;
  std::unique_ptr<Stages> stages;
  std::unique_ptr<Program> program_;

 private:
  std::optional<bus::Subscriber> state_topic_, control_topic_, event_topic_;
  std::optional<control::CameraState> state_;
  std::optional<control::DesiredState> desired_;
  std::vector<control::EventRecord> events_;
};

}  // namespace vedette::test
