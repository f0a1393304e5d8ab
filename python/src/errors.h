// Errors of the bus as Python exceptions: vedette.BusError and its subclasses (vedette/_errors.py), one an ErrorCode, with the
// bus's own sentence. The GIL is needed.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <utility>

#include "base/result.h"

namespace vedette::python {

namespace py = pybind11;

[[noreturn]] void raise(const Error& error);
// An exception of vedette/_errors.py by its name: "ShareUsed".
[[noreturn]] void raise(const char* name, const std::string& text);

template <typename T>
T value_or_raise(Result<T> result) {
  if (!result) raise(result.error());
  return std::move(result).value();
}
inline void check_or_raise(const Result<>& result) {
  if (!result) raise(result.error());
}

}  // namespace vedette::python
