#include "gateway/router.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"

namespace vedette::gateway {
namespace {

constexpr std::string_view kWatch = "/ws/";
constexpr std::string_view kPush = "/ingest/";

Reply json_reply(int status, std::string body) {
  Reply reply;
  reply.status = status;
  reply.body = std::make_shared<const std::string>(std::move(body));
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

// Everything from this server alone. connect-src names the host again because older Safari doesn't take 'self' for WebSockets.
std::string content_security_policy(const std::string& host) {
  std::string connect = "'self'";
  if (is_plain_host(host)) connect += " ws://" + host + " wss://" + host;
  return "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src " + connect +
         "; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
}

void add_common_headers(Reply& reply, const std::string& host) {
  reply.headers.emplace_back("Content-Security-Policy", content_security_policy(host));
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  reply.headers.emplace_back("Referrer-Policy", "no-referrer");
  reply.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
}

}  // namespace

Reply json_answer(int status, std::string body) {
  Reply reply = json_reply(status, std::move(body));
  add_common_headers(reply, {});
  return reply;
}

Reply error_reply(int status, std::string_view sentence) { return json_answer(status, error_json(sentence)); }

Router::Router(Access access, StaticFiles files, std::string page_missing, std::vector<CameraHub*> cameras,
               std::vector<Ingest*> ingests, ModelInfo* model)
    : access_(std::move(access)),
      files_(std::move(files)),
      page_missing_(std::move(page_missing)),
      cameras_(std::move(cameras)),
      ingests_(std::move(ingests)),
      model_(model) {}

Reply Router::answer(const RequestHead& head) const {
  const bool pushes = head.method == "POST" && head.target.starts_with(kPush);
  if (head.method != "GET" && head.method != "HEAD" && !pushes) {
    Reply reply = error_reply(405, "only GET and HEAD are served here, and POST to /ingest/<camera>");
    reply.headers.emplace_back("Allow", "GET, HEAD");
    return reply;
  }
  const auto target = parse_target(head.target);
  if (!target) return error_reply(400, "the request's target is malformed");
  const Decision decision = access_.check(head, *target);
  if (decision.status != 200) {
    Reply reply = error_reply(decision.status, decision.why);
    if (decision.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (decision.status == 429) reply.headers.emplace_back("Retry-After", std::to_string(decision.retry_after.count()));
    return reply;
  }
  Reply reply = route(head, *target);
  if (!decision.set_cookie.empty()) reply.headers.emplace_back("Set-Cookie", decision.set_cookie);
  add_common_headers(reply, head.host);
  if (std::string strict = access_.strict_transport(head.host); !strict.empty())
    reply.headers.emplace_back("Strict-Transport-Security", std::move(strict));
  return reply;
}

Reply Router::route(const RequestHead& head, const Target& target) const {
  const std::string_view path = target.path;
  if (path.starts_with(kWatch)) return watch(head, target, path.substr(kWatch.size()));
  if (path.starts_with(kPush)) return push(head, target, path.substr(kPush.size()));
  if (path == "/healthz") return json_reply(200, R"({"status":"ok"})");
  if (path == "/readyz") return ready();
  if (path == "/metrics") return metrics();
  if (path == "/api/model") return json_reply(200, model_ == nullptr ? R"({"model":null})" : model_->json());
  if (path == "/api/cameras") {
    std::vector<std::string> names;
    for (const CameraHub* camera : cameras_) names.push_back(camera->name());
    return json_reply(200, cameras_json(names));
  }
  return file(head, target);
}

Reply Router::watch(const RequestHead& head, const Target& target, std::string_view camera) const {
  for (CameraHub* hub : cameras_) {
    if (hub->name() != camera) continue;
    if (!head.websocket || head.method != "GET") {
      Reply reply = json_reply(426, error_json("this is a WebSocket: connect to it with an Upgrade request"));
      reply.headers.emplace_back("Upgrade", "websocket");
      reply.headers.emplace_back("Sec-WebSocket-Version", "13");
      return reply;
    }
    const auto wish = parse_video_wish(target);
    if (!wish) return json_reply(400, error_json(wish.error().text));
    Reply reply;
    reply.watch = hub;
    reply.wish = *wish;
    return reply;
  }
  return json_reply(404, error_json("no such camera is configured"));
}

Reply Router::push(const RequestHead& head, const Target& target, std::string_view camera) const {
  const auto ingest =
      std::find_if(ingests_.begin(), ingests_.end(), [&](const Ingest* known) { return known->camera() == camera; });
  if (ingest == ingests_.end()) {
    const bool known = std::any_of(cameras_.begin(), cameras_.end(), [&](const CameraHub* hub) { return hub->name() == camera; });
    return json_reply(404, error_json(known ? "this camera's pictures aren't pushed; expected its url to be \"ingest:\""
                                            : "no such camera is configured"));
  }
  Reply reply;
  if (head.method == "POST") {
    PushRequest pushed = parse_push(head, target);
    if (pushed.status != 202) return json_reply(pushed.status, error_json(pushed.why));
    reply.pushed = std::move(pushed);
  } else if (!head.websocket || head.method != "GET") {
    reply = json_reply(405, error_json("POST a picture here, or connect a WebSocket whose messages are JPEGs"));
    reply.headers.emplace_back("Allow", "POST");
    return reply;
  }
  reply.push = *ingest;
  return reply;
}

Reply Router::ready() const {
  const std::uint64_t now = monotonic_ns();
  std::vector<CameraHealth> cameras;
  bool ready = true;
  for (const CameraHub* camera : cameras_) {
    cameras.push_back({camera->name(), camera->stages(now), camera->inputs(now)});
    ready = ready && all_ok(cameras.back().stages) && all_ok(cameras.back().inputs);
  }
  return json_reply(ready ? 200 : 503, ready_json(cameras));
}

Reply Router::metrics() const {
  std::string text;
  const auto metric = [&](std::string_view name, std::string_view type, auto value_of) {
    text += fmt::format("# TYPE vedette_gateway_{} {}\n", name, type);
    for (const CameraHub* camera : cameras_)
      text += fmt::format("vedette_gateway_{}{{camera=\"{}\"}} {}\n", name, camera->name(), value_of(*camera));
  };
  metric("viewers", "gauge", [](const CameraHub& camera) { return camera.viewers(); });
  metric("pictures_encoded_total", "counter", [](const CameraHub& camera) { return camera.counters().encoded; });
  metric("pictures_passed_total", "counter", [](const CameraHub& camera) { return camera.counters().passed; });
  metric("pictures_sent_total", "counter", [](const CameraHub& camera) { return camera.counters().sent; });
  metric("pictures_skipped_total", "counter", [](const CameraHub& camera) { return camera.counters().skipped; });
  metric("bad_records_total", "counter", [](const CameraHub& camera) { return camera.counters().bad_records; });
  const auto ingest_metric = [&](std::string_view name, auto member) {
    if (ingests_.empty()) return;
    text += fmt::format("# TYPE vedette_gateway_{} counter\n", name);
    for (const Ingest* ingest : ingests_)
      text += fmt::format("vedette_gateway_{}{{camera=\"{}\"}} {}\n", name, ingest->camera(), ingest->counters().*member);
  };
  ingest_metric("ingest_taken_total", &IngestCounters::taken);
  ingest_metric("ingest_replaced_total", &IngestCounters::replaced);
  ingest_metric("ingest_refused_total", &IngestCounters::refused);
  ingest_metric("ingest_failed_total", &IngestCounters::failed);
  Reply reply = json_reply(200, std::move(text));
  reply.content_type = "text/plain; version=0.0.4";
  return reply;
}

Reply Router::file(const RequestHead& head, const Target& target) const {
  const StaticFile* file = files_.find(target.path);
  if (file == nullptr && target.path == "/" && !page_missing_.empty()) return json_reply(404, error_json(page_missing_));
  if (file == nullptr) return json_reply(404, error_json("nothing is served under this path"));
  Reply reply;
  reply.content_type = file->content_type;
  reply.headers.emplace_back("ETag", file->etag);
  reply.headers.emplace_back("Cache-Control", file->immutable ? "private, max-age=31536000, immutable" : "no-cache");
  if (head.if_none_match == file->etag) {
    reply.status = 304;
  } else {
    reply.body = file->body;
  }
  return reply;
}

}  // namespace vedette::gateway
