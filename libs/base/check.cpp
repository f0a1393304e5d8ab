#include "base/check.h"

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace vedette {

void assertion_failed(const char* file, int line, const char* condition, const char* text) {
  char message[512];
  const int length = std::snprintf(message, sizeof message, "%s:%d: assertion failed: %s: %s\n", file, line, condition, text);
  const auto bytes = static_cast<size_t>(length > 0 ? length : 0);
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message, bytes < sizeof message ? bytes : sizeof message - 1);
  std::abort();
}

}  // namespace vedette
