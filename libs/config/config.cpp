#include "config/config.h"

#include <algorithm>

#include "config/layers.h"
#include "config/loader.h"
#include "config/notify_binders.h"
#include "telemetry/log.h"

namespace vedette {

Result<Config> load_config(const std::string& path, const std::vector<std::string>& overrides) {
  VD_ASSIGN(const config::Layers layers, config::read_layers(path, overrides));
  return config::load_layers(layers);
}

Result<Config> parse_config(const std::string& text, const std::string& path) {
  config::Loader loader(path, config::current_environment());
  loader.read_file(text);
  return loader.finish();
}

Result<Config> load_settings(const std::vector<std::string>& overrides) {
  config::Loader loader("", config::current_environment());
  loader.read_environment(config::here());
  loader.read_overrides(overrides, config::here());
  return loader.finish(config::Loader::Cameras::kNone);
}

bool may_be_raw(const CameraConfig& camera) {
  const std::vector<InputConfig> inputs = inputs_of(camera);
  return std::any_of(inputs.begin(), inputs.end(), [](const InputConfig& input) {
    if (!input.name.empty()) return false;  // only the first one has pixels
    return input.url.starts_with("/dev/") || input.url.starts_with(kDeviceNamePrefix) ||
           input.url.starts_with(kSyntheticPrefix) || input.url == kIngestedCamera || input.url == kExternalCamera;
  });
}

std::vector<InputConfig> inputs_of(const CameraConfig& camera) {
  return camera.inputs.empty() ? std::vector<InputConfig>{{"", camera.url, {camera.detect, true, true}}} : camera.inputs;
}

rules::EngineOptions rules_of(const CameraConfig& camera, const SentryConfig& sentry) {
  rules::EngineOptions options{
      .lines = camera.lines, .rules = camera.rules, .threshold = camera.threshold.value_or(sentry.threshold)};
  for (const ZoneConfig& zone : camera.zones) options.zones.push_back({zone.name, zone.polygon, zone.objects});
  if (options.rules.empty()) options.rules.push_back({.name = "sentry"});
  for (rules::Rule& rule : options.rules)
    if (rule.classes.empty()) rule.classes = sentry.classes;
  return options;
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
  for (const UserConfig& user : config.gateway.users) add(user.password_hash.value);
  add(config.mqtt.password.value);
  for (const WebhookConfig& webhook : config.notify.webhooks) {
    for (std::string& secret : log::secrets_in_url(webhook.url)) add(std::move(secret));
    for (const std::string& header : webhook.headers) add(config::secret_in_header(header));
  }
  return secrets;
}

}  // namespace vedette
