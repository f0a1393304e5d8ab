#include <algorithm>

#include "bus/attachment.h"
#include "bus/ring.h"
#include "bus/wait.h"

namespace vedette::bus {
namespace {

constexpr std::uint32_t kFreshTakes = 8;          // takes in a row without a look at the clock
constexpr std::uint64_t kSilentNs = 500'000'000;  // a beat missed: are these files still the topic's?

}  // namespace

Subscription::Subscription(const BusDir& dir, TopicName topic, std::uint64_t schema_id, Demand demand, TopicKind kind)
    : dir_(&dir), topic_(std::move(topic)), schema_id_(schema_id), demand_(demand), kind_(kind) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&&) noexcept = default;
Subscription::~Subscription() = default;

bool Subscription::ready() {
  // Every take comes here. Where there is news nobody needs to ask whether the files are still the topic's; after a suspend
  // news may be old (is_gone()), so ask now and then all the same.
  if (attachment_ && newer_in(*attachment_) && ++fresh_takes_ % kFreshTakes != 0) return true;
  const std::uint64_t now = coarse_monotonic_ns();
  if (attachment_ && now < next_look_up_ns_) return true;
  if (attachment_) {  // who polls and never waits must learn too that the files are gone
    next_look_up_ns_ = now + to_ns(kLookUpEvery);
    if (!is_gone(*attachment_)) return true;
    detach();
  }
  if (now < next_attempt_ns_) return false;
  next_attempt_ns_ = now + kAttemptEveryNs;
  auto attached = attach();
  if (!attached.ok()) {
    if (attached.error().code == ErrorCode::kNotFound)
      error_.reset();
    else
      error_ = std::move(attached).error();
    return false;
  }
  error_.reset();
  attachment_ = std::move(attached).value();
  next_look_up_ns_ = now + to_ns(kLookUpEvery);
  return true;
}

void Subscription::detach() {
  let_go();
  attachment_.reset();
  next_attempt_ns_ = 0;  // the successor's files have the name already
}

void Subscription::set_demand(const Demand& demand) {
  demand_ = demand;
  if (attachment_) attachment_->set_demand(demand);
}

std::optional<TopicStats> Subscription::stats() {
  bool attached = ready();
  if (attached && age_ns(stats_of(attachment_->header()).beat_at_ns) > kSilentNs && attachment_->replaced()) {
    detach();
    attached = ready();
  }
  if (!attached) return std::nullopt;
  return stats_of(attachment_->header());
}

std::string Subscription::metadata() const { return attachment_ ? attachment_->metadata() : std::string(); }
std::uint64_t Subscription::schema_id() const { return attachment_ ? attachment_->geometry().schema_id : 0; }
std::uint64_t Subscription::instance() const { return attachment_ ? attachment_->geometry().instance : 0; }

Subscriber::Subscriber(const BusDir& dir, TopicName topic, std::uint64_t schema_id, Demand demand)
    : Subscription(dir, std::move(topic), schema_id, demand, TopicKind::kRing) {}

RingReader* Subscriber::reader() { return ready() ? &*reader_ : nullptr; }

Result<std::shared_ptr<Attachment>> Subscriber::attach() {
  VD_ASSIGN(reader_, RingReader::attach(*dir_, topic_, schema_id_, demand_));
  return reader_->attachment_;
}
void Subscriber::let_go() { reader_.reset(); }

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

std::uint64_t Subscriber::slot_bytes() const { return reader_ ? reader_->slot_bytes() : 0; }
std::uint32_t Subscriber::held_per_reader() const { return reader_ ? reader_->held_per_reader() : 0; }

}  // namespace vedette::bus
