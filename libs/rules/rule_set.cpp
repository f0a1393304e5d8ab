#include "rules/rule_set.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "schema/class_names.h"

namespace vedette::rules {
namespace {

template <typename T>
std::optional<std::size_t> find_named(const std::vector<T>& items, std::string_view name) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const T& item) { return item.name == name; });
  return found == items.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - items.begin()));
}

}  // namespace

float least_score(const EngineOptions& options) {
  float least = options.threshold;
  for (const Rule& rule : options.rules) {
    least = std::min(least, rule.threshold.value_or(least));
    for (const auto& [name, threshold] : rule.thresholds) least = std::min(least, threshold);
  }
  return least;
}

RuleSet::RuleSet(EngineOptions options)
    : options_(std::move(options)), least_score_(options_.rules.size()), counts_(options_.zones.size()) {
  VD_ASSERT(options_.zones.size() <= kMostZones && options_.lines.size() <= kMostLines && options_.rules.size() <= kMostRules,
            "more zones, lines or rules than a camera may have");
  for (const Rule& rule : options_.rules) {
    zones_.push_back(bits_of(rule.zones));
    except_.push_back(bits_of(rule.except));
    lines_.push_back(rule.line.empty() ? std::nullopt : find_line(rule.line));
    VD_ASSERT(rule.line.empty() || lines_.back(), "a rule about a line that isn't there");
  }
}

std::uint32_t RuleSet::bits_of(const std::vector<std::string>& zones) const {
  std::uint32_t bits = 0;
  for (const std::string& name : zones) {
    const auto zone = find_zone(name);
    VD_ASSERT(zone, "a rule about a zone that isn't there");
    bits |= 1u << *zone;
  }
  return bits;
}

std::optional<std::size_t> RuleSet::find_rule(std::string_view name) const { return find_named(options_.rules, name); }

std::optional<std::size_t> RuleSet::find_zone(std::string_view name) const { return find_named(options_.zones, name); }

std::optional<std::size_t> RuleSet::find_line(std::string_view name) const { return find_named(options_.lines, name); }

std::vector<std::string> RuleSet::set_names(std::string_view names) {
  if (names == names_text_) return {};
  names_text_ = names;
  names_ = split_class_names(names);
  std::vector<std::string> unknown;
  for (std::size_t rule = 0; rule < options_.rules.size(); ++rule) look_up_classes(rule, unknown);
  for (std::size_t zone = 0; zone < options_.zones.size(); ++zone) {
    const std::vector<std::string>& objects = options_.zones[zone].objects;
    counts_[zone].assign(names_.size(), objects.empty());
    for (const std::string& name : objects)
      if (const auto id = class_id(name, unknown)) counts_[zone][*id] = true;
  }
  return unknown;
}

std::optional<std::size_t> RuleSet::class_id(const std::string& name, std::vector<std::string>& unknown) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
  if (std::find(unknown.begin(), unknown.end(), name) == unknown.end()) unknown.push_back(name);
  return std::nullopt;
}

void RuleSet::look_up_classes(std::size_t index, std::vector<std::string>& unknown) {
  const Rule& rule = options_.rules[index];
  const float general = rule.threshold.value_or(options_.threshold);
  std::vector<float>& least = least_score_[index];
  least.assign(names_.size(), rule.classes.empty() ? general : kUnwanted);
  for (const std::string& name : rule.classes)
    if (const auto id = class_id(name, unknown)) least[*id] = general;
  for (const auto& [name, threshold] : rule.thresholds)
    if (const auto id = class_id(name, unknown); id && least[*id] != kUnwanted) least[*id] = threshold;
}

std::string RuleSet::label(std::uint16_t class_id) const { return class_name(names_, class_id); }

float RuleSet::least_score(std::size_t rule, std::uint16_t class_id) const {
  return class_id < least_score_[rule].size() ? least_score_[rule][class_id] : kUnwanted;
}

std::uint32_t RuleSet::that_count(std::uint32_t zones, std::uint16_t class_id) const {
  for (std::size_t zone = 0; zone < counts_.size(); ++zone)
    if (class_id >= counts_[zone].size() || !counts_[zone][class_id]) zones &= ~(1u << zone);
  return zones;
}

}  // namespace vedette::rules
