#include "supervise/summary.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "schema/class_names.h"
#include "schema/motion.h"
#include "supervise/reservoir.h"

namespace vedette::supervise {
namespace {

struct Watched {
  bus::Subscriber frames;
  bus::Subscriber detections;
  bus::Subscriber motion;
  Reservoir* latencies_ms;
  std::uint64_t published = 0, dropped = 0;  // as last seen; they go on when the topic gets new files
  std::vector<std::string> classes;
  std::uint64_t classes_of = 0;  // the topic's files that they stand in
};

void count(const bus::Lease& lease, Watched& watched, Summary& summary) {
  Detections record;
  if (!read_detections(lease.bytes(), record).ok()) return;
  // Another model, other names: the topic has new files then.
  if (std::exchange(watched.classes_of, watched.detections.instance()) != watched.detections.instance())
    watched.classes = split_class_names(watched.detections.metadata());
  ++summary.frames_detected;
  watched.latencies_ms->add(static_cast<double>(age_ns(record.info.captured_at_ns(), record.info.published_at_ns())) / 1e6);
  for (const Detection& box : record.boxes) ++summary.detections[class_name(watched.classes, box.class_id())];
}

bool is_still(const bus::Lease& lease) {
  MotionInfo info;
  if (lease.bytes().size() < sizeof info) return false;
  std::memcpy(&info, lease.bytes().data(), sizeof info);
  return info.model_skipped() == 1;
}

// The value below which a share of `p` lies (nearest rank); `sorted` isn't empty.
double percentile(const std::vector<double>& sorted, double p) {
  const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

double rounded(double value) { return std::round(value * 100.0) / 100.0; }

}  // namespace

std::string Summary::to_json() const {
  nlohmann::ordered_json json;
  json["frames_captured"] = frames_captured;
  json["frames_dropped"] = frames_dropped;
  json["frames_detected"] = frames_detected;
  json["frames_still"] = frames_still;
  json["detections"] = nlohmann::ordered_json::object();
  for (const auto& [name, number] : detections) json["detections"][name] = number;
  json["fps"] = rounded(fps);
  std::vector<double> sorted = latencies_ms;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double p) {
    return sorted.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(rounded(percentile(sorted, p)));
  };
  json["latency_ms"] = {{"p50", at(0.50)}, {"p99", at(0.99)}};
  return json.dump();
}

Observer::Observer(const bus::BusDir& dir, const Config& config) : dir_(dir) {
  for (const CameraConfig& camera : config.cameras) cameras_.push_back(camera.name);
  thread_ = std::thread([this] { run(); });
}

Observer::~Observer() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

Summary Observer::finish() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return summary_;
}

void Observer::run() {
  std::vector<Watched> watched;
  std::vector<bus::Subscriber*> records;
  Reservoir latencies_ms;
  watched.reserve(cameras_.size());
  for (const std::string& camera : cameras_) {
    // Names come from the checked configuration.
    watched.push_back({bus::Subscriber(dir_, bus::TopicName{camera, "frames"}, kFrameSchema),
                       bus::Subscriber(dir_, bus::TopicName{camera, "detections"}, kDetectionsSchema),
                       bus::Subscriber(dir_, bus::TopicName{camera, "motion"}, kMotionSchema),
                       &latencies_ms,
                       {},
                       {},
                       {},
                       {}});
    records.push_back(&watched.back().detections);
  }
  std::uint64_t first_ns = 0, last_ns = 0, before = 0;
  for (bool last_round = false; !last_round;) {
    last_round = stop_;
    bus::wait_any(records, last_round ? Nanoseconds::zero() : Nanoseconds(50'000'000));
    std::uint64_t published = 0, dropped = 0;
    for (Watched& camera : watched) {
      for (bus::Taken taken = camera.detections.take_next(); taken; taken = camera.detections.take_next())
        count(taken.lease, camera, summary_);
      for (bus::Taken taken = camera.motion.take_next(); taken; taken = camera.motion.take_next())
        summary_.frames_still += is_still(taken.lease) ? 1 : 0;
      if (const auto stats = camera.frames.stats()) camera.published = stats->published, camera.dropped = stats->dropped;
      published += camera.published, dropped += camera.dropped;
    }
    const std::uint64_t now = monotonic_ns();
    if (first_ns == 0 && published > 0) first_ns = now, before = published;
    if (published > summary_.frames_captured) last_ns = now;
    summary_.frames_captured = published;
    summary_.frames_dropped = dropped;
  }
  summary_.latencies_ms = latencies_ms.values();
  if (last_ns > first_ns && first_ns != 0)
    summary_.fps = static_cast<double>(summary_.frames_captured - before) * 1e9 / static_cast<double>(last_ns - first_ns);
}

}  // namespace vedette::supervise
