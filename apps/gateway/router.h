// From a request's head to its answer, without a network: routes, access, files, health. A WebSocket request comes out as the
// camera to watch, one that pushes pictures as the Ingest to offer them to. Belongs to the network thread: reads the hubs,
// changes nothing but what it knows of the model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/access.h"
#include "gateway/camera_hub.h"
#include "gateway/ingest_request.h"
#include "gateway/model_info.h"
#include "gateway/static_files.h"

namespace vedette::gateway {

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::shared_ptr<const std::string> body;  // null: empty
  std::vector<std::pair<std::string, std::string>> headers;
  CameraHub* watch = nullptr;  // not an answer: go on as a WebSocket that watches this camera
  VideoWish wish;              // how
  Ingest* push = nullptr;      // not an answer: read the body and offer it, or go on as a WebSocket whose messages are JPEGs
  PushRequest pushed;          // what the body will be
};

// JSON with the headers that every answer has.
Reply json_answer(int status, std::string body);
// {"error": sentence}, so.
Reply error_reply(int status, std::string_view sentence);

class Router {
 public:
  // `files` may be empty (the page isn't built): `page_missing` is then what "/" says.
  // `ingests`: of the cameras that are pushed. `model`: null if nobody detects.
  Router(Access access, StaticFiles files, std::string page_missing, std::vector<CameraHub*> cameras,
         std::vector<Ingest*> ingests = {}, ModelInfo* model = nullptr);

  Reply answer(const RequestHead& head) const;

 private:
  Reply route(const RequestHead& head, const Target& target) const;
  Reply watch(const RequestHead& head, const Target& target, std::string_view camera) const;
  Reply push(const RequestHead& head, const Target& target, std::string_view camera) const;
  Reply ready() const;
  Reply metrics() const;
  Reply file(const RequestHead& head, const Target& target) const;

  Access access_;
  StaticFiles files_;
  std::string page_missing_;
  std::vector<CameraHub*> cameras_;
  std::vector<Ingest*> ingests_;
  ModelInfo* model_;
};

}  // namespace vedette::gateway
