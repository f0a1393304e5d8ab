#include "gateway/api/metrics.h"

#include "base/clock.h"
#include "gateway/api/metrics_text.h"
#include "look/sample.h"

namespace vedette::gateway {
namespace {

class Metrics {
 public:
  Metrics(std::vector<CameraHub*> hubs, std::vector<Ingest*> ingests, const HttpStats& http, const bus::BusDir* dir)
      : hubs_(std::move(hubs)), ingests_(std::move(ingests)), http_(http), dir_(dir) {}

  std::string text(const Principal& who) const {
    MetricsText out;
    out.family("vedette_info", "gauge", "Always 1; its label says the version.");
    out.sample({{"version", VEDETTE_VERSION}}, 1);
    std::vector<const CameraHub*> hubs;
    for (const CameraHub* hub : hubs_)
      if (who.may_see(hub->name())) hubs.push_back(hub);
    tell_cameras(out, hubs);
    tell_stages(out, hubs);
    tell_viewers(out, hubs);
    tell_ingests(out, who);
    if (dir_ != nullptr) tell_bus(out, look::look_at_bus(*dir_), who);
    tell_http(out);
    return out.text();
  }

 private:
  using Hubs = std::vector<const CameraHub*>;

  static void tell_cameras(MetricsText& out, const Hubs& hubs) {
    std::vector<StatePtr> states;
    for (const CameraHub* hub : hubs) states.push_back(hub->state());
    const auto each = [&](const auto& tell) {
      for (std::size_t i = 0; i < hubs.size(); ++i)
        if (states[i]) tell(hubs[i]->name(), *states[i]);
    };
    out.family("vedette_camera_fps", "gauge", "Records a second over the last 2 s: pictures captured, pictures detected on.");
    each([&](const std::string& camera, const StateReport& state) {
      out.sample({{"camera", camera}, {"stage", "capture"}}, state.capture_fps);
      out.sample({{"camera", camera}, {"stage", "detect"}}, state.detect_fps);
    });
    out.family("vedette_camera_mode", "gauge", "1 for the mode that the camera is in, else 0; all 0 while control is away.");
    each([&](const std::string& camera, const StateReport& state) {
      for (const Mode mode : {Mode::Standby, Mode::Validation, Mode::Tracking})
        out.sample({{"camera", camera}, {"mode", vedette::to_string(mode)}}, state.mode == mode ? 1 : 0);
    });
    out.family("vedette_camera_targets", "gauge", "Targets on the newest picture.");
    each([&](const std::string& camera, const StateReport& state) { out.sample({{"camera", camera}}, state.targets); });
    out.family("vedette_camera_paused", "gauge", "1: paused by command.");
    each([&](const std::string& camera, const StateReport& state) { out.sample({{"camera", camera}}, state.paused ? 1 : 0); });
    out.family("vedette_camera_detecting", "gauge", "0: detection is off by command.");
    each([&](const std::string& camera, const StateReport& state) { out.sample({{"camera", camera}}, state.detecting ? 1 : 0); });
    out.family("vedette_camera_detection_latency_seconds", "gauge", "Capture to published detections, of the last 200.");
    each([&](const std::string& camera, const StateReport& state) {
      if (state.latency_p50_ms) out.sample({{"camera", camera}, {"quantile", "0.5"}}, *state.latency_p50_ms / 1e3);
      if (state.latency_p99_ms) out.sample({{"camera", camera}, {"quantile", "0.99"}}, *state.latency_p99_ms / 1e3);
    });
  }

  static void tell_stages(MetricsText& out, const Hubs& hubs) {
    const std::uint64_t now = monotonic_ns();
    out.family("vedette_stage_up", "gauge", "1: the stage gives signs of life.");
    for (const CameraHub* hub : hubs)
      for (const Stage& stage : hub->stages(now))
        out.sample({{"camera", hub->name()}, {"stage", stage.name}}, stage.status == StageStatus::kOk ? 1 : 0);
    out.family("vedette_input_up", "gauge", "1: the camera's input gives pictures. \"\" is the input that detects.");
    for (const CameraHub* hub : hubs)
      for (const Input& input : hub->inputs(now))
        out.sample({{"camera", hub->name()}, {"input", input.name}}, input.status == InputStatus::kOk ? 1 : 0);
  }

