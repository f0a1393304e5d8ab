#include "tools/bus_checks.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/clock.h"
#include "tools/bus_place.h"
#include "tools/output.h"

namespace vedette::tools {
namespace {

constexpr std::uint64_t kHangsNs = 2'000'000'000;  // a writer beats four times a second

// The topics' files are as their writers made them; anything else is somebody's doing.
void check_file(Findings& findings, const std::string& topic, const bus::FileReport& file, mode_t expected, uid_t owner) {
  if (!file.exists)
    return findings.push_back({Health::kBad, "files", topic + ": " + file.name + " is missing",
                               "stop vedette and remove the folder's files, or vedette doctor --fix"});
  if (file.owner != owner)
    findings.push_back({Health::kBad, "files",
                        fmt::format("{}: {} belongs to user {}, the bus to {}", topic, file.name, file.owner, owner),
                        "run all stages as one user; remove the file"});
  if (file.mode != expected)
    findings.push_back({Health::kBad, "files",
                        fmt::format("{}: {} has mode {:04o}, expected {:04o}", topic, file.name, file.mode, expected),
                        fmt::format("chmod {:04o} it, and find out who changed it", expected)});
}

bool is_orphan(const bus::ReaderReport& reader) { return reader.alive == bus::Alive::kNo; }

std::size_t orphans_of(const bus::TopicReport& report) {
  return static_cast<std::size_t>(std::count_if(report.readers.begin(), report.readers.end(), is_orphan));
}

void check_topic(Findings& findings, const look::TopicSample& topic, uid_t owner, std::uint64_t now_ns) {
  const std::string name = topic.topic.text();
  if (topic.error) {
    const bool version = topic.error->code == ErrorCode::kIncompatible;
    return findings.push_back({Health::kBad, version ? "versions" : "topics", topic.error->text,
                               version ? "stop everything that uses this bus and start it with programs of one release"
                                       : "stop its writer and remove the file; a restart makes a new one"});
  }
  const bus::TopicReport& report = topic.report;
  check_file(findings, name, report.payload, 0640, owner);
  check_file(findings, name, report.leases, 0660, owner);
  check_file(findings, name, report.lock, 0600, owner);
  if (report.writer == bus::Alive::kNo)
    findings.push_back({Health::kWarn, "topics",
                        fmt::format("{}: its writer (process {}) is gone; {} lie idle", name, report.stats.writer_pid,
                                    size_text(report.bytes())),
                        "the next writer goes on in them; if there will be none, vedette doctor --fix removes them"});
  else if (report.writer == bus::Alive::kYes && age_ns(report.stats.beat_at_ns, now_ns) > kHangsNs)
    findings.push_back({Health::kBad, "topics",
                        fmt::format("{}: its writer (process {}) has given no sign of life for {} s", name,
                                    report.stats.writer_pid, age_ns(report.stats.beat_at_ns, now_ns) / 1'000'000'000),
                        "it hangs or is stopped (kill -CONT); vedette up restarts what hangs"});
  if (report.readers.size() >= report.options.readers)
    findings.push_back({Health::kWarn, "readers",
                        fmt::format("{}: all {} reader entries are taken", name, report.options.readers),
                        "raise bus.readers, or end a reader (vedette top shows them)"});
}

}  // namespace

std::optional<bus::BusDir> check_directory(Findings& findings, const std::string& place) {
  auto dir = open_existing_bus(place);
  if (dir.ok()) {
    struct stat status {};
    (void)::fstat(dir->fd(), &status);
    findings.push_back({Health::kOk, "bus directory", fmt::format("{}, of user {}", dir->path(), status.st_uid), ""});
    return std::move(dir).value();
  }
  if (dir.error().code == ErrorCode::kNotFound)
    findings.push_back({Health::kOk, "bus directory",
                        (place.empty() ? bus::default_bus_dir() : place) + " isn't there yet: vedette isn't up", ""});
  else
    findings.push_back(
        {Health::kBad, "bus directory", dir.error().text, "see the sentence; ls -ld shows the folder's owner and mode"});
  return std::nullopt;
}

void check_topics(Findings& findings, const bus::BusDir& dir, const look::BusSample& sample, int patience_ms) {
  const std::size_t before = findings.size();
  struct stat status {};
  (void)::fstat(dir.fd(), &status);
  for (const look::TopicSample& topic : sample.topics) check_topic(findings, topic, status.st_uid, sample.at_ns);

  // A living writer sweeps once a second; who is still there after that isn't swept at all.
  const auto has_orphans = [](const look::TopicSample& topic) { return !topic.error && orphans_of(topic.report) > 0; };
  if (std::any_of(sample.topics.begin(), sample.topics.end(), has_orphans)) {
    (void)stopped_within_ms(patience_ms);
    for (const look::TopicSample& topic : sample.topics) {
      if (!has_orphans(topic)) continue;
      const auto again = bus::inspect(dir, topic.topic);
      const std::size_t left = again.ok() ? orphans_of(*again) : 0;
      if (left == 0) continue;
      const bool writer_lives = again->writer != bus::Alive::kNo;
      findings.push_back(
          {writer_lives ? Health::kBad : Health::kWarn, "readers",
           fmt::format("{}: {} of {} entries are of dead readers", topic.topic.text(), left, again->options.readers),
           writer_lives ? "its writer should have cleared them within a second: it hangs" : "its next writer clears them"});
    }
  }
  for (const std::string& file : bus::stray_files(dir))
    findings.push_back(
        {Health::kWarn, "files", file + " is no file of a topic",
         file.ends_with(".new")
             ? "of a writer that died while it made its files: the next one removes it, as does vedette doctor --fix"
             : "remove it"});
  if (findings.size() == before)
    findings.push_back(
        {Health::kOk, "topics", fmt::format("{}, all with living writers and clean entries", sample.topics.size()), ""});
}

}  // namespace vedette::tools
