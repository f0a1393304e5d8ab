#include <algorithm>

#include "bus/attachment.h"
#include "bus/log.h"
#include "bus/log_segment.h"
#include "bus/wait.h"

namespace vedette::bus {
namespace {

using Words = LogWords<const std::byte>;

// One take tries so often to be faster than the writer, at first at the oldest keyframe left, then at the newest.
constexpr int kAttempts = 8, kAttemptsAtOldest = 4;

}  // namespace

// The attachment's last_sequence is the record before the one that comes next.
class LogReader::Impl {
 public:
  explicit Impl(std::shared_ptr<Attachment> attached)
      : a(std::move(attached)),
        log(a->payload(), a->log().index_offset, a->log().index_entries, a->log().data_offset, a->log().data_bytes) {}

  LogTaken take_next(std::vector<std::byte>& out);
  void seek(LogFrom from);
  bool seek_time(std::uint64_t at_ns);
  bool seek_frame(std::uint64_t frame_id);

  const std::shared_ptr<Attachment> a;
  WaitPolicy policy;
  const Words log;

 private:
  std::uint64_t head() const { return head_sequence(a->header().head.load(std::memory_order_acquire)); }
  // The oldest record there can be; bounded, whatever a hostile writer says.
  std::uint64_t oldest(std::uint64_t newest) const {
    const std::uint64_t tail = std::max<std::uint64_t>(1, log.tail().load(std::memory_order_relaxed));
    return newest < log.entries() ? tail : std::max(tail, newest - log.entries() + 1);
  }
  template <class Accepts>
  std::uint64_t first(std::uint64_t newest, Accepts&& accepts) const;
  template <class Accepts>
  std::uint64_t last(std::uint64_t newest, Accepts&& accepts) const;
  std::uint64_t after_overrun(std::uint64_t newest, int attempt) const;
  void go_to(std::uint64_t sequence) { a->last_sequence = sequence - 1, expected_ = sequence; }

  std::uint64_t expected_ = 1;  // what comes next if nothing is missed
};

// Number of the first of the records that `accepts` takes, 0: none.
template <class Accepts>
std::uint64_t LogReader::Impl::first(std::uint64_t newest, Accepts&& accepts) const {
  LogRecord record;
  for (std::uint64_t sequence = oldest(newest); sequence <= newest; ++sequence)
    if (read_entry(log, sequence, record) && accepts(record)) return sequence;
  return 0;
}

template <class Accepts>
std::uint64_t LogReader::Impl::last(std::uint64_t newest, Accepts&& accepts) const {
  LogRecord record;
  const std::uint64_t before = oldest(newest) - 1;
  for (std::uint64_t sequence = newest; sequence > before && read_entry(log, sequence, record); --sequence)
    if (accepts(record)) return sequence;
  return 0;
}

constexpr auto is_keyframe = [](const LogRecord& record) { return record.keyframe; };

// Where to go on when the next record was written over.
std::uint64_t LogReader::Impl::after_overrun(std::uint64_t newest, int attempt) const {
  const std::uint64_t keyframe = attempt < kAttemptsAtOldest ? first(newest, is_keyframe) : last(newest, is_keyframe);
  return keyframe != 0 ? keyframe : newest;
}

LogTaken LogReader::Impl::take_next(std::vector<std::byte>& out) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const bool retired = a->retired();  // before the head: what was appended before that is seen then
    const std::uint64_t newest = head(), sequence = a->last_sequence + 1;
    if (a->damaged()) return {.status = LogTake::kRetired};
    if (newest < sequence) return {.status = retired ? LogTake::kRetired : LogTake::kNothing};
    LogRecord record;
    // Of a writer of ours the tail alone says so.
    if (newest - sequence >= log.entries() || !read_entry(log, sequence, record)) {
      const std::uint64_t next = after_overrun(newest, attempt);
      // No newer one than the one that is gone: only a hostile writer's tail is beyond its head. Taken as seen.
      a->last_sequence = next > sequence ? next - 1 : newest;
      continue;
    }
    if (record.bytes > a->log().max_record_bytes) {
      go_to(sequence + 1);
      return {.status = LogTake::kTooLong, .sequence = sequence};
    }
    out.resize(record.bytes);
    if (!read_data(log, record, out.data())) continue;
    if (a->damaged()) return {.status = LogTake::kRetired};
    const std::uint64_t missed = sequence - std::min(sequence, expected_);
    go_to(sequence + 1);
    a->show_taken(sequence, missed);
    return {LogTake::kTaken, {record.frame_id, record.at_ns, record.keyframe}, sequence, missed};
  }
  return {};
}

