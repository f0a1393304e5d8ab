#include "bus_c/status.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"

namespace vedette::c {
namespace {

constexpr std::size_t kTextBytes = 1024;
thread_local char last_text[kTextBytes] = "";

vd_status status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return VD_INVALID_ARGUMENT;
    case ErrorCode::kNotFound:
      return VD_NOT_FOUND;
    case ErrorCode::kBusy:
      return VD_BUSY;
    case ErrorCode::kPermissionDenied:
      return VD_PERMISSION_DENIED;
    case ErrorCode::kResourceExhausted:
      return VD_RESOURCE_EXHAUSTED;
    case ErrorCode::kIncompatible:
      return VD_INCOMPATIBLE;
    case ErrorCode::kCorrupt:
      return VD_CORRUPT;
    case ErrorCode::kUnavailable:
      return VD_UNAVAILABLE;
    case ErrorCode::kIo:
      return VD_IO;
  }
  return VD_IO;
}

}  // namespace

vd_status fail(vd_status status, std::string_view text) {
  const std::size_t bytes = std::min(text.size(), kTextBytes - 1);
  std::memmove(last_text, text.data(), bytes);
  last_text[bytes] = '\0';
  return status;
}

vd_status fail(const Error& error) { return fail(status_of(error.code), error.text); }

}  // namespace vedette::c

extern "C" {

const char* vd_last_error(void) { return vedette::c::last_text; }

const char* vd_status_text(vd_status status) {
  switch (status) {
    case VD_OK:
      return "ok";
    case VD_NOTHING:
      return "nothing new";
    case VD_TIMEOUT:
      return "timed out";
    case VD_NOT_YET:
      return "not yet";
    case VD_NEVER:
      return "never";
    case VD_TOO_SMALL:
      return "buffer too small";
    case VD_NO_SLOT:
      return "no free slot";
    case VD_INVALID_ARGUMENT:
      return "invalid argument";
    case VD_NOT_FOUND:
      return "not found";
    case VD_BUSY:
      return "busy";
    case VD_PERMISSION_DENIED:
      return "permission denied";
    case VD_RESOURCE_EXHAUSTED:
      return "resource exhausted";
    case VD_INCOMPATIBLE:
      return "incompatible";
    case VD_CORRUPT:
      return "corrupt";
    case VD_UNAVAILABLE:
      return "unavailable";
    case VD_IO:
      return "input/output error";
    default:
      return "unknown status";
  }
}

const char* vd_version(void) { return VEDETTE_VERSION; }

uint64_t vd_now_ns(void) { return vedette::monotonic_ns(); }

}  // extern "C"
