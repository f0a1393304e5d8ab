// The layers of single texts: environment and flags.
#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "config/loader.h"

namespace vedette::config {
namespace {

constexpr std::string_view kVariablePrefix = "VEDETTE_";

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
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

}  // namespace

void Loader::set_from_text(const std::string& key, const Field& field, const std::string& text, const Origin& origin,
                           const std::string& folder) {
  Value value{.kind = Value::Kind::kText, .text = text, .items = {}, .shown = text, .folder = folder};
  if (field.list) {
    value.kind = Value::Kind::kList;
    if (!text.empty() || !field.append) value.items = split_list(text, field.separator);
  }
  forget_items(key);
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
        mistakes_.add({name, 0, 0}, "", unknown_key(name, known));
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
    const auto look_through = [&](const char* list, auto& items) {
      for (std::size_t i = 0; i < items.size(); ++i) {
        owners.push_back(fmt::format("cameras.{}.{}[{}]", camera.name, list, i));
        if (owners.back() == owner) fields = fields_of(items[i]);
      }
    };
    look_through("inputs", camera.inputs);
    look_through("zones", camera.zones);
    look_through("lines", camera.lines);
    look_through("rules", camera.rules);
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
    mistakes_.add(origin, key, unknown_key(name, names_of(fields)));
  }
}

}  // namespace vedette::config