void LogReader::Impl::seek(LogFrom from) {
  const std::uint64_t newest = head();
  std::uint64_t found = 0;
  if (from == LogFrom::kNewestKeyframe) found = last(newest, is_keyframe);
  if (from == LogFrom::kOldestKeyframe) {
    found = first(newest, is_keyframe);
    if (found == 0) found = std::min(oldest(newest), newest + 1);
  }
  go_to(found != 0 ? found : newest + 1);
}

bool LogReader::Impl::seek_time(std::uint64_t at_ns) {
  const std::uint64_t newest = head();
  std::uint64_t found = last(newest, [&](const LogRecord& record) { return record.keyframe && record.at_ns <= at_ns; });
  if (found == 0) found = first(newest, is_keyframe);
  if (found != 0) go_to(found);
  return found != 0;
}

bool LogReader::Impl::seek_frame(std::uint64_t frame_id) {
  const std::uint64_t found = first(head(), [&](const LogRecord& record) { return record.frame_id == frame_id; });
  if (found != 0) go_to(found);
  return found != 0;
}

LogReader::LogReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogReader::LogReader(LogReader&&) noexcept = default;
LogReader& LogReader::operator=(LogReader&&) noexcept = default;
LogReader::~LogReader() = default;

Result<LogReader> LogReader::attach(const BusDir& dir, const TopicName& topic, std::uint64_t schema_id, Demand demand,
                                    LogFrom from) {
  VD_ASSIGN(auto attachment, Attachment::attach(dir, topic, schema_id, demand, TopicKind::kLog));
  LogReader reader(std::make_unique<Impl>(std::move(attachment)));
  reader.seek(from);
  return reader;
}

LogTaken LogReader::take_next(std::vector<std::byte>& out) { return impl_->take_next(out); }
void LogReader::seek(LogFrom from) { impl_->seek(from); }
bool LogReader::seek_time(std::uint64_t at_ns) { return impl_->seek_time(at_ns); }
bool LogReader::seek_frame(std::uint64_t frame_id) { return impl_->seek_frame(frame_id); }
Wait LogReader::wait(Nanoseconds timeout) { return wait_for_news(*impl_->a, impl_->policy, timeout); }
Result<> LogReader::set_wait_policy(const WaitPolicy& policy) {
  VD_TRY(check(policy));
  impl_->policy = policy;
  return {};
}
void LogReader::set_demand(const Demand& demand) { impl_->a->set_demand(demand); }
TopicStats LogReader::stats() const { return stats_of(impl_->a->header()); }
LogSpan LogReader::span() const { return span_of(impl_->log, impl_->a->header()); }
const std::string& LogReader::metadata() const { return impl_->a->metadata(); }
std::uint64_t LogReader::schema_id() const { return impl_->a->geometry().schema_id; }
std::uint64_t LogReader::max_record_bytes() const { return impl_->a->log().max_record_bytes; }

LogSubscriber::LogSubscriber(const BusDir& dir, TopicName topic, std::uint64_t schema_id, Demand demand, LogFrom from)
    : Subscription(dir, std::move(topic), schema_id, demand, TopicKind::kLog), from_(from) {}
LogSubscriber::LogSubscriber(LogSubscriber&&) noexcept = default;
LogSubscriber& LogSubscriber::operator=(LogSubscriber&&) noexcept = default;
LogSubscriber::~LogSubscriber() = default;

LogReader* LogSubscriber::reader() { return ready() ? &*reader_ : nullptr; }

Result<std::shared_ptr<Attachment>> LogSubscriber::attach() {
  VD_ASSIGN(reader_, LogReader::attach(*dir_, topic_, schema_id_, demand_, from_));
  return reader_->impl_->a;
}
void LogSubscriber::let_go() { reader_.reset(); }

LogTaken LogSubscriber::take_next(std::vector<std::byte>& out) {
  LogReader* const current = reader();
  LogTaken taken = current ? current->take_next(out) : LogTaken{};
  if (taken.status == LogTake::kRetired) {
    detach();
    taken.status = LogTake::kNothing;
  }
  return taken;
}

void LogSubscriber::seek(LogFrom from) {
  if (LogReader* const current = reader()) current->seek(from);
}
bool LogSubscriber::seek_time(std::uint64_t at_ns) {
  LogReader* const current = reader();
  return current && current->seek_time(at_ns);
}
bool LogSubscriber::seek_frame(std::uint64_t frame_id) {
  LogReader* const current = reader();
  return current && current->seek_frame(frame_id);
}
std::optional<LogSpan> LogSubscriber::span() {
  LogReader* const current = reader();
  if (!current) return std::nullopt;
  return current->span();
}
std::uint64_t LogSubscriber::max_record_bytes() const { return reader_ ? reader_->max_record_bytes() : 0; }

bool wait_any(std::span<LogSubscriber* const> subscribers, Nanoseconds timeout) {
  return WaitSet::of_this_thread().wait(subscribers, timeout);
}

}  // namespace vedette::bus
