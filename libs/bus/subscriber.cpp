#include <algorithm>

#include "bus/attachment.h"
#include "bus/ring.h"
#include "bus/wait.h"

namespace vedette::bus {
namespace {

constexpr std::uint32_t kFreshTakes = 8;          // takes in a row without a look at the clock
constexpr std::uint64_t kSilentNs = 500'000'000;  // two beats missed: are these files still the topic's?

}  // namespace

Subscriber::Subscriber(const BusDir& dir, TopicName topic, std::uint64_t schema_id, Demand demand)
    : dir_(&dir), topic_(std::move(topic)), schema_id_(schema_id), demand_(demand) {}

RingReader* Subscriber::reader() {
  // Every take comes here. Where there is news nobody needs to ask whether the files are still the topic's; after a suspend
  // news may be old (RingReader::gone()), so ask now and then all the same.
  if (reader_ && reader_->has_newer() && ++fresh_takes_ % kFreshTakes != 0) return &*reader_;
  const std::uint64_t now = coarse_monotonic_ns();
  if (reader_ && now < next_look_up_ns_) return &*reader_;
  if (reader_) {  // who polls and never waits must learn too that the files are gone
    next_look_up_ns_ = now + to_ns(kLookUpEvery);
    if (!reader_->gone()) return &*reader_;
    detach();
  }
  if (now < next_attempt_ns_) return nullptr;
  next_attempt_ns_ = now + kAttemptEveryNs;
  auto attached = RingReader::attach(*dir_, topic_, schema_id_, demand_);
  if (!attached.ok()) {
    if (attached.error().code == ErrorCode::kNotFound)
      error_.reset();
    else
      error_ = std::move(attached).error();
    return nullptr;
  }
  error_.reset();
  reader_ = std::move(attached).value();
  next_look_up_ns_ = now + to_ns(kLookUpEvery);
  return &*reader_;
}

void Subscriber::detach() {
  reader_.reset();
  next_attempt_ns_ = 0;  // the successor's files have the name already
}

Taken Subscriber::take_newest() {
  RingReader* current = reader();
  Taken taken = current ? current->take_newest() : Taken{};
  if (taken.status == Take::kRetired) {
    detach();
    taken.status = Take::kNothing;
  }
  return taken;
}

Taken Subscriber::take_next() {
  RingReader* current = reader();
  Taken taken = current ? current->take_next() : Taken{};
  if (taken.status == Take::kRetired) {
    detach();
    taken.status = Take::kNothing;
  }
  return taken;
}

Found Subscriber::find(std::uint64_t frame_id) {
  RingReader* current = reader();
  Found found = current ? current->find(frame_id) : Found{};
  if (found.status != Find::kRetired) return found;
  detach();
  return {};
}

void Subscriber::set_demand(const Demand& demand) {
  demand_ = demand;
  if (reader_) reader_->set_demand(demand);
}

std::optional<TopicStats> Subscriber::stats() {
  RingReader* current = reader();
  if (current && age_ns(current->stats().beat_at_ns) > kSilentNs && current->attachment_->replaced()) {
    detach();
    current = reader();
  }
  if (!current) return std::nullopt;
  return current->stats();
}

std::string Subscriber::metadata() const { return reader_ ? reader_->metadata() : std::string(); }
std::uint64_t Subscriber::schema_id() const { return reader_ ? reader_->schema_id() : 0; }
std::uint64_t Subscriber::slot_bytes() const { return reader_ ? reader_->slot_bytes() : 0; }
std::uint32_t Subscriber::held_per_reader() const { return reader_ ? reader_->held_per_reader() : 0; }

}  // namespace vedette::bus
