#include "config/overrides.h"

#include <yaml-cpp/yaml.h>

#include "config/layers.h"

namespace vedette {
namespace {

constexpr char kAbout[] = "# What was changed while Vedette ran; it lies over the configuration file.\n";

// The overrides file's text without what it has for the change's key, and with the change's value there, if it has one.
// `text` and value have been read as they should by a Loader.
std::string changed_text(const std::string& text, const Change& change, bool with_value) {
  YAML::Node document = YAML::Load(text);
  if (!document.IsMap()) document = YAML::Node(YAML::NodeType::Map);
  YAML::Node cameras = document["cameras"];
  YAML::Node keys = cameras[change.camera];
  keys.remove(change.key);
  if (with_value) keys[change.key] = YAML::Load(*change.value);
  if (keys.size() == 0) cameras.remove(change.camera);
  if (cameras.size() == 0) return kAbout;
  YAML::Emitter emitter;
  emitter << document;
  return kAbout + std::string(emitter.c_str()) + "\n";
}

}  // namespace

Result<Changed> try_change(const std::string& path, const std::vector<std::string>& overrides, const Change& change) {
  VD_ASSIGN(config::Layers layers, config::read_layers(path, overrides));
  try {
    // Without the old value first: the new one's mistakes alone are to be told.
    layers.overrides_text = changed_text(layers.overrides_text, change, false);
    VD_ASSIGN(Config config, config::load_layers(layers, change.value ? &change : nullptr));
    return Changed{std::move(config), changed_text(layers.overrides_text, change, change.value.has_value())};
  } catch (const YAML::Exception& exception) {
    return Error{ErrorCode::kInvalidArgument, layers.overrides_path + ": not valid YAML (" + exception.msg + ")"};
  }
}

}  // namespace vedette
