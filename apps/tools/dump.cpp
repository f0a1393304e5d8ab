#include "tools/dump.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/process.h"
#include "bus/inspect.h"
#include "look/records.h"
#include "recording/reader.h"
#include "recording/stamps.h"
#include "recording/writer.h"
#include "tools/bus_place.h"
#include "tools/output.h"
#include "tools/record_queue.h"
#include "tools/topic_tap.h"

namespace vedette::tools {
namespace {

constexpr auto kLookForStop = std::chrono::milliseconds(50);
constexpr std::uint64_t kLookForTopicsNs = 500'000'000;
constexpr std::uint64_t kTellEveryNs = 1'000'000'000;

// One topic that is recorded.
class Source {
 public:
  Source(const bus::BusDir& dir, const bus::TopicName& name, bool passive) : dir_(dir), tap_(dir, name, passive) {}

  bus::Subscription& topic() { return tap_.topic(); }
  std::uint64_t records() const { return records_; }
  std::uint64_t missed() const { return missed_ + pending_; }
  std::uint64_t pending() const { return pending_; }  // missed after the last record

  // All that is new into the queue.
  void drain(RecordQueue& queue, std::uint32_t& next_id) {
    // What was published before we came isn't of this recording, but for each topic's newest: what holds now. Of a log that is
    // all from the newest keyframe on.
    while (const auto taken = records_ == 0 ? tap_.take_newest() : tap_.take_next()) put(*taken, queue, next_id);
  }

 private:
  void put(const TappedRecord& taken, RecordQueue& queue, std::uint32_t& next_id) {
    pending_ += records_ == 0 ? 0 : taken.missed;
    const auto payload = taken.bytes;
    if (!is_known(payload.size()) && !begin(queue, next_id)) {
      ++pending_;
      return;
    }
    const std::uint64_t at = recording::published_at_ns(known_->options.schema_id, payload).value_or(monotonic_ns());
    const std::uint64_t sequence = taken.sequence | (taken.keyframe ? recording::kKeyframe : 0);
    const recording::RecordFields fields{id_, static_cast<std::uint32_t>(pending_), sequence, taken.frame_id, at};
    if (!queue.push(fields, payload)) {
      ++pending_;
      return;
    }
    missed_ += std::exchange(pending_, 0);
    ++records_;
  }
  // A record of the topic as it was when it was looked at last?
  bool is_known(std::size_t bytes) {
    return known_ && known_->log.has_value() == tap_.is_log() && known_->options.schema_id == topic().schema_id() &&
           known_->options.metadata == topic().metadata() && instance_ == topic().instance() && bytes <= known_->longest();
  }
  // The topic is new, or has new files.
  bool begin(RecordQueue& queue, std::uint32_t& next_id) {
    const std::uint64_t instance = topic().instance();
    const auto report = bus::inspect(dir_, topic().topic());
    if (!report.ok() || report->log.has_value() != tap_.is_log()) return false;
    recording::RecordedTopic found{topic().topic(), report->options, report->log};
    const bool same = known_ && *known_ == found;
    instance_ = instance;
    if (same) return true;
    known_ = std::move(found);
    id_ = next_id++;
    queue.push(*known_);
    return true;
  }

  const bus::BusDir& dir_;
  TopicTap tap_;
  std::optional<recording::RecordedTopic> known_;
  std::uint64_t instance_ = 0;  // the files that known_ was read of
  std::uint32_t id_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t missed_ = 0;
  std::uint64_t pending_ = 0;
};

// The thread that writes: all of the queue, up to the first failure.
Result<> write_all(RecordQueue& queue, recording::RecordingWriter& writer, std::atomic<std::uint64_t>& bytes) {
  while (auto record = queue.pop()) {
    if (record->topic) {
      VD_TRY(writer.add_topic(*record->topic));
    } else {
      VD_TRY(writer.add(record->fields, record->payload));
    }
    bytes.store(writer.bytes(), std::memory_order_relaxed);  // for the progress line only
    queue.done(std::move(*record));
  }
  return {};
}

class Dump {
 public:
  Dump(const DumpOptions& options, const bus::BusDir& dir, recording::RecordingWriter writer)
      : options_(options), dir_(dir), queue_(parse_size(options.buffer)), writer_(std::move(writer)) {}

  Result<> run() {
    VD_TRY(look_for_topics());
    std::thread disk([this] {
      written_ = write_all(queue_, writer_, bytes_);
      failed_.store(!written_.ok(), std::memory_order_release);
    });
    read_until_end();
    queue_.close();
    disk.join();
    for (const auto& [name, source] : sources_) writer_.count_missed(source->pending());
    auto finished = writer_.finish();
    tell(true);
    if (!written_.ok()) return written_;
    return finished;
  }

 private:
  Result<> look_for_topics() {
    next_look_ns_ = monotonic_ns() + kLookForTopicsNs;
    VD_ASSIGN(const auto names, topics_named(dir_, options_.topics));
    for (const bus::TopicName& name : names) {
      const std::string text = name.text();
      if (sources_.contains(text)) continue;
      sources_.emplace(text, std::make_unique<Source>(dir_, name, options_.passive));
      const auto there = dir_.topics();
      if (std::find(there.begin(), there.end(), name) == there.end()) note(text + ": no such topic yet; waiting for it");
    }
    return {};
  }

