// What needs more than one key: called once all layers are read.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/cpu.h"
#include "config/loader.h"

namespace vedette::config {
namespace {

constexpr std::string_view kAUrl = "expected a device, a file or a URL such as /dev/video0 or rtsp://camera/stream";

struct Role {
  const char* name;
  bool Roles::*member;
};
constexpr std::array<Role, 3> kRoles{{{"detect", &Roles::detect}, {"record", &Roles::record}, {"live", &Roles::live}}};

std::string input_key(const std::string& camera_key, std::size_t index) {
  return fmt::format("{}.inputs[{}]", camera_key, index);
}

bool is_about_rules(std::string_view key) { return key == "threshold" || key == "zones" || key == "lines" || key == "rules"; }

}  // namespace

void Loader::check_cameras() {
  if (config_.cameras.empty() && mistakes_.empty())
    mistakes_.add(origin_of("cameras"), "cameras", "no camera; expected at least one, such as \"front:\" with its \"url:\"");
  for (CameraConfig& camera : config_.cameras) {
    const std::string key = "cameras." + camera.name;
    if (camera.url.empty() && camera.inputs.empty() && !origins_.contains(key + ".url")) {
      const auto inputs = values_.find(key + ".inputs");  // with something wrong in it: told already
      if (!origins_.contains(key + ".inputs") || (inputs != values_.end() && inputs->second.kind == Value::Kind::kList))
        mistakes_.add(origin_of(key), key, fmt::format("no \"url:\"; {}", kAUrl));
    }
    check_inputs(camera, key);
    name_inputs(camera, key);
    check_external(camera, key);
    check_device(camera, key);
    check_zones(camera, key);
    check_lines(camera, key);
    check_rules(camera, key);
    if (camera.detect) check_thresholds(camera, key);
  }
}

void Loader::check_inputs(const CameraConfig& camera, const std::string& key) {
  const std::vector<InputConfig>& inputs = camera.inputs;
  if (inputs.empty()) return;
  std::size_t ingested = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string input = input_key(key, i);
    if (inputs[i].url.empty() && !origins_.contains(input + ".url"))
      mistakes_.add(origin_of(input), input, fmt::format("no \"url:\"; {}", kAUrl));
    if (inputs[i].url == kExternalCamera)
      mistakes_.add(origin_of(input + ".url"), input + ".url",
                    "\"bus:\"; expected it as the camera's url, without inputs: another program publishes its topics");
    if (inputs[i].url == kIngestedCamera && ++ingested > 1)
      mistakes_.add(origin_of(input + ".url"), input + ".url", "\"ingest:\" again; expected it once a camera");
    if (!origins_.contains(input + ".roles"))
      mistakes_.add(origin_of(input), input, "no \"roles:\"; expected some of detect, record, live");
  }
  const bool understood = !mistakes_.about(key + ".inputs");
  for (const auto& [name, member] : kRoles) {
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!(inputs[i].roles.*member)) continue;
      if (first)
        mistakes_.add(origin_of(input_key(key, i) + ".roles"), input_key(key, i) + ".roles",
                      fmt::format("{}, which inputs[{}] has too; expected each role at one input", name, *first));
      else
        first = i;
    }
    if (!first && understood && (camera.detect || member != &Roles::detect))
      mistakes_.add(origin_of(key + ".inputs"), key + ".inputs",
                    fmt::format("no input has the role {}; expected each role at one input{}", name,
                                member == &Roles::detect ? ", or detect: false" : ""));
  }
}

