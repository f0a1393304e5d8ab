#include "gateway/api/system_api.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/clock.h"
#include "bus/inspect.h"
#include "gateway/api/schemas.h"
#include "look/machine.h"
#include "look/sample.h"
#include "model_file/card.h"
#include "schema/frame.h"
#include "schema/tracks.h"

namespace vedette::gateway {
namespace {

using namespace schemas;

// Rates are of the time between this look and the one before, if that was so long ago; else one is taken for it.
constexpr std::uint64_t kLeastGapNs = 400'000'000;
constexpr std::uint64_t kLongestGapNs = 15'000'000'000;
constexpr std::chrono::milliseconds kGap{500};

double milliseconds(std::uint64_t ns) { return std::round(static_cast<double>(ns) / 1e3) / 1e3; }

// The newest record's struct; none: there is none.
template <typename Info>
std::optional<Info> newest(const bus::BusDir& dir, const std::string& camera, const char* topic, std::uint64_t schema) {
  const auto report = bus::inspect(dir, {camera, topic});
  if (!report || report->options.schema_id != schema) return std::nullopt;
  const auto glimpse = bus::glimpse(dir, {camera, topic}, sizeof(Info));
  Info info;
  if (!glimpse || glimpse->sequence == 0 || glimpse->bytes.size() < sizeof info) return std::nullopt;
  std::memcpy(&info, glimpse->bytes.data(), sizeof info);
  return info;
}

template <typename Info>
Json hop(const char* name, const Info& info) {
  return {{"name", name},
          {"frame_id", info.frame_id()},
          {"at_ms", milliseconds(age_ns(info.captured_at_ns(), info.published_at_ns()))}};
}

struct Look {
  look::BusSample bus;
  look::MachineSample machine;
};

Json machine_json(const Look& before, const Look& now) {
  const double percent = look::cpu_percent(before.machine, now.machine);
  const look::MachineSample& machine = now.machine;
  return {{"name", model_file::machine_name()},
          {"cores", machine.cores},
          {"cpu_percent", percent < 0 ? Json() : Json(std::round(percent * 10) / 10)},
          {"load", machine.load},
          {"memory_total_bytes", machine.memory_bytes},
          {"memory_used_bytes", machine.memory_bytes - std::min(machine.memory_bytes, machine.available_bytes)},
          {"uptime_s", machine.up_seconds}};
}

std::string camera_of(const std::string& topic) { return topic.substr(0, topic.find('/')); }

// "vedette-capture", which writes topics of camera "front": "capture/front". Other programs are called as they are.
std::string tag_of(const Json& process) {
  constexpr std::string_view kOurs = "vedette-";
  std::string name = process["name"].get<std::string>();
  if (!name.starts_with(kOurs)) return name;
  name.erase(0, kOurs.size());
  const Json& writes = process["writes"];
  return name == "capture" && !writes.empty() ? name + "/" + camera_of(writes[0].get<std::string>()) : name;
}

// What a page shows of a topic; all there is of it is `vedette top --json`'s.
Json topic_json(const Json& topic) {
  const auto get = [&](const char* key) { return topic.contains(key) ? topic[key] : Json(); };
  Json shown{{"topic", topic["topic"]}, {"error", get("error")}, {"schema", get("schema")}, {"rate", get("fps")}};
  for (const char* key : {"published", "dropped", "age_ms", "bytes"}) shown[key] = get(key);
  shown["writer"] = topic.contains("writer") ? topic["writer"]["name"] : Json();
  Json missed = nullptr;
  if (topic.contains("readers")) {
    std::uint64_t sum = 0;
    for (const Json& reader : topic["readers"]) sum += reader["missed"].get<std::uint64_t>();
    missed = sum;
  }
  shown["missed"] = std::move(missed);
  return shown;
}

// The stage is well unless it has been silent on a topic that it writes.
bool is_silent(const Json& process, const Json& topics) {
  return std::any_of(topics.begin(), topics.end(), [&](const Json& topic) {
    return topic.contains("writer") && topic["writer"]["pid"] == process["pid"] && topic["writer"]["alive"] == true &&
           topic["writer"]["silent_ms"].get<std::int64_t>() > static_cast<std::int64_t>(kStaleAfterMs);
  });
}

Json stage_json(const Json& process, const Json& topics, const Principal& who) {
  const auto seen = [&](const Json& names) {
    Json shown = Json::array();
    for (const Json& name : names)
      if (who.may_see(camera_of(name.get<std::string>()))) shown.push_back(name);
    return shown;
  };
  return {{"tag", tag_of(process)},
          {"pid", process["pid"]},
          {"status", is_silent(process, topics) ? "stale" : "ok"},
          {"cpu_percent", process["cpu_percent"]},
          {"memory_bytes", process["rss_bytes"]},
          {"writes", seen(process["writes"])},
          {"reads", seen(process["reads"])}};
}

// It works for cameras alone that who asks may not see: its name may be theirs.
bool is_hidden(const Json& process, const Principal& who) {
  bool has_topics = false;
  for (const char* list : {"writes", "reads"})
    for (const Json& topic : process[list]) {
      if (who.may_see(camera_of(topic.get<std::string>()))) return false;
      has_topics = true;
    }
  return has_topics;
}

// What should be there and isn't.
Json missing_stage(const std::string& tag) {
  return {{"tag", tag},
          {"pid", nullptr},
          {"status", "missing"},
          {"cpu_percent", nullptr},
          {"memory_bytes", nullptr},
          {"writes", Json::array()},
          {"reads", Json::array()}};
}

class SystemApi {
 public:
  SystemApi(const bus::BusDir& dir, std::vector<CameraHub*> hubs) : dir_(dir), hubs_(std::move(hubs)) {}

