#include "gateway/router.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "gateway/api/model_api.h"

namespace vedette::gateway {
namespace {

constexpr std::string_view kCamera = "camera";
constexpr std::string_view kPage = "page";

// What a body's head says of it, before a byte of it is read.
std::optional<Reply> refuse_body(const RequestHead& head, std::size_t most) {
  if (!is_json_type(head.content_type))
    return problem(415, head.content_type.empty() ? "no Content-Type; expected application/json"
                                                  : "Content-Type " + head.content_type + "; expected application/json");
  if (head.content_length.empty()) return std::nullopt;
  std::uint64_t bytes = 0;
  const char* end = head.content_length.data() + head.content_length.size();
  const auto [stop, error] = std::from_chars(head.content_length.data(), end, bytes);
  if (error == std::errc{} && stop == end && bytes <= most) return std::nullopt;
  return problem(413, fmt::format("a body of {} bytes; expected at most {}", head.content_length, most));
}

// Other keys of the query are passed over: programs put a number there so that no cache answers.
Operation stream_operation() {
  Operation operation{"pictures", "A camera's pictures as they come, for an <img> or any player"};
  operation.about =
      "JPEGs as multipart/x-mixed-replace: the camera's own if it sends such, else encoded from its pictures. Has no end.";
  operation.any_query = true;
  operation.answers = {{200, "the first of them and those that follow", {}, "multipart/x-mixed-replace"}};
  operation.problems = {503};
  return operation;
}

Operation snapshot_operation() {
  Operation operation{"pictures", "A camera's next picture"};
  operation.about =
      "Taken after it was asked for, in full size; within 5 s, else 503. X-Frame-Id says which, X-Captured-At when.";
  operation.query = {integer_param("width", "pixels; the height follows, and nothing is enlarged", kLeastSnapshotWidth, kMaxSide),
                     choice_param("boxes", "1: with what was detected on it", {"0", "1"})};
  operation.any_query = true;
  operation.answers = {{200, "", {}, "image/jpeg"}};
  operation.problems = {502, 503};
  return operation;
}

Reply not_allowed(std::string_view detail, const std::vector<std::string>& methods) {
  Reply reply = problem(405, detail);
  reply.headers.emplace_back("Allow", fmt::format("{}", fmt::join(methods, ", ")));
  return reply;
}

}  // namespace

Router::Router(Access access, StaticFiles files, std::string page_missing, std::vector<CameraHub*> cameras,
               std::vector<Ingest*> ingests, ModelInfo* model)
    : access_(std::move(access)),
      files_(std::move(files)),
      page_missing_(std::move(page_missing)),
      cameras_(std::move(cameras)),
      ingests_(std::move(ingests)) {
  add_site_routes();
  add_model_route(table_, model);
}

Call Router::begin(const RequestHead& head) const {
  Call call;
  call.request.head = head;
  auto target = parse_target(head.target);
  if (!target) {
    call.reply = problem(400, "the request's target is malformed");
    return call;
  }
  call.request.target = *std::move(target);
  Decision decision = access_.check(head, call.request.target);
  call.wrong_token = decision.wrong_token;
  find_route(call);
  // Who isn't known yet may use what is there for that, and see the page that asks them.
  const bool is_for_all = call.route != nullptr ? !call.route->least : call.path == kPage;
  const bool open = is_for_all && decision.status == 401;
  if (decision.status != 200 && !open) {
    call.route = nullptr;
    call.reply = refuse(decision);
    return call;
  }
  call.request.who = std::move(decision.who);
  call.is_unknown = decision.status != 200;
  call.set_cookie = std::move(decision.set_cookie);
  if (call.route == nullptr) return call;
  if (auto refusal = refuse_call(call)) {
    call.route = nullptr;
    call.reply = *std::move(refusal);
  }
  return call;
}

Reply Router::refuse(const Decision& decision) const {
  if (decision.status == 401) stats_->count_unknown();
  Reply reply = problem(decision.status, decision.why);
  if (decision.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (decision.status == 429) reply.headers.emplace_back("Retry-After", std::to_string(decision.retry_after.count()));
  return reply;
}

// The route, or what is answered where there is none.
void Router::find_route(Call& call) const {
  const RequestHead& head = call.request.head;
  const Target& target = call.request.target;
  RouteTable::Match match = table_.find(head.method, target.path);
  if (match.route != nullptr) {
    call.route = match.route;
    call.path = match.route->path;
    call.request.params = std::move(match.params);
    return;
  }
  const bool is_file = match.methods.empty() && (files_.find(target.path) != nullptr || target.path == "/");
  if (is_file) match.methods = {"GET", "HEAD", "OPTIONS"};
  const bool reads = head.method == "GET" || head.method == "HEAD";
  if (match.methods.empty()) {
    call.reply = reads ? file(head, target) : problem(404, "nothing is served under this path");
  } else if (head.method == "OPTIONS") {
    call.reply = no_content();
    call.reply.headers.emplace_back("Allow", fmt::format("{}", fmt::join(match.methods, ", ")));
  } else if (is_file && reads) {
    call.path = kPage;
    call.reply = file(head, target);
  } else {
    call.reply = not_allowed(fmt::format("only {} are served here", fmt::join(match.methods, ", ")), match.methods);
  }
}

bool Router::is_camera(std::string_view name) const {
  return std::any_of(cameras_.begin(), cameras_.end(), [&](const CameraHub* hub) { return hub->name() == name; });
}

std::optional<Reply> Router::refuse_call(const Call& call) const {
  const Request& request = call.request;
  const Route& route = *call.route;
  // Somebody who may not see a camera must not learn that it is there.
  if (const auto camera = request.params.find(kCamera);
      camera != request.params.end() &&
      (!request.who.may_see(camera->second) || (!route.past_cameras && !is_camera(camera->second))))
    return problem(404, "no such camera is configured");
  if (route.least && !request.who.may(*route.least))
    return problem(403, fmt::format("this needs the role {}; yours is {}", role_name(*route.least), role_name(request.who.role)));
  if (auto refusal = refuse_query(route.operation, request.target)) return refusal;
  if (!route.operation.body.empty()) return refuse_body(request.head, call.most_body_bytes());
  return std::nullopt;
}

Reply Router::finish(Call& call, const std::string& body) const {
  Reply reply = std::move(call.reply);
  if (call.route != nullptr) {
    BodyRead read;
    if (call.wants_body()) read = read_body(call.route->operation, body);
    call.request.body = std::move(read.json);
    reply = read.refusal ? *std::move(read.refusal) : call.route->handler(call.request);
    call.told = std::move(reply.told);
  }
  if (!call.set_cookie.empty()) reply.headers.emplace_back("Set-Cookie", call.set_cookie);
  add_common_headers(reply, call.request.head.host);
  if (std::string strict = access_.strict_transport(call.request.head.host); !strict.empty())
    reply.headers.emplace_back("Strict-Transport-Security", std::move(strict));
  return reply;
}

Reply Router::answer(const RequestHead& head, const std::string& body) const {
  Call call = begin(head);
  return finish(call, body);
}

void Router::finished(const Call& call, int status, double seconds) const {
  const RequestHead& head = call.request.head;
  stats_->count(head.method, call.path, status, seconds);
  if (audit_ == nullptr || head.method.empty()) return;
  const Principal& who = call.request.who;
  const auto tell = [&](std::string what, int result, std::string detail) {
    const bool often = call.is_unknown && (call.wrong_token || result == 429);  // a program that nobody told, every second
    audit_->add({who.told_name(), call.is_unknown ? "" : std::string(role_name(who.role)), head.remote, std::move(what), result,
                 std::move(detail), often});
  };
  if (!call.set_cookie.empty()) tell("login", 200, "by a token in the address");
  // Logins are told of where more is known of them; pictures that are pushed come thirty times a second and change nothing.
  const bool is_told_elsewhere = call.path == "/api/session" || (call.path == "/ingest/{camera}" && status < 300);
  const bool is_unsafe = head.method != "GET" && head.method != "HEAD" && head.method != "OPTIONS";
  const bool is_refusal = status == 403 || status == 429;
  const bool is_told = !is_told_elsewhere && (is_unsafe || is_refusal);
  if (!is_told && !call.wrong_token) return;
  // A wrong token is told whatever the answer was: who has none may see the page too.
  tell(head.method + " " + call.request.target.path, is_told ? status : 401,
       call.wrong_token && call.told.empty() ? "a wrong token" : call.told);
}

void Router::add_site_routes() {
  const auto site = [](std::string summary) {
    Operation operation{"site", std::move(summary)};
    operation.any_query = true;
    return operation;
  };
  Operation healthz = site("Whether the gateway serves");
  healthz.answers = {{200, "it does", {{"type", "object"}}}};
  table_.add({"GET", "/healthz", std::nullopt, [](const Request&) { return json_reply(200, R"({"status":"ok"})"); }, healthz});
  Operation readyz = site("Whether every stage and input of every camera is well");
  readyz.answers = {{200, "all are", {{"type", "object"}}}, {503, "some aren't", {{"type", "object"}}}};
  table_.add({"GET", "/readyz", Role::kViewer, [this](const Request& request) { return ready(request.who); }, readyz});
  table_.add({"GET", "/ws/{camera}", Role::kViewer, [this](const Request& request) { return watch(request); },
              site("A camera's WebSocket"), false, false});
  table_.add({"GET", "/stream/{camera}.mjpeg", Role::kViewer, [this](const Request& request) { return stream(request); },
              stream_operation()});
  table_.add({"GET", "/snapshot/{camera}.jpg", Role::kViewer, [this](const Request& request) { return snapshot(request); },
              snapshot_operation()});
  for (const char* method : {"GET", "POST"})
    table_.add({method, "/ingest/{camera}", Role::kOperator, [this](const Request& request) { return push(request); },
                site("Takes a camera's pictures"), false, false});
}

Reply Router::watch(const Request& request) const {
  if (!request.head.websocket || request.head.method != "GET") {
    Reply reply = problem(426, "this is a WebSocket: connect to it with an Upgrade request");
    reply.headers.emplace_back("Upgrade", "websocket");
    reply.headers.emplace_back("Sec-WebSocket-Version", "13");
    return reply;
  }
  const auto wish = parse_video_wish(request.target);
  if (!wish) return problem(400, wish.error().text);
  Reply reply = watch_as(request, Watching::As::kWebSocket);
  reply.watching.video = *wish;
  return reply;
}

Reply Router::watch_as(const Request& request, Watching::As as) const {
  Reply reply;
  reply.watching.as = as;
  for (CameraHub* hub : cameras_)
    if (hub->name() == request.param(kCamera)) reply.watch = hub;
  return reply;
}

Reply Router::stream(const Request& request) const { return watch_as(request, Watching::As::kStream); }

Reply Router::snapshot(const Request& request) const {
  const auto wish = parse_snapshot_wish(request.target);
  if (!wish) return problem(400, wish.error().text);
  Reply reply = watch_as(request, Watching::As::kSnapshot);
  reply.watching.snapshot = *wish;
  return reply;
}

Reply Router::push(const Request& request) const {
  const RequestHead& head = request.head;
  const auto ingest = std::find_if(ingests_.begin(), ingests_.end(),
                                   [&](const Ingest* known) { return known->camera() == request.param(kCamera); });
  if (ingest == ingests_.end()) return problem(404, "this camera's pictures aren't pushed; expected its url to be \"ingest:\"");
  Reply reply;
  if (head.method == "POST") {
    PushRequest pushed = parse_push(head, request.target);
    if (pushed.status != 202) return problem(pushed.status, pushed.why);
    reply.pushed = std::move(pushed);
  } else if (!head.websocket || head.method != "GET") {
    return not_allowed("POST a picture here, or connect a WebSocket whose messages are JPEGs", {"OPTIONS", "POST"});
  }
  reply.push = *ingest;
  return reply;
}

Reply Router::ready(const Principal& who) const {
  const std::uint64_t now = monotonic_ns();
  std::vector<CameraHealth> cameras;
  bool ready = true;
  for (const CameraHub* camera : cameras_) {
    if (!who.may_see(camera->name())) continue;
    cameras.push_back({camera->name(), camera->stages(now), camera->inputs(now)});
    ready = ready && all_ok(cameras.back().stages) && all_ok(cameras.back().inputs);
  }
  return json_reply(ready ? 200 : 503, ready_json(cameras));
}

Reply Router::file(const RequestHead& head, const Target& target) const {
  const StaticFile* file = files_.find(target.path);
  if (file == nullptr && target.path == "/" && !page_missing_.empty()) return problem(404, page_missing_);
  if (file == nullptr) return problem(404, "nothing is served under this path");
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
