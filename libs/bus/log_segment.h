// LogSegment: the writer's side of one generation of a log's files: what it holds, appending. Internal to the bus. Kept alive by
// the LogWriter and by each DemandWatch. Thread-bound. If the writer dies, the next one finds here all that the head says.
#pragma once

#include <memory>
#include <span>

#include "bus/log.h"
#include "bus/log_protocol.h"
#include "bus/writer_files.h"

namespace vedette::bus {

// What the log holds at about this moment.
LogSpan span_of(const LogWords<const std::byte>& log, const Header& header);

class LogSegment : public WriterFiles {
 public:
  // As of Segment. `options` are rounded up.
  static Result<std::shared_ptr<LogSegment>> open(const BusDir& dir, const TopicName& topic, const LogOptions& options,
                                                  std::shared_ptr<LockFile> lock);
  static Result<std::shared_ptr<LogSegment>> replace(const BusDir& dir, const LogOptions& options, LogSegment& old);

  bool append(const LogStamp& stamp, std::span<const std::span<const std::byte>> pieces);
  LogSpan span() const;

  const LogOptions options;

  LogSegment(TopicName name, LogOptions wanted, std::shared_ptr<LockFile> held);

 private:
  bool is_sound(const Mapping& payload) const override;
  void start_epoch();
  LogWords<std::byte> words_in(std::byte* payload) const;

  std::unique_ptr<LogHeader> fixed_;
  LogWords<std::byte> words_;
  LogEnds ends_;
};

// As a writer with these options lays it out.
LogOptions rounded(LogOptions options);

}  // namespace vedette::bus