  Reply system(const Request& request) {
    const auto [before, now] = two_looks();
    const Json bus = look::to_json(before->bus, now->bus);
    Json topics = Json::array(), stages = Json::array(), latency = Json::array();
    for (const Json& topic : bus["topics"])
      if (request.who.may_see(camera_of(topic["topic"].get<std::string>()))) topics.push_back(topic_json(topic));
    std::set<std::string> tags;
    for (const Json& process : bus["processes"]) {
      if (is_hidden(process, request.who)) continue;
      stages.push_back(stage_json(process, bus["topics"], request.who));
      tags.insert(stages.back()["tag"].get<std::string>());
    }
    for (const CameraHub* hub : hubs_) {
      if (!request.who.may_see(hub->name())) continue;
      latency.push_back(latency_of(dir_, hub->name()));
      if (const auto sent = hub->last_sent())
        latency.back()["hops"].push_back({{"name", "sent"},
                                          {"frame_id", sent->frame_id},
                                          {"at_ms", milliseconds(age_ns(sent->captured_at_ns, sent->sent_at_ns))}});
      for (const Stage& stage : hub->stages(monotonic_ns())) {
        const std::string tag = std::string(stage.name) + (stage.name == "capture" ? "/" + hub->name() : "");
        if (stage.status == StageStatus::kMissing && tags.insert(tag).second) stages.push_back(missing_stage(tag));
      }
    }
    return json_reply(200, dump({{"version", VEDETTE_VERSION},
                                 {"seconds", bus["seconds"]},
                                 {"machine", machine_json(*before, *now)},
                                 {"stages", std::move(stages)},
                                 {"topics", std::move(topics)},
                                 {"latency", std::move(latency)}}));
  }

 private:
  using LookPtr = std::shared_ptr<const Look>;

  LookPtr look() const { return std::make_shared<const Look>(Look{look::look_at_bus(dir_), look::look_at_machine()}); }

  std::pair<LookPtr, LookPtr> two_looks() {
    LookPtr before;
    {
      const std::lock_guard lock(mutex_);
      before = last_;
    }
    const std::uint64_t age = before ? age_ns(before->bus.at_ns) : UINT64_MAX;
    if (age < kLeastGapNs) {
      std::this_thread::sleep_for(Nanoseconds(kLeastGapNs - age));
    } else if (age > kLongestGapNs) {
      before = look();
      std::this_thread::sleep_for(kGap);
    }
    LookPtr now = look();
    const std::lock_guard lock(mutex_);
    last_ = now;
    return {std::move(before), std::move(now)};
  }

