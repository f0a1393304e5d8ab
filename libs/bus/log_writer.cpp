#include "bus/files.h"
#include "bus/log.h"
#include "bus/log_segment.h"

namespace vedette::bus {

class LogWriter::Impl {
 public:
  Impl(const BusDir& bus, std::shared_ptr<LogSegment> opened) : dir(&bus), segment(std::move(opened)) {}

  // Somebody damaged the files: new ones; readers attach again. While there can be none, what isn't damaged goes on.
  void mend() {
    if (segment->damaged() && pace.now()) (void)replace(segment->options);
  }
  Result<> replace(const LogOptions& options) {
    VD_ASSIGN(segment, LogSegment::replace(*dir, options, *segment));
    return {};
  }

  const BusDir* dir;
  std::shared_ptr<LogSegment> segment;
  MendPace pace;
};

LogWriter::LogWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogWriter::LogWriter(LogWriter&&) noexcept = default;
LogWriter& LogWriter::operator=(LogWriter&&) noexcept = default;
LogWriter::~LogWriter() = default;

Result<LogWriter> LogWriter::open(const BusDir& dir, const TopicName& topic, const LogOptions& options) {
  VD_ASSIGN(const UniqueFd camera_fd, dir.camera_dir(topic.camera, true));
  VD_ASSIGN(LockFile lock, lock_topic(camera_fd.get(), topic));
  VD_ASSIGN(auto segment, LogSegment::open(dir, topic, options, std::make_shared<LockFile>(std::move(lock))));
  return LogWriter(std::make_unique<Impl>(dir, std::move(segment)));
}

Result<> LogWriter::resize(const LogOptions& options) {
  if (rounded(options) == impl_->segment->options && !impl_->segment->damaged()) return {};
  return impl_->replace(options);
}

bool LogWriter::append(const LogStamp& stamp, std::span<const std::span<const std::byte>> pieces) {
  impl_->mend();
  return impl_->segment->append(stamp, pieces);
}

void LogWriter::beat() {
  impl_->segment->beat();
  impl_->mend();
}

Demand LogWriter::demand() const { return impl_->segment->demand(); }
DemandWatch LogWriter::watch_demand() const {
  return DemandWatch(impl_->segment, impl_->segment->demand_sequence().load(std::memory_order_seq_cst));
}
TopicStats LogWriter::stats() const { return stats_of(impl_->segment->header()); }
LogSpan LogWriter::span() const { return impl_->segment->span(); }
const LogOptions& LogWriter::options() const { return impl_->segment->options; }
bool LogWriter::took_over() const { return impl_->segment->took_over; }
void LogWriter::remove() { impl_->segment->remove(); }

}  // namespace vedette::bus
