#include "gateway/api/settings_api.h"

#include <algorithm>
#include <memory>
#include <sstream>

#include "config/effective.h"
#include "gateway/api/schemas.h"
#include "stage/command.h"

namespace vedette::gateway {
namespace {

using namespace schemas;
using schema::CommandKind;

Json points(const std::string& about, const std::string& example) {
  Json schema = described(text(), about);
  schema["examples"] = Json::array({example});
  return schema;
}

Json score() { return {{"type", "number"}, {"minimum", 0}, {"maximum", 1}}; }

Json zones_schema() {
  return list(with(object({{"name", text()}, {"polygon", points("relative to the picture", "0,0 0.3,0 0.3,0.2")}}),
                   {{"motion", one_of({"watch", "ignore"})}, {"motion_area", score()}, {"objects", list(text())}}));
}

Json lines_schema() {
  return list(object({{"name", text()}, {"points", points("who goes from left to right of it goes in", "0.1,0.5 0.9,0.5")}}));
}

Json rules_schema() {
  return list(with(object({{"name", text()}}), {{"classes", list(text())},
                                                {"threshold", {{"type", {"number", "string"}}}},
                                                {"thresholds", map_of(score())},
                                                {"zones", list(text())},
                                                {"except", described(list(text()), "zones in which it doesn't hold")},
                                                {"line", text()},
                                                {"direction", one_of({"any", "in", "out"})},
                                                {"dwell", described(text(), "a duration such as 30s")},
                                                {"min_size", score()},
                                                {"max_size", score()},
                                                {"count", with(object({}), {{"at_least", integer()}, {"at_most", integer()}})},
                                                {"schedule", list(text())},
                                                {"alarm", boolean()},
                                                {"event", boolean()}}));
}

// By key; anything for one that has no schema here yet.
Json value_schema(const std::string& key) {
  if (key == "zones") return zones_schema();
  if (key == "lines") return lines_schema();
  if (key == "rules") return rules_schema();
  if (key == "threshold") return score();
  if (key == "masks") return list(points("black in every picture", "0,0 0.3,0 0.3,0.2"));
  return anything();
}

Json setting_schema(const std::string& key) {
  return object({{"value", value_schema(key)},
                 {"overridden", described(boolean(), "it was changed while Vedette ran, and lies over the configuration file")}});
}

// JSON is YAML, but for variables: what comes from here isn't replaced from the environment.
std::string yaml_of(const Json& value) {
  std::string text = dump(value);
  for (std::size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 3)) text.insert(at, "$");
  return text;
}

Json setting_of(const Config& config, const CameraConfig& camera, const std::string& key) {
  Json value = config::changeable_value(camera, key).value_or(nullptr);
  if (key == "threshold" && value == "") value = config::changeable_value({.threshold = config.sentry.threshold}, key).value();
  const auto& changed = config.overridden;
  const std::string full = "cameras." + camera.name + "." + key;
  return {{"value", std::move(value)}, {"overridden", std::find(changed.begin(), changed.end(), full) != changed.end()}};
}

class SettingsApi {
 public:
  SettingsApi(ConfigSource source, std::string bus_dir) : source_(std::move(source)), bus_dir_(std::move(bus_dir)) {}

  Reply all(const Request& request) const {
    return with_camera(request, [](const Config& config, const CameraConfig& camera) {
      Json settings = Json::object();
      for (const std::string& key : config::changeable_keys()) settings[key] = setting_of(config, camera, key);
      return settings;
    });
  }

  Reply one(const Request& request, const std::string& key) const {
    return with_camera(request,
                       [&](const Config& config, const CameraConfig& camera) { return setting_of(config, camera, key); });
  }

  Reply set(const Request& request, const std::string& key) const {
    return change(request, key, CommandKind::Set, yaml_of(request.body["value"]));
  }

  Reply unset(const Request& request, const std::string& key) const { return change(request, key, CommandKind::Unset, {}); }

 private:
  Reply change(const Request& request, const std::string& key, CommandKind kind, std::string yaml) const {
    const std::string& camera = request.param("camera");
    const auto told = stage::send_command(bus_dir_, {camera, kind, Mode::Standby, key, std::move(yaml)});
    if (told) return one(request, key);
    if (told.error().code != ErrorCode::kInvalidArgument) return problem_of(told.error());
    return problem(422, told.error().text, mistakes_in_value(told.error().text, camera, key));
  }

