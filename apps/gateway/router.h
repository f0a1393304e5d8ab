// From a request's head to its answer, without a network: routes, access, files, health. A WebSocket request comes out as the
// camera to watch. Thread-safe: reads the hubs, changes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/access.h"
#include "gateway/camera_hub.h"
#include "gateway/static_files.h"

namespace vedette::gateway {

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::shared_ptr<const std::string> body;  // null: empty
  std::vector<std::pair<std::string, std::string>> headers;
  CameraHub* watch = nullptr;  // not an answer: go on as a WebSocket that watches this camera
};

// A JSON error with the headers that every answer has.
Reply error_reply(int status, std::string_view sentence);

class Router {
 public:
  // `files` may be empty (the page isn't built): `page_missing` is then what "/" says.
  Router(Access access, StaticFiles files, std::string page_missing, std::vector<CameraHub*> cameras);

  Reply answer(const RequestHead& head) const;

 private:
  Reply route(const RequestHead& head, const Target& target) const;
  Reply watch(const RequestHead& head, std::string_view camera) const;
  Reply ready() const;
  Reply metrics() const;
  Reply file(const RequestHead& head, const Target& target) const;

  Access access_;
  StaticFiles files_;
  std::string page_missing_;
  std::vector<CameraHub*> cameras_;
};

}  // namespace vedette::gateway
