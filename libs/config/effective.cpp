#include "config/effective.h"

#include "config/fields.h"

namespace vedette::config {
namespace {

Json values_of(const Fields& fields) {
  Json values = Json::object();
  for (const Field& field : fields)
    if (field.get) values[field.name] = field.get();
  return values;
}

}  // namespace

Json effective(const Config& config) {
  Config copy = config;  // fields are bound to what may be changed by them
  Json json = Json::object();
  for (const Section& section : sections_of(copy)) json[section.name] = values_of(section.fields);
  Json cameras = Json::object();
  for (CameraConfig& camera : copy.cameras) {
    Json values = values_of(fields_of(camera));
    values.erase(std::string(camera.inputs.empty() ? "inputs" : "url"));  // there is one of the two
    cameras[camera.name] = std::move(values);
  }
  json["cameras"] = std::move(cameras);
  return json;
}

std::vector<std::string> changeable_keys() {
  CameraConfig camera;
  std::vector<std::string> keys;
  for (const Field& field : fields_of(camera))
    if (field.changeable) keys.push_back(field.name);
  return keys;
}

std::optional<Json> changeable_value(const CameraConfig& camera, const std::string& key) {
  CameraConfig copy = camera;
  for (const Field& field : fields_of(copy))
    if (field.changeable && field.name == key) return std::optional<Json>(std::in_place, field.get());
  return std::nullopt;
}

}  // namespace vedette::config
