// Loader: builds a Config layer by layer and collects every mistake on the way. Used by load_config() and parse_config(), and by
// tests that bring an environment of their own. Reads no environment itself; files only for the keys that name one. Thread-bound.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/fields.h"
#include "config/mistakes.h"
#include "config/text.h"

namespace YAML {
class Node;
}

namespace vedette::config {

// Largest file that is read.
inline constexpr std::size_t kMaxFileBytes = 1 << 20;

// Why a threshold is too low.
std::string below_the_detectors(float threshold, float detectors);

class Loader {
 public:
  // `path`: of the file, for messages and relative paths. `environment`: for `${NAME}`.
  Loader(std::string path, Environment environment);
  Loader(const Loader&) = delete;  // sections_ points into config_
  Loader& operator=(const Loader&) = delete;

  void read_file(const std::string& text);
  // The file of what was changed while it ran (config/overrides.h): keys of cameras that the file above has, if they may change;
  // others are passed over.
  void read_overrides_file(const std::string& text, const std::string& path);
  // One more such change; mistakes are told at "value:line:column".
  void read_change(const std::string& camera, const std::string& key, const std::string& yaml);
  // VEDETTE_<SECTION>_<KEY> of the environment, then the overrides in VEDETTE_SET; relative paths against `folder`.
  void read_environment(const std::string& folder);
  void read_overrides(const std::vector<std::string>& overrides, const std::string& folder);

  // Checks what needs more than one key. Call last, once.
  enum class Cameras { kSome, kNone };
  Result<Config> finish(Cameras expected = Cameras::kSome);

 private:
  void read_section(Section& section, const YAML::Node& node, const Origin& origin);
  void read_cameras(const YAML::Node& node);
  template <typename Read>
  void read_document(const std::string& text, const Read& read);
  template <typename Read>
  void read_pairs(const YAML::Node& map, const std::string& owner, const Read& read);
  Fields changeable_fields(const std::string& camera, const Origin& origin);
  // Returns the names that it knew.
  std::vector<std::string> read_fields(const Fields& fields, const std::string& owner, const YAML::Node& map);
  bool read_field(const Field& field, const std::string& key, const YAML::Node& node, const Origin& origin);
  void forget_items(const std::string& key);
  // A list of maps: each item's keys.
  void read_maps(const Field& field, const std::string& key, const YAML::Node& node);
  // Stores what stands at `node`, telling what is wrong with it.
  void set_from_node(const std::string& key, const Field& field, const Value& value, const YAML::Node& node,
                     const Origin& origin);
  // None if a variable isn't set or an item is no word; that has been told then.
  std::optional<Value> value_of(const YAML::Node& node, const std::string& key);
  std::optional<std::string> scalar_of(const YAML::Node& node, const std::string& key);
  void set_from_text(const std::string& key, const Field& field, const std::string& text, const Origin& origin,
                     const std::string& folder);
  void override_from(const std::string& text, const Origin& origin, const std::string& folder);
  void override_key(const std::string& key, const std::string& text, const Origin& origin, const std::string& folder);
  void check_cameras();
  void check_inputs(const CameraConfig& camera, const std::string& key);
  void name_inputs(CameraConfig& camera, const std::string& key);
  void check_external(const CameraConfig& camera, const std::string& key);
  void check_device(const CameraConfig& camera, const std::string& key);
  template <typename T>
  void check_names(const std::vector<T>& items, const std::string& list);
  void check_lines(const CameraConfig& camera, const std::string& key);
  void check_rules(const CameraConfig& camera, const std::string& key);
  void check_thresholds(const CameraConfig& camera, const std::string& key);
  static void check_rule_alone(const rules::Rule& rule, const std::function<void(const std::string&, const std::string&)>& add);
  void check_zones(const CameraConfig& camera, const std::string& key);
  void check_together();
  void check_mqtt();
  void check_notify();
  void check_gateway();
  void check_users();
  void check_waiting();

  Origin origin_of(const YAML::Node& node) const;
  Origin origin_of(const std::string& key) const;  // where the key's value came from; else the file's start

  struct Document {  // what is being read
    std::string path;
    std::string folder;
  };

  std::string path_;
  Document document_;
  Environment environment_;
  Config config_;
  std::vector<Section> sections_;
  std::map<std::string, Origin> origins_;  // by full key: "gateway.port", "cameras.front.inputs[0].url"
  std::map<std::string, Value> values_;    // what was stored last, by full key
  Mistakes mistakes_;
};

}  // namespace vedette::config
