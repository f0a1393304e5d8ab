// What needs more than one key of zones, lines and rules.
#include <algorithm>

#include <fmt/format.h>

#include "config/loader.h"

namespace vedette::config {
namespace {

template <typename T>
std::vector<std::string> names_in(const std::vector<T>& items) {
  std::vector<std::string> names;
  for (const T& item : items) names.push_back(item.name);
  return names;
}

std::string one_of(const std::string& word, const std::vector<std::string>& known, const char* what) {
  const std::string guess = nearest(word, known);
  return !guess.empty()  ? fmt::format("expected \"{}\"?", guess)
         : known.empty() ? fmt::format("expected the name of one of the camera's {}, and it has none", what)
                         : fmt::format("expected one of the camera's {}: {}", what, fmt::join(known, ", "));
}

}  // namespace

std::string below_the_detectors(float threshold, float detectors) {
  return fmt::format("{}; expected at least detect.threshold, {}: the detector gives nothing below it", threshold, detectors);
}

template <typename T>
void Loader::check_names(const std::vector<T>& items, const std::string& list) {
  for (auto item = items.begin(); item != items.end(); ++item) {
    const std::string key = fmt::format("{}[{}]", list, item - items.begin());
    const std::string name_key = key + ".name";
    if (item->name.empty()) {
      if (!mistakes_.about(name_key))
        mistakes_.add(origin_of(origins_.contains(name_key) ? name_key : key), key,
                      "no \"name:\"; expected 1 to 23 of the characters a-z 0-9 _ -");
      continue;
    }
    const auto same = std::find_if(items.begin(), item, [&](const T& other) { return other.name == item->name; });
    if (same != item)
      mistakes_.add(origin_of(name_key), name_key,
                    fmt::format("\"{}\", the name of {}[{}] too; expected names that differ", item->name,
                                list.substr(list.rfind('.') + 1), same - items.begin()));
  }
}

void Loader::check_zones(const CameraConfig& camera, const std::string& key) {
  check_names(camera.zones, key + ".zones");
  for (std::size_t i = 0; i < camera.zones.size(); ++i) {
    const Polygon& polygon = camera.zones[i].polygon;
    const std::string item = fmt::format("{}.zones[{}]", key, i);
    const std::string polygon_key = item + ".polygon";
    if (polygon.empty() && !origins_.contains(polygon_key))
      mistakes_.add(origin_of(item), item, "no \"polygon:\"; expected at least 3 points, such as \"0,0 0.3,0 0.3,0.2\"");
    else if (polygon.size() >= 3 && rules::crosses_itself(polygon))
      mistakes_.add(origin_of(polygon_key), polygon_key,
                    "its sides cross or touch each other; expected the points in order around it");
    else if (polygon.size() >= 3 && !(rules::doubled_area(polygon) > 0.0))
      mistakes_.add(origin_of(polygon_key), polygon_key, "its points lie on a line; expected something with an inside");
  }
}

void Loader::check_lines(const CameraConfig& camera, const std::string& key) {
  check_names(camera.lines, key + ".lines");
  for (std::size_t i = 0; i < camera.lines.size(); ++i) {
    const rules::Line& line = camera.lines[i];
    const std::string item = fmt::format("{}.lines[{}]", key, i);
    if (!origins_.contains(item + ".points"))
      mistakes_.add(origin_of(item), item, "no \"points:\"; expected two points that differ, such as \"0.1,0.5 0.9,0.5\"");
    const auto zone =
        std::find_if(camera.zones.begin(), camera.zones.end(), [&](const ZoneConfig& z) { return z.name == line.name; });
    if (zone != camera.zones.end() && !line.name.empty())
      mistakes_.add(
          origin_of(item + ".name"), item + ".name",
          fmt::format("\"{}\", the name of a zone too; expected names that differ, since both are counted by name", line.name));
  }
}

void Loader::check_rules(const CameraConfig& camera, const std::string& key) {
  check_names(camera.rules, key + ".rules");
  for (std::size_t i = 0; i < camera.rules.size(); ++i) {
    const rules::Rule& rule = camera.rules[i];
    const std::string item = fmt::format("{}.rules[{}]", key, i);
    // About a key of the rule, or an item of it; where that was written, else where the rule was.
    const auto add = [&](const std::string& name, const std::string& text) {
      const std::string own = item + "." + name, list = own.substr(0, own.find_first_of("[.", item.size() + 1));
      mistakes_.add(origin_of(origins_.contains(own) ? own : origins_.contains(list) ? list : item), list, text);
    };
    const std::vector<std::string> zones = names_in(camera.zones), lines = names_in(camera.lines);
    const auto check_zones_of = [&](const char* list, const std::vector<std::string>& named) {
      for (std::size_t z = 0; z < named.size(); ++z)
        if (std::find(zones.begin(), zones.end(), named[z]) == zones.end())
          add(fmt::format("{}[{}]", list, z), fmt::format("\"{}\" is no zone; {}", named[z], one_of(named[z], zones, "zones")));
    };
    check_zones_of("zones", rule.zones);
    check_zones_of("except", rule.except);
    if (!rule.line.empty() && std::find(lines.begin(), lines.end(), rule.line) == lines.end())
      add("line", fmt::format("\"{}\" is no line; {}", rule.line, one_of(rule.line, lines, "lines")));
    check_rule_alone(rule, add);
  }
}

// The detector gives nothing below its own threshold: one below that would seem to count what never comes.
void Loader::check_thresholds(const CameraConfig& camera, const std::string& key) {
  const auto check = [&](const std::string& of, std::optional<float> threshold) {
    if (threshold && *threshold < config_.detect.threshold)
      mistakes_.add(origin_of(of), of, below_the_detectors(*threshold, config_.detect.threshold));
  };
  check(key + ".threshold", camera.threshold);
  for (std::size_t i = 0; i < camera.rules.size(); ++i) {
    const std::string item = fmt::format("{}.rules[{}]", key, i);
    check(item + ".threshold", camera.rules[i].threshold);
    for (const auto& [name, threshold] : camera.rules[i].thresholds) check(item + ".thresholds." + name, threshold);
  }
}

void Loader::check_rule_alone(const rules::Rule& rule, const std::function<void(const std::string&, const std::string&)>& add) {
  if (rule.line.empty() && rule.direction != rules::Direction::kAny)
    add("direction", "no \"line:\" to cross; expected one, or no direction");
  if (!rule.line.empty() && (!rule.zones.empty() || rule.dwell.count() > 0 || rule.is_crowd()))
    add(!rule.zones.empty()      ? "zones"
        : rule.dwell.count() > 0 ? "dwell"
                                 : "count",
        "given together with line; expected only one of the two");
  if (!(rule.min_size <= rule.max_size))
    add("min_size", fmt::format("{}; expected at most max_size, {}", rule.min_size, rule.max_size));
  if (rule.at_least && rule.at_most && *rule.at_least > *rule.at_most)
    add("count", fmt::format("at_least {}; expected at most at_most, {}", *rule.at_least, *rule.at_most));
  for (const auto& [name, threshold] : rule.thresholds)
    if (!rule.classes.empty() && std::find(rule.classes.begin(), rule.classes.end(), name) == rule.classes.end())
      add("thresholds." + name,
          fmt::format("\"{}\" is none of the rule's classes; expected one of {}", name, fmt::join(rule.classes, ", ")));
}

}  // namespace vedette::config