  void read_until_end() {
    const std::uint64_t began = monotonic_ns();
    const auto most_ns = static_cast<std::uint64_t>(options_.seconds * 1e9);
    std::uint32_t next_id = 0;
    while (!stop_requested() && !failed_.load(std::memory_order_acquire) && (most_ns == 0 || monotonic_ns() - began < most_ns)) {
      std::vector<bus::Subscription*> topics;
      for (const auto& [name, source] : sources_) topics.push_back(&source->topic());
      if (topics.empty())
        (void)stopped_within_ms(50);
      else
        bus::wait_any(topics, kLookForStop);
      for (const auto& [name, source] : sources_) source->drain(queue_, next_id);
      if (monotonic_ns() > next_look_ns_) (void)look_for_topics();
      tell(false);
    }
  }

  void tell(bool at_end) {
    const std::uint64_t now = monotonic_ns();
    if (!at_end && (now < next_tell_ns_ || ::isatty(STDERR_FILENO) != 1)) return;
    next_tell_ns_ = now + kTellEveryNs;
    std::uint64_t records = 0, missed = 0;
    for (const auto& [name, source] : sources_) records += source->records(), missed += source->missed();
    const std::string line =
        fmt::format("{} records, {}, {} missed", records, size_text(at_end ? writer_.bytes() : bytes_.load()), missed);
    if (!at_end) {
      std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
      return;
    }
    if (::isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\r\x1b[K");
    for (const auto& [name, source] : sources_)
      note(fmt::format("{}: {} records, {} missed", name, source->records(), source->missed()));
    note(options_.output + ": " + line);
  }

  const DumpOptions& options_;
  const bus::BusDir& dir_;
  RecordQueue queue_;
  recording::RecordingWriter writer_;
  std::map<std::string, std::unique_ptr<Source>> sources_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> failed_{false};  // release: written_ is there
  Result<> written_;
  std::uint64_t next_look_ns_ = 0;
  std::uint64_t next_tell_ns_ = 0;
};

}  // namespace

Result<> dump(const DumpOptions& options) {
  if (parse_size(options.buffer) == 0)
    return Error{ErrorCode::kInvalidArgument, "--buffer " + options.buffer + ": expected bytes, as in 64M or 1G"};
  VD_ASSIGN(const bus::BusDir dir, open_existing_bus(options.bus_dir));
  VD_TRY(topics_named(dir, options.topics));  // a wrong name costs no file
  VD_ASSIGN(auto writer, recording::RecordingWriter::create(options.output, {.overwrite = options.force}));
  return Dump(options, dir, std::move(writer)).run();
}

Result<> show_recording(const std::string& path, bool json) {
  VD_ASSIGN(const auto reader, recording::RecordingReader::open(path));
  struct Of {
    std::uint64_t records = 0, bytes = 0, missed = 0, first_ns = 0, last_ns = 0, first_id = 0, last_id = 0;
  };
  std::vector<Of> of(reader.topics().size());
  for (const recording::IndexEntry& entry : reader.records()) {
    Of& topic = of[entry.record.topic];
    if (topic.records++ == 0) topic.first_ns = entry.record.at_ns, topic.first_id = entry.record.frame_id;
    topic.last_ns = entry.record.at_ns, topic.last_id = entry.record.frame_id;
    topic.bytes += entry.payload_bytes, topic.missed += entry.record.missed;
  }
  nlohmann::ordered_json all{{"file", path},
                             {"bytes", reader.file_bytes()},
                             {"began_wall_ns", reader.began_wall_ns()},
                             {"complete", reader.complete()},
                             {"ignored_bytes", reader.ignored_bytes()},
                             {"records", reader.records().size()},
                             {"missed", reader.missed()},
                             {"topics", nlohmann::ordered_json::array()}};
  for (std::size_t i = 0; i < of.size(); ++i) {
    const recording::RecordedTopic& topic = reader.topics()[i];
    const double seconds = static_cast<double>(of[i].last_ns - std::min(of[i].first_ns, of[i].last_ns)) / 1e9;
    all["topics"].push_back({{"topic", topic.name.text()},
                             {"schema", look::schema_name(topic.options.schema_id)},
                             {"records", of[i].records},
                             {"missed", of[i].missed},
                             {"bytes", of[i].bytes},
                             {"seconds", seconds},
                             {"slot_bytes", topic.longest()},
                             {"first_id", of[i].first_id},
                             {"last_id", of[i].last_id}});
  }
  if (json) return print(json_line(all) + "\n"), Result<>();
  print(fmt::format("{}: {}, {}, {} missed{}\n", path, size_text(reader.file_bytes()), counted(reader.records().size(), "record"),
                    reader.missed(),
                    reader.complete() ? ""
                    : reader.ignored_bytes() == 0
                        ? "; not ended in order"
                        : fmt::format("; cut: {} bytes at its end are ignored", reader.ignored_bytes())));
  std::vector<std::vector<std::string>> rows = {{"TOPIC", "SCHEMA", "RECORDS", "MISSED", "SECONDS", "BYTES", "FRAME IDS"}};
  for (const auto& topic : all["topics"])
    rows.push_back({topic["topic"], topic["schema"], topic["records"].dump(), topic["missed"].dump(),
                    fmt::format("{:.1f}", topic["seconds"].get<double>()), size_text(topic["bytes"].get<std::uint64_t>()),
                    topic["first_id"].dump() + " to " + topic["last_id"].dump()});
  for (const std::string& line : aligned(rows)) print(line + "\n");
  return {};
}

}  // namespace vedette::tools
