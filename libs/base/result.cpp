#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace vedette {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid argument";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kPermissionDenied:
      return "permission denied";
    case ErrorCode::kResourceExhausted:
      return "resource exhausted";
    case ErrorCode::kIncompatible:
      return "incompatible";
    case ErrorCode::kCorrupt:
      return "corrupt";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kIo:
      return "input/output error";
  }
  return "unknown";
}

static ErrorCode code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
      return ErrorCode::kNotFound;
    case EBUSY:
    case EAGAIN:
    case EADDRINUSE:
    case EEXIST:
      return ErrorCode::kBusy;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kPermissionDenied;
    case ENOMEM:
    case ENOSPC:
    case EMFILE:
    case ENFILE:
    case EDQUOT:
      return ErrorCode::kResourceExhausted;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
      return ErrorCode::kInvalidArgument;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kIo;
  }
}

Error errno_error(std::string_view what, int errno_value) {
  return Error{code_of(errno_value), std::string(what) + ": " + std::generic_category().message(errno_value)};
}

Error errno_error(std::string_view what) { return errno_error(what, errno); }

}  // namespace vedette
