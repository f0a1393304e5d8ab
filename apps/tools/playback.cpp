#include "tools/playback.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

#include "base/clock.h"
#include "base/process.h"

namespace vedette::tools {
namespace {

constexpr std::uint64_t kBeatEveryNs = 100'000'000;
constexpr std::uint64_t kPatienceNs = 1'000'000'000;  // with readers that take nothing, and for a free slot
constexpr auto kShortNap = std::chrono::microseconds(200), kLongNap = std::chrono::microseconds(2000);

}  // namespace

Result<> Playback::open(const bus::TopicName& topic, const recording::RecordedTopic& recorded) {
  if (const auto found = topics_.find(topic.text()); found != topics_.end()) {
    if (auto* ring = std::get_if<bus::RingWriter>(&found->second.writer); ring && !recorded.log)
      return ring->resize(recorded.options);
    if (auto* log = std::get_if<bus::LogWriter>(&found->second.writer); log && recorded.log) return log->resize(*recorded.log);
    topics_.erase(found);  // from now on it is of the other kind
  }
  if (recorded.log) {
    VD_ASSIGN(auto writer, bus::LogWriter::open(dir_, topic, *recorded.log));
    topics_.emplace(topic.text(), Topic{std::move(writer), {}});
  } else {
    VD_ASSIGN(auto writer, bus::RingWriter::open(dir_, topic, recorded.options));
    topics_.emplace(topic.text(), Topic{std::move(writer), {}});
  }
  return {};
}

void Playback::beat() {
  const std::uint64_t now = monotonic_ns();
  if (now < next_beat_ns_) return;
  next_beat_ns_ = now + kBeatEveryNs;
  for (auto& [name, topic] : topics_) std::visit([](auto& writer) { writer.beat(); }, topic.writer);
}

bool Playback::wait_until(std::uint64_t at_ns, const std::function<bool()>& condition) {
  for (auto nap = kShortNap;; nap = std::min(nap * 2, kLongNap)) {
    beat();
    if (condition()) return true;
    const std::uint64_t now = monotonic_ns();
    if (now >= at_ns || stop_requested()) return false;
    std::this_thread::sleep_for(Nanoseconds(std::min(to_ns(nap), at_ns - now)));
  }
}

bool Playback::publish(const bus::TopicName& name, const bus::LogStamp& stamp, std::span<const std::byte> record) {
  Topic& topic = topics_.at(name.text());
  if (auto* log = std::get_if<bus::LogWriter>(&topic.writer)) {
    const bool appended = log->append(stamp, std::array{record});
    dropped_ += appended ? 0 : 1;
    return appended;
  }
  auto& writer = std::get<bus::RingWriter>(topic.writer);
  std::optional<bus::Loan> loan;
  wait_until(monotonic_ns() + kPatienceNs, [&] { return (loan = writer.loan()).has_value(); });
  if (!loan || record.size() > loan->bytes().size()) {
    writer.count_drop();
    ++dropped_;
    return false;
  }
  std::memcpy(loan->bytes().data(), record.data(), record.size());
  writer.publish(std::move(*loan), stamp.frame_id, record.size());
  return true;
}

bool Playback::all_took(const bus::TopicName& name, Topic& topic, std::uint64_t sequence) const {
  const auto report = bus::inspect(dir_, name);
  if (!report.ok()) return true;
  const std::uint64_t now = monotonic_ns();
  bool all = true;
  std::map<std::uint32_t, Reader> readers;
  for (const bus::ReaderReport& seen : report->readers) {
    if (seen.alive == bus::Alive::kNo) continue;
    const auto before = topic.readers.find(seen.entry);
    const bool same = before != topic.readers.end() && before->second.pid == seen.pid && before->second.taken == seen.taken;
    const Reader& reader = readers[seen.entry] = Reader{seen.pid, seen.taken, same ? before->second.since_ns : now};
    if (seen.taken < sequence && now - reader.since_ns < kPatienceNs) all = false;
  }
  topic.readers = std::move(readers);
  return all;
}

void Playback::wait_taken(const bus::TopicName& name) {
  Topic& topic = topics_.at(name.text());
  const auto report = bus::inspect(dir_, name);
  if (!report.ok()) return;
  const std::uint64_t sequence = report->sequence;
  // A reader that was idle since long may begin with this very record: its second begins when it is first seen behind.
  wait_until(~0ull, [&] { return all_took(name, topic, sequence); });
}

bool Playback::has_reader(const bus::TopicName& name) const {
  const auto report = bus::inspect(dir_, name);
  return report.ok() && std::any_of(report->readers.begin(), report->readers.end(),
                                    [](const bus::ReaderReport& reader) { return reader.alive != bus::Alive::kNo; });
}

void Playback::remove() {
  for (auto& [name, topic] : topics_) std::visit([](auto& writer) { writer.remove(); }, topic.writer);
}

}  // namespace vedette::tools
