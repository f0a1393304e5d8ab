#include "config/loader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <sstream>

#include <fmt/format.h>

namespace vedette::config {
namespace {

std::string folder_of(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? "." : absolute.lexically_normal().parent_path().string();
}

// The pairs of a map in the order and number in which they are written (Node's own lookup hides doubles).
struct Pair {
  YAML::Node key;
  YAML::Node value;
};
std::vector<Pair> pairs_of(const YAML::Node& map) {
  std::vector<Pair> pairs;
  for (const auto& pair : map) pairs.push_back({pair.first, pair.second});
  // Sorted by number: assigning a Node changes the document.
  std::vector<std::size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return pairs[a].key.Mark().pos < pairs[b].key.Mark().pos; });
  std::vector<Pair> sorted;
  for (const std::size_t index : order) sorted.push_back(pairs[index]);
  return sorted;
}

// For counting documents. YAML::LoadAll() would do, but takes some malformed texts for endlessly many.
class IgnoreEvents : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

bool more_than_one_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  IgnoreEvents handler;
  return parser.HandleNextDocument(handler) && parser.HandleNextDocument(handler);
}

std::string_view kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return "a single value";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a map of keys";
    default:
      return "nothing";
  }
}

}  // namespace

Loader::Loader(std::string path, Environment environment)
    : path_(std::move(path)),
      document_{path_, folder_of(path_)},
      environment_(std::move(environment)),
      sections_(sections_of(config_)) {
  config_.path = path_;
}

Origin Loader::origin_of(const YAML::Node& node) const {
  const YAML::Mark mark = node.Mark();
  return mark.is_null() ? Origin{document_.path, 1, 1} : Origin{document_.path, mark.line + 1, mark.column + 1};
}

Origin Loader::origin_of(const std::string& key) const {
  const auto found = origins_.find(key);
  return found == origins_.end() ? Origin{path_, 1, 1} : found->second;
}

template <typename Read>
void Loader::read_document(const std::string& text, const Read& read) {
  const Origin start{document_.path, 1, 1};
  if (text.size() > kMaxFileBytes)
    return mistakes_.add(start, "", fmt::format("{} bytes; expected at most {}", text.size(), kMaxFileBytes));
  try {
    const YAML::Node document = YAML::Load(text);
    if (more_than_one_document(text)) return mistakes_.add(start, "", "several YAML documents; expected one");
    read(document);
  } catch (const YAML::Exception& exception) {
    const bool somewhere = !exception.mark.is_null();
    mistakes_.add({document_.path, somewhere ? exception.mark.line + 1 : 1, somewhere ? exception.mark.column + 1 : 1}, "",
                  fmt::format("not valid YAML ({}); expected \"key: value\" lines", exception.msg));
  }
}

// Each pair whose key is a word that stands there for the first time; `owner` is the map's own key.
template <typename Read>
void Loader::read_pairs(const YAML::Node& map, const std::string& owner, const Read& read) {
  std::map<std::string, Origin> given;
  for (const auto& [key, node] : pairs_of(map)) {
    const Origin origin = origin_of(key);
    if (!key.IsScalar()) {
      mistakes_.add(origin, owner, fmt::format("{} as a key; expected a word", kind_of(key)));
      continue;
    }
    const std::string name = key.Scalar();
    const auto [first, fresh] = given.emplace(name, origin);
    if (fresh)
      read(name, origin, node);
    else
      mistakes_.add(origin, owner.empty() ? name : owner + "." + name,
                    fmt::format("given twice; expected once (first in line {})", first->second.line));
  }
}

void Loader::read_file(const std::string& text) {
  read_document(text, [&](const YAML::Node& document) {
    if (!document.IsMap())
      return mistakes_.add({path_, 1, 1}, "", fmt::format("{}; expected sections such as \"cameras:\"", kind_of(document)));
    std::vector<std::string> known = {"cameras"};
    for (const Section& section : sections_) known.push_back(section.name);
    read_pairs(document, "", [&](const std::string& name, const Origin& origin, const YAML::Node& node) {
      const auto section = std::find_if(sections_.begin(), sections_.end(), [&](const Section& s) { return s.name == name; });
      if (name == "cameras") {
        origins_[name] = origin;
        read_cameras(node);
      } else if (section == sections_.end()) {
        mistakes_.add(origin, name, unknown_key(name, known));
      } else {
        read_section(*section, node, origin);
      }
    });
  });
}

void Loader::read_section(Section& section, const YAML::Node& node, const Origin& origin) {
  if (!node.IsMap())
    return mistakes_.add(origin, section.name,
                         fmt::format("{}; expected keys such as \"{}:\" below it, or no \"{}:\" at all", kind_of(node),
                                     section.fields.front().name, section.name));
  read_fields(section.fields, section.name, node);
}

