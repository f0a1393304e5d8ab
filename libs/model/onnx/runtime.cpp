#include "model/onnx/runtime.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "model/onnx/quiet_errors.h"

namespace vedette::model::onnx {
namespace {

thread_local std::string last_logged;

void keep(void*, OrtLoggingLevel, const char*, const char*, const char*, const char* message) { last_logged = message; }

// y = Identity(x): the least model that there is.
constexpr std::string_view kLeastModel(
    "\x08\x08\x42\x02\x10\x0d\x3a\x2b"
    "\x0a\x10\x0a\x01x\x12\x01y\x22\x08Identity\x12\x01g"
    "\x5a\x09\x0a\x01x\x12\x04\x0a\x02\x08\x01"
    "\x62\x09\x0a\x01y\x12\x04\x0a\x02\x08\x01",
    51);

// A runtime that is linked with the ONNX library (Debian's) has it register its operators again when the first model is opened,
// and a sentence for each goes to standard error: better while nobody hears it.
void open_first_model(const Ort::Env& environment) {
  const std::unique_ptr<void, int (*)(void*)> library(::dlopen("libonnx.so.1", RTLD_LAZY | RTLD_NOLOAD), ::dlclose);
  if (!library) return;
  const QuietErrors quiet;
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1);
  try {
    const Ort::Session session(environment, kLeastModel.data(), kLeastModel.size(), options);
  } catch (const Ort::Exception&) {  // then the model that is wanted says why
  }
}

Ort::Env* make_environment() {
  ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);  // it looks nowhere else before its first report
  auto* const made = new Ort::Env(ORT_LOGGING_LEVEL_ERROR, "vedette", keep, nullptr);
  open_first_model(*made);
  return made;
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