  static void tell_viewers(MetricsText& out, const Hubs& hubs) {
    const auto each = [&](const char* name, const char* type, const char* help, auto value_of) {
      out.family(name, type, help);
      for (const CameraHub* hub : hubs) out.sample({{"camera", hub->name()}}, static_cast<double>(value_of(*hub)));
    };
    each("vedette_gateway_viewers", "gauge", "Who watches: WebSockets, streams, snapshots under way.",
         [](const CameraHub& hub) { return hub.viewers(); });
    each("vedette_gateway_pictures_encoded_total", "counter", "Pictures turned into JPEG.",
         [](const CameraHub& hub) { return hub.counters().encoded; });
    each("vedette_gateway_pictures_passed_total", "counter", "Packets passed on as they came.",
         [](const CameraHub& hub) { return hub.counters().passed; });
    each("vedette_gateway_pictures_sent_total", "counter", "Pictures written to viewers.",
         [](const CameraHub& hub) { return hub.counters().sent; });
    each("vedette_gateway_sent_bytes_total", "counter", "Bytes of pictures written to viewers.",
         [](const CameraHub& hub) { return hub.counters().sent_bytes; });
    each("vedette_gateway_encode_seconds_total", "counter", "Time that turning pictures into JPEG took.",
         [](const CameraHub& hub) { return static_cast<double>(hub.counters().encode_ns) / 1e9; });
    each("vedette_gateway_pictures_skipped_total", "counter", "Pictures that a viewer was too slow for.",
         [](const CameraHub& hub) { return hub.counters().skipped; });
    each("vedette_gateway_bad_records_total", "counter", "Records on the bus that failed their check.",
         [](const CameraHub& hub) { return hub.counters().bad_records; });
  }

  void tell_ingests(MetricsText& out, const Principal& who) const {
    const auto each = [&](const char* name, const char* help, auto member) {
      out.family(name, "counter", help);
      for (const Ingest* ingest : ingests_)
        if (who.may_see(ingest->camera()))
          out.sample({{"camera", ingest->camera()}}, static_cast<double>(ingest->counters().*member));
    };
    if (ingests_.empty()) return;
    each("vedette_gateway_ingest_taken_total", "Pictures that were pushed and taken.", &IngestCounters::taken);
    each("vedette_gateway_ingest_replaced_total", "Of these: a newer one came before they were written.",
         &IngestCounters::replaced);
    each("vedette_gateway_ingest_refused_total", "Pictures that aren't what they claim to be.", &IngestCounters::refused);
    each("vedette_gateway_ingest_failed_total", "Pictures that could not be written.", &IngestCounters::failed);
  }

  static void tell_bus(MetricsText& out, const look::BusSample& bus, const Principal& who) {
    const auto each = [&](const char* name, const char* type, const char* help, auto value_of) {
      out.family(name, type, help);
      for (const look::TopicSample& topic : bus.topics)
        if (!topic.error && who.may_see(topic.topic.camera))
          out.sample({{"camera", topic.topic.camera}, {"topic", topic.topic.topic}}, static_cast<double>(value_of(topic.report)));
    };
    using Report = bus::TopicReport;
    each("vedette_topic_published_total", "counter", "Records published: pictures of frames, results of detections, …",
         [](const Report& report) { return report.stats.published; });
    each("vedette_topic_dropped_total", "counter", "Records that their writer had no free slot for.",
         [](const Report& report) { return report.stats.dropped; });
    each("vedette_topic_bytes", "gauge", "Shared memory that the topic takes.",
         [](const Report& report) { return report.bytes(); });
    if (!who.cameras.empty()) return;  // a program's name may tell of other cameras
    out.family("vedette_process_cpu_seconds_total", "counter", "Processor time of each process that writes or reads a topic.");
    for (const auto& [pid, stats] : bus.processes)
      out.sample({{"process", stats.name}, {"pid", std::to_string(pid)}}, static_cast<double>(stats.cpu_ns) / 1e9);
    out.family("vedette_process_resident_bytes", "gauge", "Its memory, what it shares with others included.");
    for (const auto& [pid, stats] : bus.processes)
      out.sample({{"process", stats.name}, {"pid", std::to_string(pid)}}, static_cast<double>(stats.rss_bytes));
  }

  void tell_http(MetricsText& out) const {
    const HttpStats::Snapshot http = http_.snapshot();
    out.family("vedette_gateway_http_requests_total", "counter", "Requests answered; a status of 101 went on as a WebSocket.");
    for (const auto& [key, count] : http.requests) {
      const auto& [method, route, status] = key;
      out.sample({{"method", method}, {"route", route}, {"status", std::to_string(status)}}, static_cast<double>(count));
    }
    out.family("vedette_gateway_http_request_seconds", "histogram", "From a request's head to the begin of its answer.");
    for (const auto& [route, latency] : http.latencies) out.histogram({{"route", route}}, latency);
    out.family("vedette_gateway_unauthorized_total", "counter", "Requests of somebody who isn't known (401).");
    out.sample({}, static_cast<double>(http.unknown));
  }

  const std::vector<CameraHub*> hubs_;
  const std::vector<Ingest*> ingests_;
  const HttpStats& http_;
  const bus::BusDir* dir_;
};

}  // namespace

void add_metrics_route(RouteTable& table, std::vector<CameraHub*> hubs, std::vector<Ingest*> ingests, const HttpStats& http,
                       const bus::BusDir* dir) {
  const auto metrics = std::make_shared<const Metrics>(std::move(hubs), std::move(ingests), http, dir);
  Operation what{.tag = "site", .summary = "Metrics for Prometheus"};
  what.any_query = true;
  what.answers = {{200, "", {}, "text/plain"}};
  table.add({"GET", "/metrics", Role::kViewer,
             [metrics](const Request& request) {
               Reply reply = json_reply(200, metrics->text(request.who));
               reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
               return reply;
             },
             std::move(what), true});
}

}  // namespace vedette::gateway
