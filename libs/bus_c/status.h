// How the C API says what went wrong: a status, and the sentence behind it kept per thread. Nothing thrown leaves the library.
// Thread-safe.
#pragma once

#include <vedette/bus.h>

#include <exception>
#include <new>
#include <string_view>

#include "base/result.h"

namespace vedette::c {

// Keeps the sentence (cut at 1 KiB, without allocating) and returns the status.
vd_status fail(vd_status status, std::string_view text);
vd_status fail(const Error& error);
// VD_OK or the error.
template <typename T>
vd_status status_of(const Result<T>& result) {
  return result.ok() ? VD_OK : fail(result.error());
}

// Runs one call of the API; what is thrown (memory ran out) becomes a status.
template <typename Body>
vd_status guarded(Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail(VD_RESOURCE_EXHAUSTED, "out of memory");
  } catch (const std::exception& thrown) {
    return fail(VD_IO, thrown.what());
  }
}

}  // namespace vedette::c