  const bus::BusDir& dir_;
  const std::vector<CameraHub*> hubs_;
  std::mutex mutex_;
  LookPtr last_;
};

Json system_schema() {
  const Json machine = object({{"name", described(text(), "of its processor")},
                               {"cores", integer()},
                               {"cpu_percent", described(or_null(number()), "of all cores together, 0 to 100")},
                               {"load", described(number(), "mean over the last minute")},
                               {"memory_total_bytes", integer()},
                               {"memory_used_bytes", integer()},
                               {"uptime_s", integer()}});
  const Json stage = object({{"tag", described(text(), "\"capture/front\", \"detect\", …; other programs by their name")},
                             {"pid", or_null(integer())},
                             {"status", one_of({"ok", "stale", "missing"})},
                             {"cpu_percent", described(or_null(number()), "of one core")},
                             {"memory_bytes", described(or_null(integer()), "in memory, what it shares with others included")},
                             {"writes", list(text())},
                             {"reads", list(text())}});
  const Json topic = object({{"topic", text()},
                             {"error", described(or_null(text()), "why nothing is known of it")},
                             {"schema", or_null(text())},
                             {"rate", described(or_null(number()), "records a second")},
                             {"published", or_null(integer())},
                             {"dropped", described(or_null(integer()), "records that there was no slot for")},
                             {"age_ms", described(or_null(number()), "of what its newest record speaks of")},
                             {"bytes", described(or_null(integer()), "of memory")},
                             {"writer", or_null(text())},
                             {"missed", described(or_null(integer()), "records that readers were too late for, all together")}});
  const Json hop = with(object({{"name", one_of({"captured", "published", "detections", "tracks", "sent"})},
                                {"frame_id", integer()},
                                {"at_ms", described(number(), "after the frame's capture")}}),
                        {{"inference_ms", number()}});
  return object({{"version", text()},
                 {"seconds", described(number(), "that rates are of")},
                 {"machine", machine},
                 {"stages", list(stage)},
                 {"topics", list(topic)},
                 {"latency", list(object({{"camera", text()}, {"frame_id", or_null(integer())}, {"hops", list(hop)}}))}});
}

}  // namespace

Json latency_of(const bus::BusDir& dir, const std::string& camera) {
  Json hops = Json::array();
  const auto frame = newest<FrameInfo>(dir, camera, "frames", kFrameSchema);
  if (frame) {
    hops.push_back({{"name", "captured"}, {"frame_id", frame->frame_id()}, {"at_ms", 0}});
    hops.push_back(hop("published", *frame));
  }
  if (const auto found = newest<DetectionsInfo>(dir, camera, "detections", kDetectionsSchema)) {
    hops.push_back(hop("detections", *found));
    hops.back()["inference_ms"] = milliseconds(found->inference_ns());
  }
  if (const auto tracks = newest<TracksInfo>(dir, camera, "tracks", kTracksSchema)) hops.push_back(hop("tracks", *tracks));
  return {{"camera", camera}, {"frame_id", frame ? Json(frame->frame_id()) : Json()}, {"hops", std::move(hops)}};
}

void add_system_routes(RouteTable& table, const bus::BusDir& dir, std::vector<CameraHub*> hubs) {
  const auto api = std::make_shared<SystemApi>(dir, std::move(hubs));
  Operation what{.tag = "system", .summary = "How the machine, its stages and their topics do"};
  what.about =
      "Rates are of the time since the last request, or of half a second. `latency`: the way of each camera's newest frame; a "
      "hop "
      "that "
      "is behind has an older frame.";
  what.answers = {{200, "", system_schema()}};
  table.add({"GET", "/api/system", Role::kViewer, [api](const Request& request) { return api->system(request); }, std::move(what),
             true});
}

}  // namespace vedette::gateway