void Loader::name_inputs(CameraConfig& camera, const std::string& key) {
  std::vector<InputConfig>& inputs = camera.inputs;
  const auto find = [&](bool Roles::*role) {
    return std::find_if(inputs.begin(), inputs.end(), [&](const InputConfig& input) { return input.roles.*role; });
  };
  const auto detecting = find(&Roles::detect);
  const auto main = detecting != inputs.end() ? detecting : find(&Roles::live);
  for (auto input = inputs.begin(); input != inputs.end(); ++input) {
    const std::string name_key = input_key(key, static_cast<std::size_t>(input - inputs.begin())) + ".name";
    if (input == main) {
      if (!input->name.empty())
        mistakes_.add(origin_of(name_key), name_key,
                      fmt::format("\"{0}\"; expected none: the topics of the input that {1} are {2}/frames and {2}/packets",
                                  input->name, input->roles.detect ? "detects" : "is watched", camera.name));
      continue;
    }
    for (const auto& [name, member] : kRoles)
      if (input->name.empty() && input->roles.*member) input->name = name;
    const auto same = std::find_if(inputs.begin(), input, [&](const InputConfig& other) { return other.name == input->name; });
    if (same != input && !input->name.empty())
      mistakes_.add(
          origin_of(origins_.contains(name_key) ? name_key : input_key(key, static_cast<std::size_t>(input - inputs.begin()))),
          name_key,
          fmt::format("\"{}\", the name of inputs[{}] too; expected names that differ", input->name, same - inputs.begin()));
  }
}

// Nothing of ours touches the pictures of a camera that another program publishes: a key that says how to would do nothing, and a
// mask that does nothing is worse than none.
void Loader::check_external(const CameraConfig& camera, const std::string& key) {
  if (camera.url != kExternalCamera) return;
  const std::string prefix = key + ".";
  for (auto given = values_.lower_bound(prefix); given != values_.end() && given->first.starts_with(prefix); ++given) {
    const std::string name = given->first.substr(prefix.size());
    if (name == "url" || name.starts_with("detect") || name == "inputs" || is_about_rules(name)) continue;
    CameraConfig changed;
    const Fields fields = fields_of(changed);
    const Field* field = find_field(fields, name);
    if (field == nullptr || store(*field, given->second) || changed == CameraConfig{}) continue;
    mistakes_.add(origin_of(given->first), given->first,
                  "nothing of this camera is captured here (url: \"bus:\"); expected no such key: the program that publishes it "
                  "has to see to that");
  }
}

void Loader::check_device(const CameraConfig& camera, const std::string& key) {
  if (camera.device_fps > 0.0f && camera.standby_device_fps > camera.device_fps)
    mistakes_.add(origin_of(key + ".standby_device_fps"), key + ".standby_device_fps",
                  fmt::format("{}; expected at most device_fps, {}", camera.standby_device_fps, camera.device_fps));
}

void Loader::check_together() {
  const SuperviseConfig& supervise = config_.supervise;
  if (supervise.backoff_min > supervise.backoff_max)
    mistakes_.add(origin_of(origins_.contains("supervise.backoff_min") ? "supervise.backoff_min" : "supervise.backoff_max"),
                  "supervise.backoff_min",
                  fmt::format("{}; expected at most supervise.backoff_max, {}", format_duration(supervise.backoff_min),
                              format_duration(supervise.backoff_max)));
  const SentryConfig& sentry = config_.sentry;
  const auto goes_by_it = [](const CameraConfig& camera) { return camera.detect && !camera.threshold; };
  if (sentry.threshold < config_.detect.threshold && std::any_of(config_.cameras.begin(), config_.cameras.end(), goes_by_it)) {
    const std::string key = origins_.contains("sentry.threshold") ? "sentry.threshold" : "detect.threshold";
    mistakes_.add(origin_of(key), "sentry.threshold", below_the_detectors(sentry.threshold, config_.detect.threshold));
  }
  if (sentry.tracking_fps > 0.0f && sentry.standby_fps > sentry.tracking_fps)
    mistakes_.add(origin_of(origins_.contains("sentry.standby_fps") ? "sentry.standby_fps" : "sentry.tracking_fps"),
                  "sentry.standby_fps",
                  fmt::format("{}; expected at most sentry.tracking_fps, {}", sentry.standby_fps, sentry.tracking_fps));
}

