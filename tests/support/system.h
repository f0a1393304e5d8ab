// The whole system as a user runs it: `vedette up` on a configuration, in a bus directory of the test's own, and what can be
// observed of it from outside: its processes, its topics through readers of our own, its HTTP answers. Thread-bound.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/ring.h"
#include "schema/records.h"
#include "support/program.h"

namespace vedette::test {

// The program's path in the build's bin folder.
std::string binary(const std::string& name);
// The default model; empty: this build has none.
std::string default_model();
// The pedestrian clip; empty: this build has none.
std::string pedestrian_clip();
// A clip made by the ffmpeg program from a lavfi graph (made once per build). Empty: ffmpeg failed.
std::string generated_clip(const std::string& name, const std::string& graph, int seconds = 10);
// 640 x 360, 30 frames a second, every frame different.
std::string moving_clip();
// The same size and rate, nothing in it that any detector would call an object.
std::string empty_clip();

// A tmpfs of our own, in a mount namespace of this process alone: gone with it. False where that isn't permitted.
bool mount_tmpfs(const std::string& folder, const std::string& size);
// Any free TCP port of 127.0.0.1.
std::uint16_t free_port();

// What a reader saw of one frame.
struct FrameMark {
  std::uint64_t sequence = 0;  // 1, 2, 3, … of the topic
  std::uint64_t frame_id = 0;
  std::uint64_t captured_at_ns = 0;
  std::uint64_t dropped = 0;  // by the writer so far
};

// Does this process, which only wakes up now and then, get the CPU when it wants to? Where it didn't, the machine stood still or
// was hopelessly overloaded (a virtual machine that its host froze), and what anybody else did in that time says nothing about
// them.
class Pulse {
 public:
  void beat();
  // Longer than kUndisturbed between two beats since the last call.
  bool was_disturbed() { return std::exchange(disturbed_, false); }

  // Beats come every 20 to 100 ms.
  static constexpr std::chrono::milliseconds kUndisturbed{400};

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  bool disturbed_ = false;
};

// A reader of <cam>/frames that asks for every picture.
class FrameWatch {
 public:
  FrameWatch(const bus::BusDir& dir, const std::string& camera);
  // The newest frame once one was captured at `at_ns` or later. None: the watchdog came first.
  std::optional<FrameMark> since(std::uint64_t at_ns, std::chrono::seconds watchdog = std::chrono::seconds(60));
  Pulse& pulse() { return pulse_; }

 private:
  bus::Subscriber frames_;
  Pulse pulse_;
};

// A reader of <cam>/detections.
class DetectionWatch {
 public:
  DetectionWatch(const bus::BusDir& dir, const std::string& camera);
  // The next record published at `at_ns` or later.
  std::optional<Detections> since(std::uint64_t at_ns, std::chrono::seconds watchdog = std::chrono::seconds(60));
  // How many were published so far.
  std::uint64_t published();

 private:
  bus::Subscriber detections_;
};

struct SystemOptions {
  std::map<std::string, std::string> cameras;  // name -> url
  std::vector<std::string> set;                // more --set values
  std::vector<std::string> arguments;          // more arguments of `vedette up`
  std::string bus_dir;                         // "": one of the test's own
};

class System {
 public:
  explicit System(SystemOptions options);
  ~System();

  void start();  // `vedette up`
  // Every stage of every camera gives signs of life: /readyz says 200.
  bool wait_ready();
  bool answers(const std::string& target) const;  // 200 to GET
  Program& up() { return *up_; }

  // Another program on the same configuration and bus: its arguments, and the program running.
  std::vector<std::string> arguments_of(const std::string& program, const std::vector<std::string>& more = {}) const;
  std::unique_ptr<Program> run(const std::string& program, const std::vector<std::string>& more = {});

  std::vector<ChildProcess> stages() const { return children_of(up_->pid()); }
  std::optional<pid_t> stage(const std::string& program) const;  // "vedette-detect"

  const bus::BusDir& bus();  // opened at the first call
  const std::string& bus_path() const { return bus_path_; }
  // Every file below the bus directory and the bytes of memory it takes.
  std::map<std::string, std::int64_t> bus_files() const;
  // The same once front/tracks is there, the last of a camera's topics: it comes with the first result.
  std::map<std::string, std::int64_t> all_bus_files() const;
  // Reader entries in use of each topic.
  std::map<std::string, int> bus_readers() const;
  // The same once it hasn't changed for a while: all stages have attached to what they read.
  std::map<std::string, int> settled_bus_readers() const;
  std::uint16_t port() const { return port_; }
  const TempFolder& folder() const { return folder_; }
  std::string config_path() const { return folder_.file("vedette.yaml"); }

 private:
  const SystemOptions options_;
  TempFolder folder_;
  std::unique_ptr<TempFolder> shm_;
  std::string bus_path_;
  std::uint16_t port_;
  int runs_ = 0;
  std::optional<bus::BusDir> bus_;
  std::unique_ptr<Program> up_;
};

}  // namespace vedette::test
