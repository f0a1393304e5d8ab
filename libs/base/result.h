// Result<T>: a value or an Error that a caller can act on.
//
// Every fallible function of ours returns one; nothing of ours throws. Both classes are [[nodiscard]], so that dropping a
// failure doesn't compile (tests/compile_fail). Errors carry one sentence for the person who reads it: what failed,
// where, and what was expected. Ordinary outcomes of the frame path (nothing new, overrun) are small enums, not Results.
// Thread-safety: as safe as T.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace vedette {

enum class ErrorCode {
  kInvalidArgument,    // the caller, a config or a request is wrong; retrying the same won't help
  kNotFound,           // a file, topic or device isn't there (yet)
  kBusy,               // somebody else holds it: a lock, a port, a device
  kPermissionDenied,   // owner, mode or credentials don't allow it
  kResourceExhausted,  // memory, disk, table or descriptor limit
  kIncompatible,       // another layout version, schema or tensor contract
  kCorrupt,            // bytes that can't be what they claim to be
  kUnavailable,        // a peer is away; may come back
  kIo,                 // the operating system said no for another reason
};

// Lower-case words as they stand in logs and JSON ("not found").
std::string_view to_string(ErrorCode code);

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::kIo;
  std::string text;

  // The same error seen from further out: "context: text".
  Error in(std::string_view context) && {
    text.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

// An Error from errno: "what: No such file or directory", with the fitting code.
Error errno_error(std::string_view what, int errno_value);
Error errno_error(std::string_view what);  // uses the current errno

struct Ok {};

template <typename T = Ok>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  Result() requires std::is_same_v<T, Ok> : state_(std::in_place_index<0>) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Our own bug to call these in the wrong state: asserts.
  T& value() & {
    VD_ASSERT(ok(), error_text());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    VD_ASSERT(ok(), error_text());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    VD_ASSERT(ok(), error_text());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    VD_ASSERT(!ok(), "error() of a good Result");
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    VD_ASSERT(!ok(), "error() of a good Result");
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  const char* error_text() const { return ok() ? "" : std::get_if<1>(&state_)->text.c_str(); }
  std::variant<T, Error> state_;
};

#define VD_CONCAT_INNER(a, b) a##b
#define VD_CONCAT(a, b) VD_CONCAT_INNER(a, b)

// Returns the Error of `expression` to the caller, if it has one.
#define VD_TRY(expression)                                                                   \
  do {                                                                                       \
    if (auto vd_result = (expression); !vd_result.ok()) return std::move(vd_result).error(); \
  } while (false)

// VD_ASSIGN(auto x, f()): declares or assigns x from f()'s value, or returns its Error.
#define VD_ASSIGN(target, expression) VD_ASSIGN_INNER(VD_CONCAT(vd_result_, __LINE__), target, expression)
#define VD_ASSIGN_INNER(name, target, expression) \
  auto name = (expression);                       \
  if (!name.ok()) return std::move(name).error(); \
  target = std::move(name).value()

}  // namespace vedette
