#include "capture/libav.h"

#include <string_view>

#include "telemetry/log.h"

namespace vedette::capture {
namespace {

void on_libav_line(void* object, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) return;
  char line[1024];
  thread_local int print_prefix = 1;
  av_log_format_line2(object, level, format, arguments, line, sizeof line, &print_prefix);
  std::string_view text(line);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (!text.empty()) log::debug("libav: {}", text);
}

}  // namespace

void forward_libav_log() { av_log_set_callback(on_libav_line); }

}  // namespace vedette::capture
