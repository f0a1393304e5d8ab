#include "config/layers.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "config/command_line.h"
#include "config/loader.h"

namespace vedette {
namespace config {
namespace {

Result<std::string> read_text(const std::string& path) {
  const auto fault = [&](ErrorCode code, std::string_view what) { return Error{code, path + ": " + std::string(what)}; };
  if (path.empty()) return Error{ErrorCode::kInvalidArgument, "no configuration file; expected its path"};
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return fault(ErrorCode::kInvalidArgument, "a folder; expected a YAML file");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) return errno_error("the configuration file " + path + " can't be read");
  std::string text(kMaxFileBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return fault(ErrorCode::kIo, "can't be read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

Environment current_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos) environment.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return environment;
}

std::string here() {
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

Result<Layers> read_layers(const std::string& path, const std::vector<std::string>& flags) {
  Layers layers{.path = path, .flags = flags};
  VD_ASSIGN(layers.text, read_text(path));
  VD_ASSIGN(const Config config, load_layers(layers));
  layers.overrides_path = overrides_path(config.storage);
  std::error_code error;
  if (!std::filesystem::exists(layers.overrides_path, error)) return layers;
  VD_ASSIGN(layers.overrides_text, read_text(layers.overrides_path));
  return layers;
}

Result<Config> load_layers(const Layers& layers, const Change* change) {
  Loader loader(layers.path, current_environment());
  loader.read_file(layers.text);
  if (!layers.overrides_text.empty()) loader.read_overrides_file(layers.overrides_text, layers.overrides_path);
  if (change != nullptr) loader.read_change(change->camera, change->key, *change->value);
  loader.read_environment(here());
  loader.read_overrides(layers.flags, here());
  return loader.finish();
}

}  // namespace config

std::string overrides_path(const StorageConfig& storage) { return storage_dir(storage) + "/overrides.yaml"; }

}  // namespace vedette
