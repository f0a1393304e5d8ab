#include <algorithm>

#include "bus/files.h"
#include "bus/futex.h"
#include "bus/ring.h"
#include "bus/segment.h"

namespace vedette::bus {
namespace {

constexpr std::uint64_t kShortestMendWaitNs = 10'000'000, kLongestMendWaitNs = 1'000'000'000;
constexpr std::uint64_t kCalmNs = 10'000'000'000;  // so long without damage: the next one counts as the first

}  // namespace

Loan::Loan(std::shared_ptr<Segment> segment, std::uint32_t slot) : segment_(std::move(segment)), slot_(slot) {}
Loan::Loan(Loan&&) noexcept = default;
Loan& Loan::operator=(Loan&& other) noexcept {
  if (this != &other) {
    if (segment_) segment_->release_slot(slot_);
    segment_ = std::move(other.segment_);
    slot_ = other.slot_;
  }
  return *this;
}
std::shared_ptr<Segment> Loan::give_up() {
  segment_->release_slot(slot_);
  return std::move(segment_);
}
Loan::~Loan() {
  if (segment_) segment_->release_slot(slot_);
}

std::span<std::byte> Loan::bytes() const {
  VD_ASSERT(segment_ != nullptr, "a loan that was published or moved away");
  return segment_->slot_bytes(slot_);
}

RingWriter::RingWriter(std::shared_ptr<Segment> segment) : segment_(std::move(segment)) {}
RingWriter::RingWriter(RingWriter&&) noexcept = default;
RingWriter& RingWriter::operator=(RingWriter&&) noexcept = default;
RingWriter::~RingWriter() = default;

Result<RingWriter> RingWriter::open(const BusDir& dir, const TopicName& topic, const RingOptions& options) {
  VD_ASSIGN(const UniqueFd camera_fd, dir.camera_dir(topic.camera, true));
  VD_ASSIGN(LockFile lock, lock_topic(camera_fd.get(), topic));
  VD_ASSIGN(auto segment, Segment::open(dir, topic, options, std::make_shared<LockFile>(std::move(lock))));
  RingWriter writer(std::move(segment));
  writer.dir_ = &dir;
  return writer;
}

Result<> RingWriter::resize(const RingOptions& options) {
  if (options == segment_->options && !segment_->damaged()) return {};
  VD_ASSIGN(segment_, Segment::replace(*dir_, options, *segment_));
  spare_.reset();
  return {};
}

bool RingWriter::owns(const Loan& loan) const { return loan.segment_ == segment_; }

std::optional<Loan> RingWriter::loan() {
  if (!mend()) return std::nullopt;
  const std::uint32_t slot = segment_->claim_slot();
  if (slot == kNoSlot) return std::nullopt;
  return Loan(spare_ ? std::move(spare_) : segment_, slot);
}

// Somebody damaged the lease file: what it says can't be trusted any more. New files; readers attach again.
bool RingWriter::mend() {
  if (!segment_->damaged()) return true;
  return mend_pace_.now() && resize(segment_->options).ok();
}

bool MendPace::now() {
  const std::uint64_t now = monotonic_ns();
  if (now < next_ns_) return false;
  const bool calm = now - next_ns_ > kCalmNs;
  wait_ns_ = calm ? kShortestMendWaitNs : std::min(2 * wait_ns_, kLongestMendWaitNs);
  next_ns_ = now + wait_ns_;
  return true;
}

void RingWriter::count_drop() { add_one(segment_->header().dropped); }

void RingWriter::publish(Loan&& loan, std::uint64_t frame_id, std::size_t bytes) {
  Held held = publish_held(std::move(loan), frame_id, bytes);
  if (owns(held.loan_)) spare_ = held.loan_.give_up();
}

Held RingWriter::publish_held(Loan&& loan, std::uint64_t frame_id, std::size_t bytes) {
  VD_ASSERT(loan.segment_ != nullptr && loan.segment_->lock == segment_->lock, "a loan of another writer");
  // Its files were replaced since: nobody looks there any more.
  if (!owns(loan))
    count_drop();
  else
    segment_->publish(loan.slot(), frame_id, bytes);
  return Held(std::move(loan));
}

std::uint64_t RingWriter::next_frame_id() {
  // ~0: what somebody else published, or damaged files said.
  if (segment_->last_frame_id == 0 || segment_->last_frame_id == ~0ull)
    segment_->last_frame_id = (wall_ns() / 1'000'000'000 << 20) - 1;
  return ++segment_->last_frame_id;
}

void RingWriter::beat() {
  segment_->beat();
  (void)mend();  // out of memory: again at the next beat
}
Demand RingWriter::demand() const { return segment_->demand(); }
bool RingWriter::wait_demand(Nanoseconds timeout) { return segment_->wait_demand(timeout); }
DemandWatch RingWriter::watch_demand() const {
  return DemandWatch(segment_, segment_->demand_sequence().load(std::memory_order_seq_cst));
}
bool DemandWatch::changed() const { return files_->demand_sequence().load(std::memory_order_seq_cst) != seen_; }
void DemandWatch::wait(Nanoseconds timeout) const { futex_wait(files_->demand_sequence(), seen_, timeout); }

TopicStats stats_of(const Header& header) {
  return TopicStats{.published = header.published.load(std::memory_order_relaxed),
                    .dropped = header.dropped.load(std::memory_order_relaxed),
                    .epoch = header.epoch.load(std::memory_order_relaxed),
                    .beat_at_ns = header.beat_at_ns.load(std::memory_order_relaxed),
                    .frame_id = header.frame_id.load(std::memory_order_relaxed),
                    .writer_pid = header.writer_pid.load(std::memory_order_relaxed)};
}

TopicStats RingWriter::stats() const { return stats_of(segment_->header()); }
const RingOptions& RingWriter::options() const { return segment_->options; }
bool RingWriter::took_over() const { return segment_->took_over; }
void RingWriter::remove() { segment_->remove(); }

}  // namespace vedette::bus
