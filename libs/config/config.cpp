#include "config/config.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "config/loader.h"
#include "config/notify_binders.h"
#include "telemetry/log.h"

namespace vedette {
namespace {

config::Environment current_environment() {
  config::Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos) environment.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return environment;
}

Result<std::string> read_text(const std::string& path) {
  const auto fault = [&](ErrorCode code, std::string_view what) { return Error{code, path + ": " + std::string(what)}; };
  if (path.empty()) return Error{ErrorCode::kInvalidArgument, "no configuration file; expected its path"};
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return fault(ErrorCode::kInvalidArgument, "a folder; expected a YAML file");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) return errno_error("the configuration file " + path + " can't be read");
  std::string text(config::kMaxFileBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return fault(ErrorCode::kIo, "can't be read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

Result<Config> load_config(const std::string& path, const std::vector<std::string>& overrides) {
  VD_ASSIGN(const std::string text, read_text(path));
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).string();
  config::Loader loader(path, current_environment());
  loader.read_file(text);
  loader.read_environment(here);
  loader.read_overrides(overrides, here);
  return loader.finish();
}

Result<Config> parse_config(const std::string& text, const std::string& path) {
  config::Loader loader(path, current_environment());
  loader.read_file(text);
  return loader.finish();
}

Result<Config> load_settings(const std::vector<std::string>& overrides) {
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).string();
  config::Loader loader("", current_environment());
  loader.read_environment(here);
  loader.read_overrides(overrides, here);
  return loader.finish(config::Loader::Cameras::kNone);
}

std::vector<InputConfig> inputs_of(const CameraConfig& camera) {
  return camera.inputs.empty() ? std::vector<InputConfig>{{"", camera.url, {camera.detect, true, true}}} : camera.inputs;
}

std::vector<std::string> secrets_of(const Config& config) {
  std::vector<std::string> secrets;
  const auto add = [&](std::string secret) {
    if (!secret.empty()) secrets.push_back(std::move(secret));
  };
  for (const CameraConfig& camera : config.cameras) {
    add(camera.password.value);
    for (const InputConfig& input : inputs_of(camera))
      for (std::string& secret : log::secrets_in_url(input.url)) add(std::move(secret));
  }
  add(config.gateway.token.value);
  add(config.mqtt.password.value);
  for (const WebhookConfig& webhook : config.notify.webhooks) {
    for (std::string& secret : log::secrets_in_url(webhook.url)) add(std::move(secret));
    for (const std::string& header : webhook.headers) add(config::secret_in_header(header));
  }
  return secrets;
}

}  // namespace vedette
