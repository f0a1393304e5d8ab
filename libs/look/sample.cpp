#include "look/sample.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "look/records.h"

namespace vedette::look {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) { return std::round(value * 100) / 100; }

Json alive_json(bus::Alive alive) { return alive == bus::Alive::kUnknown ? Json() : Json(alive == bus::Alive::kYes); }

Json name_of(const BusSample& sample, std::int32_t pid) {
  const auto found = sample.processes.find(pid);
  return found == sample.processes.end() ? Json() : Json(found->second.name);
}

Json demand_json(const bus::Demand& demand) {
  return {{"pixels", demand.pixels},
          {"packets", demand.packets},
          {"fps", demand.fps},
          {"width", demand.width},
          {"height", demand.height}};
}

// Counters that went back, or of files that were replaced, say nothing.
Json rate(std::uint64_t before, std::uint64_t now, double seconds) {
  return now < before || seconds <= 0 ? Json() : Json(rounded(static_cast<double>(now - before) / seconds));
}

Json reader_json(const bus::ReaderReport& reader, const bus::TopicReport* before, const TopicSample& topic, const BusSample& now,
                 double seconds) {
  Json json{{"entry", reader.entry},
            {"pid", reader.pid},
            {"name", name_of(now, reader.pid)},
            {"alive", alive_json(reader.alive)},
            {"demand", demand_json(reader.demand)},
            {"taken_sequence", reader.taken},
            {"behind", reader.taken == 0                      ? Json()
                       : topic.report.sequence > reader.taken ? Json(topic.report.sequence - reader.taken)
                                                              : Json(0)},
            {"missed", reader.missed},
            {"missed_per_s", nullptr},
            {"held", reader.holds.size()}};
  if (before != nullptr)
    for (const bus::ReaderReport& old : before->readers)
      if (old.entry == reader.entry && old.pid == reader.pid) json["missed_per_s"] = rate(old.missed, reader.missed, seconds);
  return json;
}

// What a log holds: how far back its oldest keyframe is.
Json log_json(const bus::TopicReport& report, std::uint64_t now_ns) {
  const bus::LogSpan& span = report.span;
  const bool begins = span.oldest_at_ns != 0 && span.newest_at_ns >= span.oldest_at_ns;
  return {{"records", span.records},
          {"bytes", span.bytes},
          {"data_bytes", report.log->data_bytes},
          {"index_entries", report.log->index_entries},
          {"max_record_bytes", report.log->max_record_bytes},
          {"seconds", begins ? Json(rounded(static_cast<double>(span.newest_at_ns - span.oldest_at_ns) / 1e9)) : Json()},
          {"newest_age_ms", span.records == 0 ? Json() : Json(age_ns(span.newest_at_ns, now_ns) / 1'000'000)}};
}

Json topic_json(const TopicSample& topic, const TopicSample* before, const BusSample& now, double seconds) {
  Json json{{"topic", topic.topic.text()}};
  if (topic.error) {
    json["error"] = printable(topic.error->text);
    return json;
  }
  const bus::TopicReport& report = topic.report;
  const bool comparable = before != nullptr && !before->error;
  json["schema"] = schema_name(report.options.schema_id);
  json["writer"] = {{"pid", report.stats.writer_pid},
                    {"name", name_of(now, report.stats.writer_pid)},
                    {"alive", alive_json(report.writer)},
                    {"silent_ms", static_cast<std::int64_t>(age_ns(report.stats.beat_at_ns, now.at_ns) / 1'000'000)},
                    {"epoch", report.stats.epoch}};
  json["published"] = report.stats.published;
  json["fps"] = comparable ? rate(before->report.stats.published, report.stats.published, seconds) : Json();
  json["dropped"] = report.stats.dropped;
  json["dropped_per_s"] = comparable ? rate(before->report.stats.dropped, report.stats.dropped, seconds) : Json();
  json["frame_id"] = report.stats.frame_id;
  json["sequence"] = report.sequence;
  json["age_ms"] = topic.age_ns ? Json(rounded(static_cast<double>(*topic.age_ns) / 1e6)) : Json();
  json["slots"] = report.options.slots();
  json["slot_bytes"] = report.options.slot_bytes;
  json["keep"] = report.options.keep;
  if (report.log) json["log"] = log_json(report, now.at_ns);
  json["held"] = report.held_slots();
  json["bytes"] = report.bytes();
  json["reader_entries"] = report.options.readers;
  Json readers = Json::array();
  for (const bus::ReaderReport& reader : report.readers)
    readers.push_back(reader_json(reader, comparable ? &before->report : nullptr, topic, now, seconds));
  json["readers"] = std::move(readers);
  return json;
}

