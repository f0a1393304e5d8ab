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

constexpr std::string_view kVariablePrefix = "VEDETTE_";

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string unknown(const std::string& word, const std::vector<std::string>& known) {
  const std::string guess = nearest(word, known);
  return guess.empty() ? fmt::format("unknown key; expected one of {}", fmt::join(known, ", "))
                       : fmt::format("unknown key; expected \"{}\"?", guess);
}

std::vector<std::string> split_list(const std::string& text, char separator) {
  std::vector<std::string> items;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(separator, at), text.size());
    items.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return items;
}

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
    : path_(std::move(path)), folder_(folder_of(path_)), environment_(std::move(environment)), sections_(sections_of(config_)) {
  config_.path = path_;
}

Origin Loader::origin_of(const YAML::Node& node) const {
  const YAML::Mark mark = node.Mark();
  return mark.is_null() ? Origin{path_, 1, 1} : Origin{path_, mark.line + 1, mark.column + 1};
}

Origin Loader::origin_of(const std::string& key) const {
  const auto found = origins_.find(key);
  return found == origins_.end() ? Origin{path_, 1, 1} : found->second;
}

void Loader::read_file(const std::string& text) {
  if (text.size() > kMaxFileBytes)
    return mistakes_.add({path_, 1, 1}, "", fmt::format("{} bytes; expected at most {}", text.size(), kMaxFileBytes));
  try {
    const YAML::Node document = YAML::Load(text);
    if (!document.IsMap())
      return mistakes_.add({path_, 1, 1}, "", fmt::format("{}; expected sections such as \"cameras:\"", kind_of(document)));
    if (more_than_one_document(text)) return mistakes_.add({path_, 1, 1}, "", "several YAML documents; expected one");
    std::vector<std::string> known = {"cameras"};
    for (const Section& section : sections_) known.push_back(section.name);
    std::map<std::string, Origin> given;
    for (const auto& [key, node] : pairs_of(document)) {
      const Origin origin = origin_of(key);
      if (!key.IsScalar()) {
        mistakes_.add(origin, "", fmt::format("{} as a key; expected a word", kind_of(key)));
        continue;
      }
      const std::string name = key.Scalar();
      const auto [first, fresh] = given.emplace(name, origin);
      const auto section = std::find_if(sections_.begin(), sections_.end(), [&](const Section& s) { return s.name == name; });
      if (!fresh) {
        mistakes_.add(origin, name, fmt::format("given twice; expected once (first in line {})", first->second.line));
      } else if (name == "cameras") {
        origins_[name] = origin;
        read_cameras(node);
      } else if (section == sections_.end()) {
        mistakes_.add(origin, name, unknown(name, known));
      } else {
        read_section(*section, node, origin);
      }
    }
  } catch (const YAML::Exception& exception) {
    const bool somewhere = !exception.mark.is_null();
    mistakes_.add({path_, somewhere ? exception.mark.line + 1 : 1, somewhere ? exception.mark.column + 1 : 1}, "",
                  fmt::format("not valid YAML ({}); expected \"key: value\" lines", exception.msg));
  }
}

void Loader::read_section(Section& section, const YAML::Node& node, const Origin& origin) {
  if (!node.IsMap())
    return mistakes_.add(origin, section.name,
                         fmt::format("{}; expected keys such as \"{}:\" below it, or no \"{}:\" at all", kind_of(node),
                                     section.fields.front().name, section.name));
  read_fields(section.fields, section.name + ".", node);
}

