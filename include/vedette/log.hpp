// Logs in C++17, header-only over <vedette/log.h>: the camera's own packets with their history. Errors and threads as in
// <vedette/bus.hpp>; a LogSubscriber: one thread at a time.
//
//   auto packets = vedette::subscribe_log(bus, "cam0/packets");
//   while (packets.wait(1s))
//     while (auto record = packets.next()) write(record->packet());
#ifndef VEDETTE_LOG_HPP
#define VEDETTE_LOG_HPP

#include <vedette/log.h>
#include <vedette/bus.hpp>

namespace vedette {
inline namespace api0 {

// A record, copied out.
struct LogRecord {
  vd_log_record about = {};
  std::vector<std::uint8_t> bytes;

  // Its parts, checked, as long as this record lives unmoved. Throws VD_CORRUPT.
  vd_packet packet() const {
    vd_packet packet;
    detail::checked(vd_packet_read(bytes.data(), bytes.size(), &packet));
    return packet;
  }
};

class LogSubscriber {
 public:
  explicit LogSubscriber(std::shared_ptr<vd_log_reader> reader) : reader_(std::move(reader)) {}

  // The next record; none: there is nothing newer.
  std::optional<LogRecord> next() {
    LogRecord record;
    return next(record) ? std::optional<LogRecord>(std::move(record)) : std::nullopt;
  }
  // The same into a record whose memory is used again. False: there is nothing newer, and `record` is empty.
  bool next(LogRecord& record) {
    record.bytes.resize(record.bytes.capacity());
    vd_status status = take(record);
    if (status == VD_TOO_SMALL) {
      record.bytes.resize(static_cast<std::size_t>(record.about.bytes));
      status = take(record);
    }
    record.bytes.resize(status == VD_OK ? static_cast<std::size_t>(record.about.bytes) : 0);
    return status == VD_OK;
  }

  // VD_LOG_NEXT, VD_LOG_NEWEST_KEYFRAME or VD_LOG_OLDEST_KEYFRAME. False: there is no such topic.
  bool seek(std::uint32_t from) { return detail::checked(vd_log_reader_seek(reader_.get(), from)) == VD_OK; }
  // To the newest keyframe not after that time, or the oldest there is. False: there is none.
  bool seek_time(std::uint64_t at_ns) { return detail::checked(vd_log_reader_seek_time(reader_.get(), at_ns)) == VD_OK; }
  // To the first record of this frame. False: it isn't there (any more).
  bool seek_frame(std::uint64_t frame_id) { return detail::checked(vd_log_reader_seek_frame(reader_.get(), frame_id)) == VD_OK; }

  // Until there is something to take. False: timeout.
  bool wait(std::chrono::nanoseconds timeout) {
    return detail::checked(vd_log_reader_wait(reader_.get(), detail::to_ns(timeout))) == VD_OK;
  }
  void set_wait(std::uint32_t policy, std::chrono::nanoseconds spin = std::chrono::microseconds(50)) {
    detail::checked(vd_log_reader_set_wait(reader_.get(), policy, detail::to_ns(spin)));
  }
  void set_demand(const vd_demand& demand) { detail::checked(vd_log_reader_set_demand(reader_.get(), &demand)); }
  // None while there is no such topic, this and the next. The metadata pointer isn't to be used: metadata() has a copy.
  std::optional<vd_log_info> about() {
    vd_log_info about;
    const vd_status status = vd_log_reader_about(reader_.get(), &about);
    if (status == VD_NOT_FOUND) return std::nullopt;
    detail::checked(status);
    return about;
  }
  std::optional<vd_stats> stats() {
    vd_stats stats;
    const vd_status status = vd_log_reader_stats(reader_.get(), &stats);
    if (status == VD_NOT_FOUND) return std::nullopt;
    detail::checked(status);
    return stats;
  }
  std::string metadata() {
    const std::optional<vd_log_info> found = about();
    return found ? std::string(found->metadata, found->metadata_bytes) : std::string();
  }
  vd_log_reader* c_reader() const { return reader_.get(); }

 private:
  vd_status take(LogRecord& record) {
    return detail::checked(vd_log_reader_take_next(reader_.get(), record.bytes.data(), record.bytes.size(), &record.about));
  }
  std::shared_ptr<vd_log_reader> reader_;
};

// A log needn't exist yet.
inline LogSubscriber subscribe_log(const Bus& bus, const std::string& topic,
                                   const vd_log_reader_options& options = vd_log_reader_options_default()) {
  vd_log_reader* reader = nullptr;
  detail::checked(vd_log_reader_open(bus.c_bus(), topic.c_str(), &options, &reader));
  return LogSubscriber(std::shared_ptr<vd_log_reader>(reader, vd_log_reader_close));
}

// Until any of them has something new, rings and logs alike. False: timeout.
inline bool wait_any(const std::vector<Subscriber*>& subscribers, const std::vector<LogSubscriber*>& logs,
                     std::chrono::nanoseconds timeout) {
  std::vector<vd_reader*> readers;
  std::vector<vd_log_reader*> log_readers;
  for (const Subscriber* subscriber : subscribers) readers.push_back(subscriber->c_reader());
  for (const LogSubscriber* log : logs) log_readers.push_back(log->c_reader());
  return detail::checked(vd_log_wait_any(readers.data(), readers.size(), log_readers.data(), log_readers.size(),
                                         detail::to_ns(timeout))) == VD_OK;
}

}  // namespace api0
}  // namespace vedette

#endif  // VEDETTE_LOG_HPP
