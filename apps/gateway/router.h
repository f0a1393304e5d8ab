// From a request's head to its answer, without a network: access, routes, files, health. A WebSocket request comes out as the
// camera to watch, one that pushes pictures as the Ingest to offer them to.
//
// The table of routes is filled before the server runs. begin() is the network thread's; finish() runs where the call says: on
// the network thread, or on a worker's if it blocks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/access.h"
#include "gateway/api/route.h"
#include "gateway/audit.h"
#include "gateway/camera_hub.h"
#include "gateway/http_stats.h"
#include "gateway/model_info.h"
#include "gateway/reply.h"
#include "gateway/static_files.h"

namespace vedette::gateway {

// A request whose head has been looked at, and what is left to do for it.
struct Call {
  Request request;
  const Route* route = nullptr;  // whose handler is to answer; null: `reply` is the answer
  Reply reply;
  std::string set_cookie;
  std::string told;        // Reply::told of the answer
  bool is_unknown = true;  // who asks
  bool wrong_token = false;
  std::string path;  // of the route, for the count of requests; "" where there is none

  bool wants_body() const { return route != nullptr && !route->operation.body.empty(); }
  std::size_t most_body_bytes() const { return route != nullptr && route->least ? kMaxJsonBytes : kMaxStrangersJsonBytes; }
  bool blocks() const { return route != nullptr && route->blocks; }
};

class Router {
 public:
  // `files` may be empty (the page isn't built): `page_missing` is then what "/" says.
  // `ingests`: of the cameras that are pushed. `model`: null if nobody detects.
  Router(Access access, StaticFiles files, std::string page_missing, std::vector<CameraHub*> cameras,
         std::vector<Ingest*> ingests = {}, ModelInfo* model = nullptr);

  Router(const Router&) = delete;  // its routes point to it
  Router& operator=(const Router&) = delete;

  // For routes of others; before the server runs.
  RouteTable& table() { return table_; }
  const RouteTable& table() const { return table_; }
  const Access& access() const { return access_; }
  // Where what may change something is told of; null: nowhere. Before the server runs.
  void set_audit(AuditLog* audit) { audit_ = audit; }
  // Once a request has been answered: counts it, and tells the audit log.
  void finished(const Call& call, int status, double seconds) const;
  const std::vector<CameraHub*>& cameras() const { return cameras_; }
  HttpStats& stats() const { return *stats_; }

  // What the head decides: who asks, whether they may, which route it is. A call that wants a body has said in its head that it
  // brings one of JSON, not too large.
  Call begin(const RequestHead& head) const;
  // The answer, with all headers. `body`: what was read for a call that wants one.
  Reply finish(Call& call, const std::string& body = {}) const;
  // Both, one behind the other.
  Reply answer(const RequestHead& head, const std::string& body = {}) const;

 private:
  Reply refuse(const Decision& decision) const;
  void find_route(Call& call) const;
  std::optional<Reply> refuse_call(const Call& call) const;
  bool is_camera(std::string_view name) const;
  void add_site_routes();
  Reply watch(const Request& request) const;
  Reply watch_as(const Request& request, Watching::As as) const;
  Reply stream(const Request& request) const;
  Reply snapshot(const Request& request) const;
  Reply push(const Request& request) const;
  Reply ready(const Principal& who) const;
  Reply file(const RequestHead& head, const Target& target) const;

  Access access_;
  StaticFiles files_;
  std::string page_missing_;
  std::vector<CameraHub*> cameras_;
  std::vector<Ingest*> ingests_;
  RouteTable table_;
  AuditLog* audit_ = nullptr;
  std::unique_ptr<HttpStats> stats_ = std::make_unique<HttpStats>();
};

}  // namespace vedette::gateway