  template <typename Tell>
  Reply with_camera(const Request& request, const Tell& tell) const {
    const auto config = source_.load();
    // Its mistakes name files and values: they are for the log, and for who may read the configuration.
    if (!config) return problem(503, "the configuration can't be read at the moment; `vedette up` says why");
    for (const CameraConfig& camera : config->cameras)
      if (camera.name == request.param("camera")) return json_reply(200, dump(tell(*config, camera)));
    return problem(404, "this camera isn't in the configuration any more");
  }

  ConfigSource source_;
  std::string bus_dir_;
};

Operation operation(std::string summary, std::vector<Answer> answers) {
  return {.tag = "settings", .summary = std::move(summary), .answers = std::move(answers), .problems = {503}};
}

}  // namespace

std::vector<Mistake> mistakes_in_value(const std::string& text, const std::string& camera, const std::string& key) {
  std::vector<Mistake> mistakes;
  std::istringstream lines(text);
  const std::string owner = "cameras." + camera + "." + key;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t start = line.find(owner);
    if (start == std::string::npos) continue;
    const std::size_t path = start + owner.size();
    const std::size_t colon = line.find(": ", path);
    if (colon == std::string::npos) continue;
    std::string pointer = "/value";
    for (const char c : line.substr(path, colon - path)) {  // "[0].polygon"
      if (c == '[' || c == '.')
        pointer += '/';
      else if (c != ']')
        pointer += c;
    }
    mistakes.push_back({std::move(pointer), line.substr(colon + 2)});
  }
  return mistakes;
}

void add_settings_routes(RouteTable& table, ConfigSource source, std::string bus_dir) {
  const auto api = std::make_shared<const SettingsApi>(std::move(source), std::move(bus_dir));
  const std::string path = "/api/cameras/{camera}/settings";
  Members settings;
  for (const std::string& key : config::changeable_keys()) settings.emplace_back(key, setting_schema(key));
  table.add({"GET", path, Role::kViewer, [api](const Request& request) { return api->all(request); },
             operation("What may change while a camera runs", {{200, "", object(settings)}}), true});
  for (const std::string& key : config::changeable_keys()) {
    const Answer answer{200, "as it is now", setting_schema(key)};
    table.add({"GET", path + "/" + key, Role::kViewer, [api, key](const Request& request) { return api->one(request, key); },
               operation("A camera's " + key, {answer}), true});
    Operation put = operation("Change a camera's " + key, {answer});
    put.about = "In force at once, and kept over restarts. 422 tells every mistake with a pointer to it.";
    put.body = {required(structure_param("value", "in the shape of the configuration file", value_schema(key)))};
    table.add({"PUT", path + "/" + key, Role::kAdmin, [api, key](const Request& request) { return api->set(request, key); },
               std::move(put), true});
    Operation unset = operation("Let a camera's " + key + " be as the configuration file says", {answer});
    unset.problems.push_back(422);
    table.add({"DELETE", path + "/" + key, Role::kAdmin, [api, key](const Request& request) { return api->unset(request, key); },
               std::move(unset), true});
  }
}

void add_config_routes(RouteTable& table, ConfigSource source) {
  const auto load = [source = std::move(source)](const Request&) {
    const auto config = source.load();
    if (!config) return problem(503, config.error().text);
    return json_reply(200, dump({{"config", config::effective(*config)}, {"overridden", config->overridden}}));
  };
  Operation what{.tag = "system", .summary = "The configuration in force"};
  what.about =
      "Every key, defaults too, with what was changed while Vedette ran. Secrets show as ***. What was edited in the file since "
      "the "
      "start, but for settings, waits for the next start.";
  what.answers = {{200, "",
                   object({{"config", {{"type", "object"}}},
                           {"overridden", described(list(text()), "keys that lie over the configuration file")}})}};
  what.problems = {503};
  table.add({"GET", "/api/config", Role::kAdmin, load, std::move(what), true});
}

}  // namespace vedette::gateway
