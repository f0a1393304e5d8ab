// Reply: what a request is answered with, or what its connection goes on as. A value; its body and file may be shared, read-only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "gateway/camera_hub.h"
#include "gateway/ingest_request.h"
#include "gateway/snapshot.h"
#include "gateway/video.h"

namespace vedette::gateway {

// A part of an open regular file, sent in pieces.
struct FileBody {
  std::shared_ptr<const UniqueFd> fd;  // null: none
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// How a camera is to be looked at.
struct Watching {
  enum class As { kWebSocket, kStream, kSnapshot } as = As::kWebSocket;
  VideoWish video;        // of a WebSocket
  SnapshotWish snapshot;  // of a snapshot
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::shared_ptr<const std::string> body;  // null: empty, or `file`
  FileBody file;
  std::vector<std::pair<std::string, std::string>> headers;
  CameraHub* watch = nullptr;  // not an answer: go on as what `watching` says, of this camera
  Watching watching;
  Ingest* push = nullptr;  // not an answer: read the body and offer it, or go on as a WebSocket whose messages are JPEGs
  PushRequest pushed;      // what the body will be
  std::string told;        // what the audit log says more of it; "": nothing
};

// JSON that must not be kept. Without the headers that every answer has: see add_common_headers().
Reply json_reply(int status, std::string body);
Reply no_content();

// RFC 9457: {"type","title","status","detail"} as application/problem+json. `detail`: a sentence that says what was expected.
Reply problem(int status, std::string_view detail);
// What is wrong with one value of what came: where in the body (RFC 6901, "/value/0/polygon") or which query key, and why.
struct Mistake {
  std::string pointer;  // "": of the whole body
  std::string detail;
};
Reply problem(int status, std::string_view detail, const std::vector<Mistake>& errors);

// 200: "OK"; what RFC 9110 calls a status.
std::string_view reason_of(int status);

// Content-Security-Policy and what else keeps a page to itself. `host`: the request's; "" where it isn't known.
void add_common_headers(Reply& reply, const std::string& host);

}  // namespace vedette::gateway
