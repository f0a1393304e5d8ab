#include "gateway/api/system_api.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "bus/inspect.h"
#include "gateway/api/schemas.h"
#include "look/machine.h"
#include "look/sample.h"
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
  return {{"hop", name},
          {"frame_id", info.frame_id()},
          {"after_ms", milliseconds(age_ns(info.captured_at_ns(), info.published_at_ns()))}};
}

struct Look {
  look::BusSample bus;
  look::MachineSample machine;
};

Json machine_json(const Look& before, const Look& now) {
  const double percent = look::cpu_percent(before.machine, now.machine);
  return {{"cpu_percent", percent < 0 ? Json() : Json(std::round(percent * 10) / 10)},
          {"cores", now.machine.cores},
          {"load", now.machine.load},
          {"memory_bytes", now.machine.memory_bytes},
          {"available_bytes", now.machine.available_bytes},
          {"up_seconds", now.machine.up_seconds}};
}

// "vedette-capture" -> "capture"; other programs are called as they are.
std::string tag_of(const std::string& name) {
  constexpr std::string_view kOurs = "vedette-";
  return name.starts_with(kOurs) ? name.substr(kOurs.size()) : name;
}

std::string camera_of(const Json& topic) {
  const std::string name = topic["topic"].get<std::string>();
  return name.substr(0, name.find('/'));
}

// What a page shows of a topic; all there is of it is `vedette top --json`'s.
Json topic_json(const Json& topic) {
  Json shown{{"topic", topic["topic"]}, {"error", topic.value("error", Json())}};
  for (const char* key : {"schema", "fps", "published", "dropped", "dropped_per_s", "age_ms", "bytes"})
    shown[key] = topic.contains(key) ? topic[key] : Json();
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

Json process_json(const Json& process, const Principal& who) {
  const auto seen = [&](const Json& topics) {
    Json shown = Json::array();
    for (const Json& topic : topics)
      if (who.may_see(camera_of({{"topic", topic}}))) shown.push_back(topic);
    return shown;
  };
  return {{"tag", tag_of(process["name"].get<std::string>())},
          {"pid", process["pid"]},
          {"cpu_percent", process["cpu_percent"]},
          {"rss_bytes", process["rss_bytes"]},
          {"writes", seen(process["writes"])},
          {"reads", seen(process["reads"])}};
}

class SystemApi {
 public:
  SystemApi(const bus::BusDir& dir, std::vector<CameraHub*> hubs) : dir_(dir), hubs_(std::move(hubs)) {}

  Reply system(const Request& request) {
    const auto [before, now] = two_looks();
    const Json bus = look::to_json(before->bus, now->bus);
    Json topics = Json::array(), stages = Json::array(), cameras = Json::array();
    for (const Json& topic : bus["topics"])
      if (request.who.may_see(camera_of(topic))) topics.push_back(topic_json(topic));
    for (const Json& process : bus["processes"]) stages.push_back(process_json(process, request.who));
    for (const CameraHub* hub : hubs_)
      if (request.who.may_see(hub->name())) cameras.push_back({{"name", hub->name()}, {"hops", hops_of(dir_, hub->name())}});
    return json_reply(200, dump({{"seconds", bus["seconds"]},
                                 {"machine", machine_json(*before, *now)},
                                 {"stages", std::move(stages)},
                                 {"topics", std::move(topics)},
                                 {"cameras", std::move(cameras)}}));
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
  const Json machine = object({{"cpu_percent", described(or_null(number()), "of all cores together, 0 to 100")},
                               {"cores", integer()},
                               {"load", described(number(), "mean over the last minute")},
                               {"memory_bytes", integer()},
                               {"available_bytes", integer()},
                               {"up_seconds", integer()}});
  const Json stage = object({{"tag", described(text(), "\"capture\", \"detect\", …; other programs by their name")},
                             {"pid", integer()},
                             {"cpu_percent", described(or_null(number()), "of one core")},
                             {"rss_bytes", described(integer(), "in memory, what it shares with others included")},
                             {"writes", list(text())},
                             {"reads", list(text())}});
  const Json topic = object({{"topic", text()},
                             {"error", described(or_null(text()), "why nothing is known of it")},
                             {"schema", or_null(text())},
                             {"fps", described(or_null(number()), "records a second")},
                             {"published", or_null(integer())},
                             {"dropped", described(or_null(integer()), "records that there was no slot for")},
                             {"dropped_per_s", or_null(number())},
                             {"age_ms", described(or_null(number()), "of what its newest record speaks of")},
                             {"bytes", described(or_null(integer()), "of memory")},
                             {"writer", or_null(text())},
                             {"missed", described(or_null(integer()), "records that readers were too late for, all together")}});
  const Json hop = with(object({{"hop", one_of({"published", "detected", "tracked", "sent"})},
                                {"frame_id", integer()},
                                {"after_ms", described(number(), "the frame's capture")}}),
                        {{"inference_ms", number()}});
  return object({{"seconds", described(number(), "that rates are of")},
                 {"machine", machine},
                 {"stages", list(stage)},
                 {"topics", list(topic)},
                 {"cameras", list(object({{"name", text()}, {"hops", list(hop)}}))}});
}

}  // namespace

Json hops_of(const bus::BusDir& dir, const std::string& camera) {
  Json hops = Json::array();
  if (const auto frame = newest<FrameInfo>(dir, camera, "frames", kFrameSchema)) hops.push_back(hop("published", *frame));
  if (const auto found = newest<DetectionsInfo>(dir, camera, "detections", kDetectionsSchema)) {
    hops.push_back(hop("detected", *found));
    hops.back()["inference_ms"] = milliseconds(found->inference_ns());
  }
  if (const auto tracks = newest<TracksInfo>(dir, camera, "tracks", kTracksSchema)) hops.push_back(hop("tracked", *tracks));
  return hops;
}

void add_system_routes(RouteTable& table, const bus::BusDir& dir, std::vector<CameraHub*> hubs) {
  const auto api = std::make_shared<SystemApi>(dir, std::move(hubs));
  Operation what{.tag = "system", .summary = "How the machine, its stages and their topics do"};
  what.about =
      "Rates are of the time since the last request, or of half a second. `hops`: the way of each camera's newest frame; a hop "
      "that "
      "is behind has an older frame.";
  what.answers = {{200, "", system_schema()}};
  table.add({"GET", "/api/system", Role::kViewer, [api](const Request& request) { return api->system(request); }, std::move(what),
             true});
}

}  // namespace vedette::gateway
