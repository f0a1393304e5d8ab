// A real vedette-notify on a bus of the test's own, at a real broker; the test plays control, record and capture with synthetic
// records. Everything is gone after the test.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bus/ring.h"
#include "process/notify/broker.h"
#include "schema/records.h"
#include "support/program.h"

namespace vedette::test {

using Json = nlohmann::json;

struct Told {
  std::uint64_t id = 0;
  schema::EventKind kind = schema::EventKind::Object;
  schema::EventPhase phase = schema::EventPhase::Start;
  std::string rule = "person at the door";
  std::string zone = "door";
  std::string label = "person";
  std::string text = "a person is at the door";
};

struct Counted {
  std::string place, label;
  std::uint32_t inside = 0;
  std::uint64_t into = 0, out_of = 0;
};

struct Played {
  Mode mode = Mode::Standby;
  Mode previous_mode = Mode::Standby;
  bool paused = false;
  bool detecting = true;
  float threshold = 0.5f;
  std::uint32_t targets = 0;
  std::vector<Counted> counts;
};

// Control, record and capture of one camera, alive (a thread beats) until this ends. Its calls are of one thread.
class Stages {
 public:
  explicit Stages(const bus::BusDir& dir, const std::string& camera = "front");
  ~Stages();

  std::uint64_t tell(Told event);  // its id; one of its own if that is 0
  void publish(const Played& state);
  void publish_source(schema::SourceStatus status, const std::string& error = "");
  void publish_media(std::uint64_t event_id, schema::MediaKind kind, const std::string& path);

 private:
  void publish(bus::RingWriter& writer, const flatbuffers::FlatBufferBuilder& builder, std::uint64_t id);
  std::mutex mutex_;
  bus::RingWriter events_, state_, source_, media_;  // under mutex_
  std::atomic<bool> ending_{false};
  std::thread beating_;
};

class NotifyTest : public ::testing::Test {
 protected:
  NotifyTest();
  void TearDown() override;

  // Writes the configuration: camera "front" with zone "door", MQTT at `port` as client test-1; `mqtt`: more lines of that
  // section (a client_id takes that one's place), `more`: more sections.
  void configure(std::uint16_t port, const std::string& mqtt = "", const std::string& more = "");
  void configure_without_broker(const std::string& more);
  void start();
  std::string log() const { return program_->err(); }
  int count_log(const std::string& text) const;
  bool wait_log(const std::string& text) const;

  TempFolder folder_{"/dev/shm"};
  std::optional<bus::BusDir> dir_;
  std::unique_ptr<Stages> stages_;
  std::unique_ptr<Program> program_;
};

}  // namespace vedette::test
