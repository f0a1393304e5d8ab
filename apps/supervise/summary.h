// Observer: counts what flows over the bus while the system runs, for the one JSON object that `--summary` prints at the end. A
// reader like any other, in a thread of its own; it asks for nothing, so it changes nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "bus/ring.h"
#include "config/config.h"

namespace vedette::supervise {

struct Summary {
  std::uint64_t frames_captured = 0;
  std::uint64_t frames_dropped = 0;
  std::uint64_t frames_detected = 0;
  std::uint64_t frames_still = 0;                   // that the model was spared: nothing moved
  std::map<std::string, std::uint64_t> detections;  // by class
  double fps = 0.0;                                 // captured frames a second, all cameras, from the first to the last one seen
  std::vector<double> latencies_ms;                 // capture → detection published, of each detected frame; see Reservoir

  // {"frames_captured":n,"frames_dropped":n,"frames_detected":n,"frames_still":n,"detections":{"person":n},"fps":x,"latency_ms":{"p50":x,"p99":x}};
  // percentiles are null when nothing was detected.
  std::string to_json() const;
};

class Observer {
 public:
  Observer(const bus::BusDir& dir, const Config& config);
  ~Observer();
  // Ends the counting. Call it while the topics are still there.
  Summary finish();

 private:
  void run();
  const bus::BusDir& dir_;
  std::vector<std::string> cameras_;
  std::atomic<bool> stop_{false};
  Summary summary_;
  std::thread thread_;
};

}  // namespace vedette::supervise