void Loader::read_cameras(const YAML::Node& node) {
  if (!node.IsMap())
    return mistakes_.add(
        origin_of("cameras"), "cameras",
        fmt::format("{}; expected a name for each camera and its keys below, such as \"front:\"", kind_of(node)));
  std::map<std::string, Origin> given;
  for (const auto& [key, camera_node] : pairs_of(node)) {
    const Origin origin = origin_of(key);
    const std::string name = key.IsScalar() ? key.Scalar() : "";
    if (!is_camera_name(name)) {
      mistakes_.add(origin, "cameras",
                    fmt::format("\"{}\" as a camera's name; expected 1 to 31 of the characters a-z 0-9 _ -", name));
      continue;
    }
    const auto [first, fresh] = given.emplace(name, origin);
    if (!fresh) {
      mistakes_.add(origin, "cameras." + name, fmt::format("given twice; expected once (first in line {})", first->second.line));
      continue;
    }
    origins_["cameras." + name] = origin;
    CameraConfig& camera = config_.cameras.emplace_back();
    camera.name = name;
    if (!camera_node.IsMap())
      mistakes_.add(origin, "cameras." + name, fmt::format("{}; expected keys such as \"url:\" below it", kind_of(camera_node)));
    else
      read_fields(fields_of(camera), "cameras." + name + ".", camera_node);
  }
}

void Loader::read_fields(const Fields& fields, const std::string& prefix, const YAML::Node& map) {
  std::map<std::string, Origin> given;
  std::map<std::string, Origin> filled;  // with something in it
  for (const auto& [key, node] : pairs_of(map)) {
    const Origin origin = origin_of(key);
    if (!key.IsScalar()) {
      mistakes_.add(origin, prefix.substr(0, prefix.size() - 1), fmt::format("{} as a key; expected a word", kind_of(key)));
      continue;
    }
    const std::string name = key.Scalar();
    const auto [first, fresh] = given.emplace(name, origin);
    const Field* field = find_field(fields, name);
    if (!fresh) {
      mistakes_.add(origin, prefix + name, fmt::format("given twice; expected once (first in line {})", first->second.line));
      continue;
    }
    if (field == nullptr) {
      mistakes_.add(origin, prefix + name, unknown(name, names_of(fields)));
      continue;
    }
    const Origin at = node.IsNull() ? origin : origin_of(node);
    origins_[prefix + name] = at;
    if (field->append_map && node.IsSequence() && node.size() > 0) {
      filled.emplace(name, at);
      read_maps(*field, prefix + name, node);
      continue;
    }
    const std::optional<Value> value = value_of(node, prefix + name);
    if (!value) continue;  // told already
    const bool empty =
        value->kind == Value::Kind::kText ? value->text.empty() : value->kind == Value::Kind::kList && value->items.empty();
    if (!empty) filled.emplace(name, at);
    set_from_node(prefix + name, *field, *value, node, at);
  }
  for (const Field& field : fields)
    if (filled.contains(field.name) && filled.contains(field.excludes) && field.name > field.excludes)
      mistakes_.add(filled[field.name], prefix + field.name,
                    fmt::format("given together with {} (line {}); expected only one of the two", field.excludes,
                                filled[field.excludes].line));
}

void Loader::set_from_node(const std::string& key, const Field& field, const Value& value, const YAML::Node& node,
                           const Origin& origin) {
  values_[key] = value;
  const auto wrong = field.set(value);
  if (wrong) mistakes_.add(origin, key, *wrong);
  if (wrong || !field.append) return;
  for (std::size_t i = 0; i < value.items.size(); ++i)
    if (const auto wrong_item = field.append({Value::Kind::kText, value.items[i], {}, node[i].Scalar(), value.folder}))
      mistakes_.add(origin_of(node[i]), key, *wrong_item);
}

