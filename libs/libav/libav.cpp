#include "libav/libav.h"

#include <atomic>
#include <cerrno>

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

void LibavCloseOutput::operator()(AVFormatContext* output) const {
  avio_closep(&output->pb);
  avformat_free_context(output);
}

Error libav_error(const std::string& what, int error) {
  for (const int system : {ENOSPC, EIO, EDQUOT, EROFS, EACCES, ENOENT})
    if (error == AVERROR(system)) return errno_error(what, system);
  return Error{ErrorCode::kInvalidArgument, what + ": " + libav_text(error)};
}

Result<OutputPtr> make_mp4(const std::string& path) {
  AVFormatContext* made = nullptr;
  if (avformat_alloc_output_context2(&made, nullptr, "mp4", ("file:" + path).c_str()) < 0)
    return Error{ErrorCode::kNotFound, "this libav can't write MP4"};
  return OutputPtr(made);
}

Result<> begin_mp4(AVFormatContext& output, const std::string& path, bool faststart) {
  if (const int failed = avio_open(&output.pb, output.url, AVIO_FLAG_WRITE); failed < 0) return libav_error(path, failed);
  AVDictionary* options = nullptr;
  if (faststart) av_dict_set(&options, "movflags", "+faststart", 0);
  const int failed = avformat_write_header(&output, &options);
  av_dict_free(&options);
  return failed < 0 ? Result<>(libav_error(path, failed)) : Result<>();
}

Result<> end_mp4(AVFormatContext& output, const std::string& path) {
  if (const int failed = av_write_trailer(&output); failed < 0) return libav_error(path, failed);
  if (const int failed = avio_closep(&output.pb); failed < 0) return libav_error(path, failed);
  return {};
}

void set_libav_log(LibavLine take) {
  take_line.store(take);
  av_log_set_callback(on_libav_line);
}

}  // namespace vedette
