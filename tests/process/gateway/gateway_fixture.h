// A real vedette-gateway on a bus directory of the test's own, and the parts that capture, detect and control would play: writers
// of their topics with synthetic records. Everything is gone after the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "bus/ring.h"
#include "schema/records.h"
#include "support/net_client.h"

namespace vedette::test {

using Json = nlohmann::json;

// Until the condition holds; false: the watchdog came first.
bool eventually(const std::function<bool()>& condition);

// The program, its stderr read until it ends. Killed when it goes out of scope.
class GatewayProgram {
 public:
  explicit GatewayProgram(const std::string& config_file, const std::vector<std::string>& more = {});
  ~GatewayProgram();
  GatewayProgram(GatewayProgram&&) = delete;

  // The port from its log; 0: it ended before it said one.
  std::uint16_t wait_for_port();
  pid_t pid() const { return pid_; }
  void signal(int number) const;
  int wait_exit();  // as waitpid() has it
  const std::string& log() const { return log_; }

 private:
  bool read_log();
  pid_t pid_ = -1;
  UniqueFd log_fd_;
  std::string log_;
};

inline constexpr std::uint32_t kWidth = 320, kHeight = 240;

// The luma of every pixel of a synthetic frame.
inline std::uint8_t luma_of(std::uint64_t frame_id) { return static_cast<std::uint8_t>(40 + frame_id % 17 * 10); }

// Capture, detect and control in one. Thread-bound.
class Stages {
 public:
  explicit Stages(const bus::BusDir& dir, const std::string& camera = "front");

  std::uint64_t publish_frame();  // its id
  void publish_detections(std::uint64_t frame_id, int boxes);
  void publish_state(Mode mode, std::uint32_t targets, bool still = false);
  void publish_event(std::uint64_t id, schema::EventKind kind, const std::string& text);
  void beat();
  void remove();  // an orderly end: the topics vanish

  bus::RingWriter frames, detections, state, events;

 private:
  std::uint64_t captured_at_ns_ = 0;
};

class GatewayTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Writes the configuration; `gateway` are more lines for its section, each indented by two.
  void configure(const std::string& gateway = "");
  void start();
  const bus::BusDir& bus_dir() const { return *bus_dir_; }

  // The next message that fits, others skipped. Null/empty: the connection ended.
  static Json wait_text(WebSocket& viewer, const std::function<bool(const Json&)>& fits);
  static Json wait_type(WebSocket& viewer, const std::string& type);
  struct Shown {
    Json header;
    std::string jpeg;
  };
  static std::optional<Shown> split(const WsMessage& message);
  static std::optional<Shown> wait_picture(WebSocket& viewer);
  static std::string stage_status(const Json& state_or_camera, const std::string& stage);
  Json ready() const;
  std::uint64_t metric(const std::string& name) const;

  std::filesystem::path folder_;  // in /dev/shm: bus, page, configuration
  std::optional<bus::BusDir> bus_dir_;
  std::unique_ptr<GatewayProgram> gateway_;
  std::uint16_t port_ = 0;
};

}  // namespace vedette::test