void Loader::read_maps(const Field& field, const std::string& key, const YAML::Node& node) {
  if (node.size() > field.most_maps)
    return mistakes_.add(origin_of(node), key, fmt::format("{} items; expected at most {}", node.size(), field.most_maps));
  std::size_t index = 0;
  for (const YAML::Node& item : node) {
    const std::string item_key = fmt::format("{}[{}]", key, index++);
    const Fields fields = field.append_map();
    origins_[item_key] = origin_of(item);
    if (item.IsMap())
      read_fields(fields, item_key + ".", item);
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
  value.folder = folder_;
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

void Loader::set_from_text(const std::string& key, const Field& field, const std::string& text, const Origin& origin,
                           const std::string& folder) {
  Value value{.kind = Value::Kind::kText, .text = text, .items = {}, .shown = text, .folder = folder};
  if (field.list) {
    value.kind = Value::Kind::kList;
    if (!text.empty() || !field.append) value.items = split_list(text, field.separator);
  }
  origins_[key] = origin;
  values_[key] = value;
  if (const auto wrong = store(field, value)) mistakes_.add(origin, key, *wrong);
}

void Loader::read_environment(const std::string& folder) {
  for (const Section& section : sections_) {
    const std::string prefix = std::string(kVariablePrefix) + upper(section.name) + "_";
    std::vector<std::string> known;
    for (const Field& field : section.fields) known.push_back(prefix + upper(field.name));
    for (auto variable = environment_.lower_bound(prefix); variable != environment_.end() && variable->first.starts_with(prefix);
         ++variable) {
      const std::string& name = variable->first;
      const auto field = std::find_if(section.fields.begin(), section.fields.end(),
                                      [&](const Field& f) { return prefix + upper(f.name) == name; });
      if (field == section.fields.end())
        mistakes_.add({name, 0, 0}, "", unknown(name, known));
      else
        set_from_text(section.name + "." + field->name, *field, variable->second, {name, 0, 0}, folder);
    }
  }
  const auto overrides = environment_.find(kOverridesVariable);
  if (overrides == environment_.end()) return;
  std::istringstream lines(overrides->second);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) override_from(line, {kOverridesVariable, 0, 0}, folder);
}

void Loader::read_overrides(const std::vector<std::string>& overrides, const std::string& folder) {
  for (const std::string& text : overrides) override_from(text, {"--set", 0, 0}, folder);
}

void Loader::override_from(const std::string& text, const Origin& origin, const std::string& folder) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    mistakes_.add(origin, "", fmt::format("\"{}\"; expected section.key=value", text));
  else
    override_key(text.substr(0, equals), text.substr(equals + 1), origin, folder);
}

void Loader::override_key(const std::string& key, const std::string& text, const Origin& origin, const std::string& folder) {
  const std::size_t dot = key.rfind('.');
  const std::string owner = dot == std::string::npos ? "" : key.substr(0, dot);
  const std::string name = dot == std::string::npos ? key : key.substr(dot + 1);
  Fields fields;
  std::vector<std::string> owners;
  for (const Section& section : sections_) {
    owners.push_back(section.name);
    if (section.name == owner) fields = section.fields;
  }
  for (CameraConfig& camera : config_.cameras) {
    owners.push_back("cameras." + camera.name);
    if (owners.back() == owner) fields = fields_of(camera);
    if (owners.back() == owner && name == "url") camera.inputs.clear();
    for (std::size_t i = 0; i < camera.inputs.size(); ++i) {
      owners.push_back(fmt::format("cameras.{}.inputs[{}]", camera.name, i));
      if (owners.back() == owner) fields = fields_of(camera.inputs[i]);
    }
    for (std::size_t i = 0; i < camera.zones.size(); ++i) {
      owners.push_back(fmt::format("cameras.{}.zones[{}]", camera.name, i));
      if (owners.back() == owner) fields = fields_of(camera.zones[i]);
    }
  }
  if (fields.empty()) {
    const std::string guess = nearest(owner, owners);
    mistakes_.add(
        origin, key,
        fmt::format("unknown key; expected {}", guess.empty() ? fmt::format("one of {}, then .key", fmt::join(owners, ", "))
                                                              : fmt::format("\"{}.{}\"?", guess, name)));
  } else if (const Field* field = find_field(fields, name)) {
    set_from_text(key, *field, text, origin, folder);
  } else {
    mistakes_.add(origin, key, unknown(name, names_of(fields)));
  }
}

Result<Config> Loader::finish(Cameras expected) {
  if (expected == Cameras::kSome) check_cameras();
  check_together();
  check_mqtt();
  if (expected == Cameras::kSome) check_notify();
  check_waiting();
  if (!mistakes_.empty()) return mistakes_.error();
  return std::move(config_);
}

}  // namespace vedette::config
