// What a request to /ingest/<camera> wants to push, by its head alone, before a byte of its body is read. Pure, thread-safe;
// every byte here comes from the network.
#pragma once

#include <optional>
#include <string>

#include "gateway/ingest.h"
#include "gateway/request.h"

namespace vedette::gateway {

struct PushRequest {
  int status = 202;       // else the answer: 400, 411, 413, 415
  std::string why;        // a sentence
  PushedPicture picture;  // all but its bytes
  std::uint64_t body_bytes = 0;
};

// A POST: image/jpeg, or application/octet-stream with ?width=&height=&format=.
PushRequest parse_push(const RequestHead& head, const Target& target);
// The client's time of capture, `?captured_at=` or X-Captured-At, Unix milliseconds; none: it says none. False: it isn't a
// number.
bool captured_at(const RequestHead& head, const Target& target, std::optional<std::uint64_t>& unix_ms);

}  // namespace vedette::gateway
