#include "detect/detect_loop.h"

#include <algorithm>

#include "base/clock.h"
#include "base/process.h"
#include "stage/waiting.h"
#include "telemetry/log.h"

namespace vedette::detect {
namespace {

constexpr Nanoseconds kLongestNap = std::chrono::milliseconds(100);  // signs of life are due every 250 ms
constexpr std::uint64_t kReportEveryNs = 10'000'000'000;

}  // namespace

Result<> DetectLoop::settle(const WaitConfig& waiting) {
  std::vector<bus::Subscriber*> all;
  for (Camera& camera : cameras_) all.insert(all.end(), {&camera.frames(), &camera.control()});
  return stage::settle("detect", waiting.cpu, waiting.wait, all);
}

Result<DetectLoop::End> DetectLoop::run() {
  while (!stop_requested()) {
    VD_TRY(turn());
    if (std::any_of(cameras_.begin(), cameras_.end(), [](const Camera& camera) { return camera.session_changed(); }))
      return End::kSessionChanged;
  }
  return End::kStopped;
}

Result<> DetectLoop::turn() {
  const std::uint64_t now = monotonic_ns();
  for (Camera& camera : cameras_) camera.follow_control(now);
  report(now);
  report_faults(now);
  VD_ASSIGN(const bool looked, look_at_one(now));
  if (!looked) wait(now);
  return {};
}

Result<bool> DetectLoop::look_at_one(std::uint64_t now_ns) {
  for (std::size_t i = 0; i < cameras_.size(); ++i) {
    Camera& camera = cameras_[(turn_of_ + i) % cameras_.size()];
    auto frame = camera.take(now_ns);
    if (!frame) continue;
    turn_of_ = (turn_of_ + i + 1) % cameras_.size();
    detector_.load(frame->image);
    frame->lease.release();  // the tensor holds all that is needed
    const std::uint64_t start = monotonic_ns();
    VD_TRY(detector_.run());
    const std::uint64_t inference_ns = age_ns(start);
    detector_.collect(boxes_);
    camera.publish(frame->info, boxes_, inference_ns);
    return true;
  }
  return false;
}

// Until a camera that is due has a new frame, one becomes due, or control says something.
void DetectLoop::wait(std::uint64_t now_ns) {
  std::uint64_t until = now_ns + to_ns(kLongestNap);
  awaited_.clear();
  for (Camera& camera : cameras_) {
    awaited_.push_back(&camera.control());
    const auto due = camera.due_at_ns();
    if (due && *due <= now_ns)
      awaited_.push_back(&camera.frames());
    else if (due)
      until = std::min(until, *due);
  }
  const std::uint64_t now = monotonic_ns();
  if (until > now) bus::wait_any(awaited_, Nanoseconds(until - now));
}

// What went wrong since it was last said: at once, but at most every 10 s.
void DetectLoop::report(std::uint64_t now_ns) {
  if (now_ns < next_report_ns_) return;
  reported_.resize(cameras_.size());
  for (std::size_t i = 0; i < cameras_.size(); ++i) {
    const Camera& camera = cameras_[i];
    const Counters& now = camera.counters();
    Counters& before = reported_[i];
    if (now.late == before.late && now.bad == before.bad && now.unpublished == before.unpublished) continue;
    next_report_ns_ = now_ns + kReportEveryNs;
    if (now.late > before.late)
      log::warning("{}: {} frames skipped, older than the deadline", camera.name(), now.late - before.late);
    if (now.bad > before.bad)
      log::warning("{}: {} bad records skipped, the last: {}", camera.name(), now.bad - before.bad, camera.last_mistake());
    if (now.unpublished > before.unpublished)
      log::warning("{}: {} results dropped, all slots are held: raise bus.readers", camera.name(),
                   now.unpublished - before.unpublished);
    before = now;
  }
}

// A camera that can't be read is said at once, and again every 10 s for as long as that lasts.
void DetectLoop::report_faults(std::uint64_t now_ns) {
  if (now_ns < next_fault_report_ns_) return;
  for (const Camera& camera : cameras_) {
    if (!camera.fault()) continue;
    next_fault_report_ns_ = now_ns + kReportEveryNs;
    log::warning("{}: {}; trying again", camera.name(), camera.fault()->text);
  }
}

}  // namespace vedette::detect
