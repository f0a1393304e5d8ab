#include "tools/topic_tap.h"

#include <utility>

namespace vedette::tools {

TopicTap::TopicTap(const bus::BusDir& dir, const bus::TopicName& name, bool passive) : dir_(dir), name_(name), passive_(passive) {
  ring_ = std::make_unique<bus::Subscriber>(dir_, name_, bus::kAnySchema, passive ? bus::Demand{} : bus::Demand::every_pixel());
}

// It can't be attached to as what it was taken for: perhaps it is the other.
void TopicTap::become_what_it_is() {
  if (topic().attached() || !topic().error() || topic().error()->code != ErrorCode::kIncompatible) return;
  const auto report = bus::inspect(dir_, name_);
  if (!report.ok() || report->log.has_value() == is_log()) return;
  if (report->log) {
    ring_.reset();
    log_ = std::make_unique<bus::LogSubscriber>(dir_, name_, bus::kAnySchema, bus::Demand{.packets = !passive_});
  } else {
    log_.reset();
    ring_ =
        std::make_unique<bus::Subscriber>(dir_, name_, bus::kAnySchema, passive_ ? bus::Demand{} : bus::Demand::every_pixel());
  }
}

std::optional<TappedRecord> TopicTap::hold(bus::Taken taken) {
  if (!taken) return std::nullopt;
  lease_ = std::move(taken.lease);
  return TappedRecord{lease_.bytes(), lease_.frame_id(), lease_.sequence(), taken.missed, false};
}

std::optional<TappedRecord> TopicTap::take_from_log() {
  const bus::LogTaken taken = log_->take_next(buffer_);
  if (!taken) return std::nullopt;
  return TappedRecord{buffer_, taken.stamp.frame_id, taken.sequence, taken.missed, taken.stamp.keyframe};
}

std::optional<TappedRecord> TopicTap::take_next() {
  lease_.release();
  auto record = is_log() ? take_from_log() : hold(ring_->take_next());
  if (!record) become_what_it_is();
  return record;
}

std::optional<TappedRecord> TopicTap::take_newest() {
  lease_.release();
  auto record = is_log() ? take_from_log() : hold(ring_->take_newest());
  if (!record) become_what_it_is();
  return record;
}

}  // namespace vedette::tools