// What a process does on the bus: the topics it writes and those it reads.
Json process_json(std::int32_t pid, const ProcessStats& stats, const BusSample& before, const BusSample& now, double seconds) {
  Json cpu;
  if (const auto old = before.processes.find(pid); old != before.processes.end() && old->second.began == stats.began)
    cpu = rate(old->second.cpu_ns, stats.cpu_ns, seconds * 1e7);  // per cent of one core
  Json writes = Json::array(), reads = Json::array();
  for (const TopicSample& topic : now.topics) {
    if (topic.error) continue;
    if (topic.report.writer != bus::Alive::kNo && topic.report.stats.writer_pid == pid) writes.push_back(topic.topic.text());
    const auto& readers = topic.report.readers;
    if (std::any_of(readers.begin(), readers.end(), [pid](const auto& r) { return r.pid == pid && r.alive != bus::Alive::kNo; }))
      reads.push_back(topic.topic.text());
  }
  return {{"pid", pid},       {"name", stats.name}, {"cpu_percent", cpu}, {"rss_bytes", stats.rss_bytes},
          {"writes", writes}, {"reads", reads}};
}

}  // namespace

BusSample look_at_bus(const bus::BusDir& dir) {
  BusSample sample;
  sample.at_ns = monotonic_ns();
  const auto meet = [&sample](std::int32_t pid, bus::Alive alive) {
    if (alive == bus::Alive::kNo || sample.processes.contains(pid)) return;
    if (auto stats = process_stats(pid)) sample.processes.emplace(pid, std::move(*stats));
  };
  for (const bus::TopicName& name : dir.topics()) {
    TopicSample topic{.topic = name};
    auto report = bus::inspect(dir, name);
    if (!report.ok() && report.error().code == ErrorCode::kNotFound) continue;  // went between the list and the look
    if (!report.ok()) {
      topic.error = report.error();
      sample.topics.push_back(std::move(topic));
      continue;
    }
    topic.report = std::move(report).value();
    const auto newest = bus::glimpse(dir, name, kGlimpseBytes);
    if (newest.ok() && newest->sequence != 0)
      if (const auto stamp = happened_at_ns(topic.report.options.schema_id, newest->bytes)) topic.age_ns = age_ns(*stamp);
    meet(topic.report.stats.writer_pid, topic.report.writer);
    for (const bus::ReaderReport& reader : topic.report.readers) meet(reader.pid, reader.alive);
    sample.topics.push_back(std::move(topic));
  }
  return sample;
}

Json to_json(const BusSample& before, const BusSample& now) {
  const double seconds = static_cast<double>(now.at_ns - std::min(now.at_ns, before.at_ns)) / 1e9;
  Json topics = Json::array(), processes = Json::array();
  for (const TopicSample& topic : now.topics) {
    const auto old =
        std::find_if(before.topics.begin(), before.topics.end(), [&](const auto& t) { return t.topic == topic.topic; });
    topics.push_back(topic_json(topic, old == before.topics.end() ? nullptr : &*old, now, seconds));
  }
  for (const auto& [pid, stats] : now.processes) processes.push_back(process_json(pid, stats, before, now, seconds));
  return {{"seconds", rounded(seconds)}, {"topics", std::move(topics)}, {"processes", std::move(processes)}};
}

}  // namespace vedette::look