void Loader::check_mqtt() {
  const MqttConfig& mqtt = config_.mqtt;
  const auto add = [this](const std::string& key, const std::string& text) { mistakes_.add(origin_of(key), key, text); };
  for (const auto& [key, value] : {std::pair{"mqtt.tls_ca", &mqtt.tls_ca}, {"mqtt.tls_cert", &mqtt.tls_cert}})
    if (!value->empty() && !mqtt.tls) add(key, fmt::format("\"{}\" without mqtt.tls; expected mqtt.tls: true", *value));
  if (mqtt.tls_cert.empty() != mqtt.tls_key.empty())
    add(mqtt.tls_cert.empty() ? "mqtt.tls_key" : "mqtt.tls_cert",
        "one without the other; expected mqtt.tls_cert and mqtt.tls_key");
  if (!mqtt.password.empty() && mqtt.username.empty())
    add(origins_.contains("mqtt.password") ? "mqtt.password" : "mqtt.password_file",
        "a password; expected mqtt.username with it");
}

void Loader::check_notify() {
  const auto check = [this](const std::string& item, const char* first, bool given, const EventChoice& choice) {
    if (!given && !origins_.contains(item + "." + first))
      mistakes_.add(origin_of(item), item, fmt::format("no \"{}:\"; expected it in each", first));
    for (const std::string& name : choice.cameras) {
      const auto is_it = [&name](const CameraConfig& camera) { return camera.name == name; };
      if (std::none_of(config_.cameras.begin(), config_.cameras.end(), is_it))
        mistakes_.add(origin_of(item + ".cameras"), item + ".cameras",
                      fmt::format("\"{}\"; expected cameras that there are", name));
    }
  };
  const NotifyConfig& notify = config_.notify;
  for (std::size_t i = 0; i < notify.webhooks.size(); ++i)
    check(fmt::format("notify.webhooks[{}]", i), "url", !notify.webhooks[i].url.empty(), notify.webhooks[i].choice);
  for (std::size_t i = 0; i < notify.hooks.size(); ++i)
    check(fmt::format("notify.hooks[{}]", i), "exec", !notify.hooks[i].exec.empty(), notify.hooks[i].choice);
}

// Who spins takes a whole core. Whether this machine lets it, the stage finds out when it starts (bus::may_spin()).
void Loader::check_waiting() {
  const std::pair<std::string, const WaitConfig*> stages[] = {
      {"detect", &config_.detect.waiting}, {"control", &config_.control.waiting}, {"gateway", &config_.gateway.waiting}};
  const auto spins = [](const WaitConfig& stage) { return stage.wait.kind == bus::WaitPolicy::Kind::kSpin; };
  const auto add = [this](const std::string& key, const std::string& text) { mistakes_.add(origin_of(key), key, text); };
  std::map<std::uint32_t, std::string> spinning;
  for (const auto& [name, stage] : stages) {
    if (stage->cpu) {
      const std::vector<unsigned> online = online_cpus();
      if (std::find(online.begin(), online.end(), *stage->cpu) == online.end())
        add(name + ".cpu", fmt::format("{}; expected a core that is online ({}), or any", *stage->cpu, text_of(online)));
    }
    if (!spins(*stage)) continue;
    if (!stage->cpu) {
      add(name + ".wait",
          fmt::format("spin; expected {}.cpu to name a core that nothing else uses, or block or hybrid(50us) here", name));
    } else if (const auto [other, fresh] = spinning.emplace(*stage->cpu, name); !fresh) {
      add(name + ".cpu", fmt::format("{}, where {} spins too; expected another core", *stage->cpu, other->second));
    }
  }
  if (spins(config_.gateway.waiting) && config_.cameras.size() > 1)
    add("gateway.wait",
        fmt::format("spin; expected block or hybrid(50us): the gateway reads each of the {} cameras in a thread of its "
                    "own, and all of them run on gateway.cpu",
                    config_.cameras.size()));
}

}  // namespace vedette::config
