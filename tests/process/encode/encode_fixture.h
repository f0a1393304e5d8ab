// A real vedette-encode beside a real vedette-capture of the synthetic camera (or a program of the test's own that publishes
// pictures), on a bus directory of the test's own; and a viewer that decodes what it reads. Everything is gone after the test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/inspect.h"
#include "bus/log.h"
#include "libav/libav.h"
#include "schema/packet.h"
#include "support/program.h"
#include "vision/image_view.h"
#include "vision/test_pattern.h"

namespace vedette::test {

// Reads <cam>/encoded from its newest keyframe on and decodes it, as a browser would. Thread-bound.
class Viewer {
 public:
  struct Seen {
    PacketInfo info;
    bool has_config = false;
    std::uint64_t missed = 0;
    // Of the decoded picture.
    std::uint32_t width = 0, height = 0;
    AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
    AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
    int luma = -1, blue = -1, red = -1;  // in its middle
    std::optional<vision::TestStamp> stamp;
  };

  explicit Viewer(const bus::BusDir& dir, bus::Demand demand = {.packets = true},
                  bus::LogFrom from = bus::LogFrom::kNewestKeyframe);
  // The next packet and its picture; none: the watchdog came first. A packet that isn't decoded at once fails the test.
  std::optional<Seen> next(std::chrono::seconds watchdog = std::chrono::seconds(60));
  void set_demand(bus::Demand demand) { packets_.set_demand(demand); }

 private:
  void show(const PacketView& packet, Seen& seen);

  bus::LogSubscriber packets_;
  std::vector<std::byte> record_;
  std::vector<std::uint8_t> access_unit_;
  CodecPtr decoder_;
  std::uint32_t stream_ = 0;
};

class EncodeTest : public ::testing::Test {
 protected:
  EncodeTest();
  ~EncodeTest() override;

  // `url` of the camera "front".
  void start_capture(const std::string& url);
  void start_encode(const std::vector<std::string>& set = {});
  bool wait_for_log();  // <front>/encoded is there
  std::optional<bus::TopicReport> look(const std::string& topic) const;
  // Somebody asks for pixels.
  bool pixels_are_asked_for() const;
  std::uint64_t encoded() const;  // pictures so far

  TempFolder folder_;
  TempFolder shm_;
  bus::BusDir bus_;
  std::unique_ptr<Program> capture_, encode_;

 private:
  std::unique_ptr<Program> start(const std::string& program, std::vector<std::string> more);
  int runs_ = 0;
};

}  // namespace vedette::test