void Loader::read_cameras(const YAML::Node& node) {
  if (!node.IsMap())
    return mistakes_.add(
        origin_of("cameras"), "cameras",
        fmt::format("{}; expected a name for each camera and its keys below, such as \"front:\"", kind_of(node)));
  read_pairs(node, "cameras", [&](const std::string& name, const Origin& origin, const YAML::Node& camera_node) {
    if (!is_camera_name(name))
      return mistakes_.add(origin, "cameras",
                           fmt::format("\"{}\" as a camera's name; expected 1 to 31 of the characters a-z 0-9 _ -", name));
    origins_["cameras." + name] = origin;
    CameraConfig& camera = config_.cameras.emplace_back();
    camera.name = name;
    if (!camera_node.IsMap())
      mistakes_.add(origin, "cameras." + name, fmt::format("{}; expected keys such as \"url:\" below it", kind_of(camera_node)));
    else
      read_fields(fields_of(camera), "cameras." + name, camera_node);
  });
}

void Loader::read_overrides_file(const std::string& text, const std::string& path) {
  const Document before = std::exchange(document_, {path, folder_of(path)});
  read_document(text, [&](const YAML::Node& document) {
    if (document.IsNull()) return;
    if (!document.IsMap()) return mistakes_.add({path, 1, 1}, "", fmt::format("{}; expected \"cameras:\"", kind_of(document)));
    read_pairs(document, "", [&](const std::string& name, const Origin& origin, const YAML::Node& node) {
      if (name != "cameras" || !node.IsMap())
        return mistakes_.add(origin, name, "expected only \"cameras:\" here, and below it each camera's keys that may change");
      read_pairs(node, "cameras", [&](const std::string& camera, const Origin& at, const YAML::Node& keys) {
        const std::string owner = "cameras." + camera;
        const auto is_it = [&camera](const CameraConfig& known) { return known.name == camera; };
        if (std::none_of(config_.cameras.begin(), config_.cameras.end(), is_it))
          return config_.passed_over.push_back(
              fmt::format("{}:{}: {}: no camera of this name; passed over", path, at.line, owner));
        const Fields fields = changeable_fields(camera, at);
        if (!fields.empty() && !keys.IsMap())
          mistakes_.add(at, owner, fmt::format("{}; expected keys such as \"{}:\" below it", kind_of(keys), fields.front().name));
        else if (!fields.empty())
          for (const std::string& key : read_fields(fields, owner, keys)) config_.overridden.push_back(owner + "." + key);
      });
    });
  });
  document_ = before;
}

void Loader::read_change(const std::string& camera, const std::string& key, const std::string& yaml) {
  const Document before = std::exchange(document_, {"value", document_.folder});
  const Fields fields = changeable_fields(camera, {"value", 0, 0});
  if (const Field* field = find_field(fields, key))
    read_document(yaml, [&](const YAML::Node& value) {
      read_field(*field, fmt::format("cameras.{}.{}", camera, key), value, {"value", 1, 1});
    });
  else if (!fields.empty())
    mistakes_.add({"value", 0, 0}, fmt::format("cameras.{}.{}", camera, key), unknown_key(key, names_of(fields)));
  document_ = before;
}

// Of a camera that the file has; else that is told, and there are none.
Fields Loader::changeable_fields(const std::string& name, const Origin& origin) {
  std::vector<std::string> names;
  Fields fields;
  for (CameraConfig& camera : config_.cameras) {
    names.push_back(camera.name);
    if (camera.name == name) fields = fields_of(camera);
  }
  if (fields.empty() && !names.empty())
    mistakes_.add(origin, "cameras." + name, fmt::format("no camera of this name; expected one of {}", fmt::join(names, ", ")));
  std::erase_if(fields, [](const Field& field) { return !field.changeable; });
  return fields;
}

std::vector<std::string> Loader::read_fields(const Fields& fields, const std::string& owner, const YAML::Node& map) {
  std::map<std::string, Origin> filled;  // with something in it
  std::vector<std::string> known;
  read_pairs(map, owner, [&](const std::string& name, const Origin& origin, const YAML::Node& node) {
    const Field* field = find_field(fields, name);
    if (field == nullptr) return mistakes_.add(origin, owner + "." + name, unknown_key(name, names_of(fields)));
    known.push_back(name);
    const Origin at = node.IsNull() ? origin : origin_of(node);
    if (read_field(*field, owner + "." + name, node, at)) filled.emplace(name, at);
  });
  for (const Field& field : fields)
    if (filled.contains(field.name) && filled.contains(field.excludes) && field.name > field.excludes)
      mistakes_.add(filled[field.name], owner + "." + field.name,
                    fmt::format("given together with {} (line {}); expected only one of the two", field.excludes,
                                filled[field.excludes].line));
  return known;
}

