#include "model/onnx/runtime.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>

namespace vedette::model::onnx {
namespace {

thread_local std::string last_logged;

void keep(void*, OrtLoggingLevel, const char*, const char*, const char*, const char* message) { last_logged = message; }

Ort::Env* make_environment() {
  ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);  // it looks nowhere else before its first report
  return new Ort::Env(ORT_LOGGING_LEVEL_ERROR, "vedette", keep, nullptr);
}

std::string after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.rfind(mark);
  return std::string(at == std::string_view::npos ? text : text.substr(at + mark.size()));
}

// "/…/webgpu_context.cc:136 …::<lambda()> x == y was false. No adapter\n" -> "No adapter"
std::string tidy(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  for (const std::string_view mark : {"with error: ", " was false. ", "[ONNXRuntimeError] : "}) line = after(line, mark);
  return line;
}

}  // namespace

Ort::Env& environment() {
  static Ort::Env* const the_one = make_environment();
  return *the_one;
}

std::string_view runtime_version() { return OrtGetApiBase()->GetVersionString(); }

bool is_built_in(std::string_view execution_provider) {
  const auto all = Ort::GetAvailableProviders();
  return std::find(all.begin(), all.end(), execution_provider) != all.end();
}

std::string library_folder() {
  ::Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&OrtGetApiBase), &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/'));
}

Failure::Failure() { last_logged.clear(); }

std::string Failure::reason(const std::exception& error) const {
  const std::string_view said = error.what();
  return tidy(said.find("Failed to load") != std::string_view::npos && !last_logged.empty() ? last_logged : said);
}

}  // namespace vedette::model::onnx
