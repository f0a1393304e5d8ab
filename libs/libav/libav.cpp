#include "libav/libav.h"

#include <atomic>

namespace vedette {
namespace {

std::atomic<LibavLine> take_line = nullptr;

void on_libav_line(void* object, int level, const char* format, va_list arguments) {
  const LibavLine take = take_line.load();
  if (level > AV_LOG_WARNING || take == nullptr) return;
  char line[1024];
  thread_local int print_prefix = 1;
  av_log_format_line2(object, level, format, arguments, line, sizeof line, &print_prefix);
  std::string_view text(line);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (!text.empty()) take(text);
}

}  // namespace

void set_libav_log(LibavLine take) {
  take_line.store(take);
  av_log_set_callback(on_libav_line);
}

}  // namespace vedette
