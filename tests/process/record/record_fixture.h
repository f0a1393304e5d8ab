// A real vedette-record on a bus directory and a storage folder of the test's own, and the parts that capture and control would
// play: the packets of a clip, captured at times that the test chooses, and events about them. Everything is gone after the test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/log.h"
#include "bus/ring.h"
#include "process/record/clip_source.h"
#include "schema/records.h"
#include "store/store.h"
#include "support/program.h"

namespace vedette::test {

inline constexpr std::uint64_t kSecondNs = 1'000'000'000;

// An event as control would tell it; times are seconds on the source's clock.
struct Told {
  std::uint64_t id = 1;
  schema::EventPhase phase = schema::EventPhase::Start;
  double at = 0;
  double started = 0;
  double best = 0;
  std::string zone = "door";
  schema::EventKind kind = schema::EventKind::Object;
  std::uint64_t frame_id = 0;
};

// Capture and control of one camera. Thread-bound.
class Source {
 public:
  explicit Source(const bus::BusDir& dir, const std::string& camera = "front", bool bitstream = true);

  // The clip's time 0 was `ago` seconds before now.
  void begin(double ago);
  // Packets from the next one on whose stamp is before `until` seconds.
  void publish(const std::vector<SourcePacket>& packets, double until);
  // The camera was opened anew.
  void next_stream() { ++stream_; }
  void tell(const Told& told);
  // A grey picture, captured now, of a camera without a bitstream.
  void publish_picture(std::uint8_t luma);
  void beat();
  std::uint64_t at_ns(double seconds) const { return zero_ns_ + static_cast<std::uint64_t>(seconds * 1e9); }
  // Capture time of a picture, in seconds; -1: there is no such.
  double time_of(std::uint64_t frame_id) const;

 private:
  std::optional<bus::LogWriter> packets_;
  std::optional<bus::RingWriter> frames_;
  bus::RingWriter events_;
  std::uint64_t zero_ns_ = 0, zero_wall_ns_ = 0;
  std::size_t next_ = 0;
  std::uint32_t stream_ = 1;
  std::uint64_t frame_id_ = 1000;
  std::vector<double> times_;  // by frame id - 1001
};

struct SeenMedia {
  std::uint64_t event_id = 0;
  schema::MediaKind kind = schema::MediaKind::Clip;
  std::string path;
  std::uint64_t frame_id = 0;
  std::uint32_t duration_ms = 0;
};

class RecordTest : public ::testing::Test {
 protected:
  RecordTest();
  ~RecordTest() override;

  // `record`: more keys, "record.post_roll=1s".
  void start(std::vector<std::string> set = {});
  Program& record() { return *record_; }
  void stop();  // SIGTERM; expects that it ends well

  std::string storage() const { return folder_.file("storage"); }
  // The event once it is done; none: the watchdog came first.
  std::optional<store::Event> wait_done(std::uint64_t id, const std::string& camera = "front");
  std::vector<store::Event> events() const;
  std::vector<SeenMedia> media();
  std::string log() const { return record_ ? record_->err() : ""; }
  // Every file below the storage folder whose name ends so.
  std::vector<std::string> files(const std::string& suffix) const;

  TempFolder folder_;
  TempFolder shm_;
  bus::BusDir bus_;
  std::unique_ptr<Program> record_;
  std::unique_ptr<bus::Subscriber> media_;
  int runs_ = 0;
};

// What ffprobe says of a file, "stream=codec_name,duration" and the like: a value a line.
std::string probe(const std::string& path, const std::string& entries, const std::string& more = "");

}  // namespace vedette::test
