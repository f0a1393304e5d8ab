#include "errors.h"

namespace vedette::python {
namespace {

const char* name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "InvalidArgument";
    case ErrorCode::kNotFound:
      return "NotFound";
    case ErrorCode::kBusy:
      return "Busy";
    case ErrorCode::kPermissionDenied:
      return "PermissionDenied";
    case ErrorCode::kResourceExhausted:
      return "ResourceExhausted";
    case ErrorCode::kIncompatible:
      return "Incompatible";
    case ErrorCode::kCorrupt:
      return "Corrupt";
    case ErrorCode::kUnavailable:
    case ErrorCode::kIo:
      break;
  }
  return "BusError";
}

}  // namespace

void raise(const char* name, const std::string& text) {
  const py::object type = py::module_::import("vedette._errors").attr(name);
  PyErr_SetString(type.ptr(), text.c_str());
  throw py::error_already_set();
}

void raise(const Error& error) { raise(name_of(error.code), error.text); }

}  // namespace vedette::python