// True if there is something in it.
bool Loader::read_field(const Field& field, const std::string& key, const YAML::Node& node, const Origin& origin) {
  origins_[key] = origin;
  if (field.append_map && node.IsSequence() && node.size() > 0) {
    read_maps(field, key, node);
    return true;
  }
  const std::optional<Value> value = value_of(node, key);
  if (!value) return false;  // told already
  set_from_node(key, field, *value, node, origin);
  return value->kind == Value::Kind::kText ? !value->text.empty() : value->kind != Value::Kind::kList || !value->items.empty();
}

void Loader::set_from_node(const std::string& key, const Field& field, const Value& value, const YAML::Node& node,
                           const Origin& origin) {
  forget_items(key);
  values_[key] = value;
  for (std::size_t i = 0; i < value.items.size(); ++i) origins_[fmt::format("{}[{}]", key, i)] = origin_of(node[i]);
  const auto wrong = field.set(value);
  if (wrong) mistakes_.add(origin, key, *wrong);
  if (!wrong && field.put && node.IsMap())
    read_pairs(node, key, [&](const std::string& word, const Origin& at, const YAML::Node& item) {
      const std::optional<Value> put = value_of(item, key);
      const auto wrong_item = put ? field.put(word, *put) : std::nullopt;
      const std::string item_key = key + "." + word;
      origins_[item_key] = item.IsNull() ? at : origin_of(item);
      if (wrong_item) mistakes_.add(origin_of(item_key), item_key, *wrong_item);
    });
  if (wrong || !field.append) return;
  for (std::size_t i = 0; i < value.items.size(); ++i)
    if (const auto wrong_item = field.append({Value::Kind::kText, value.items[i], {}, node[i].Scalar(), value.folder}))
      mistakes_.add(origin_of(node[i]), key, *wrong_item);
}

// What is known of the items of a list that a layer above replaces.
void Loader::forget_items(const std::string& key) {
  const auto is_item = [items = key + "["](const auto& entry) { return entry.first.starts_with(items); };
  std::erase_if(origins_, is_item);
  std::erase_if(values_, is_item);
}

void Loader::read_maps(const Field& field, const std::string& key, const YAML::Node& node) {
  if (node.size() > field.most_maps)
    return mistakes_.add(origin_of(node), key, fmt::format("{} items; expected at most {}", node.size(), field.most_maps));
  (void)field.set({.kind = Value::Kind::kList});  // what a layer below had
  forget_items(key);
  std::size_t index = 0;
  for (const YAML::Node& item : node) {
    const std::string item_key = fmt::format("{}[{}]", key, index++);
    const Fields fields = field.append_map();
    origins_[item_key] = origin_of(item);
    if (item.IsMap())
      read_fields(fields, item_key, item);
    else
      mistakes_.add(origin_of(item), item_key,
                    fmt::format("{}; expected keys such as \"{}:\"", kind_of(item), fields.front().name));
  }
}

std::optional<std::string> Loader::scalar_of(const YAML::Node& node, const std::string& key) {
  Result<std::string> text = expand_variables(node.Scalar(), environment_);
  if (text) return *std::move(text);
  mistakes_.add(origin_of(node), key, text.error().text);
  return std::nullopt;
}

std::optional<Value> Loader::value_of(const YAML::Node& node, const std::string& key) {
  Value value;
  value.folder = document_.folder;
  if (node.IsScalar()) {
    value.kind = Value::Kind::kText;
    value.shown = node.Scalar();
    std::optional<std::string> text = scalar_of(node, key);
    if (!text) return std::nullopt;
    value.text = *std::move(text);
  } else if (node.IsSequence()) {
    value.kind = Value::Kind::kList;
    bool good = true;
    for (const YAML::Node& item : node) {
      if (!item.IsScalar()) {
        mistakes_.add(origin_of(item), key, fmt::format("{} in the list; expected a word", kind_of(item)));
        good = false;
      } else if (std::optional<std::string> text = scalar_of(item, key)) {
        value.items.push_back(*std::move(text));
      } else {
        good = false;
      }
    }
    if (!good) return std::nullopt;
  } else if (node.IsMap()) {
    value.kind = Value::Kind::kMap;
  }
  return value;
}

Result<Config> Loader::finish(Cameras expected) {
  if (expected == Cameras::kSome) check_cameras();
  check_together();
  check_mqtt();
  if (expected == Cameras::kSome) {
    check_gateway();
    check_users();
    check_notify();
  }
  check_waiting();
  if (!mistakes_.empty()) return mistakes_.error();
  return std::move(config_);
}

}  // namespace vedette::config
