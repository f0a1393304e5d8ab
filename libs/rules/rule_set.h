// RuleSet: the options, looked up: names of classes, zones and lines as numbers. Owner: Engine. Thread-bound.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/options.h"

namespace vedette::rules {

class RuleSet {
 public:
  static constexpr float kUnwanted = std::numeric_limits<float>::infinity();

  explicit RuleSet(EngineOptions options);

  // See Engine::set_names().
  std::vector<std::string> set_names(std::string_view names);
  bool has_names() const { return !names_.empty(); }
  const std::string& names() const { return names_text_; }
  std::string label(std::uint16_t class_id) const;

  const EngineOptions& options() const { return options_; }
  const Rule& rule(std::size_t index) const { return options_.rules[index]; }
  std::optional<std::size_t> find_rule(std::string_view name) const;
  std::optional<std::size_t> find_zone(std::string_view name) const;
  std::optional<std::size_t> find_line(std::string_view name) const;

  // The least score that the rule asks of this class; kUnwanted if it isn't about it.
  float least_score(std::size_t rule, std::uint16_t class_id) const;
  // Those of `zones` (bit i: zone i) in which this class counts.
  std::uint32_t that_count(std::uint32_t zones, std::uint16_t class_id) const;
  std::uint32_t zones_of(std::size_t rule) const { return zones_[rule]; }  // 0: it names none
  std::uint32_t except_of(std::size_t rule) const { return except_[rule]; }
  std::optional<std::size_t> line_of(std::size_t rule) const { return lines_[rule]; }

 private:
  std::uint32_t bits_of(const std::vector<std::string>& zones) const;
  void look_up_classes(std::size_t rule, std::vector<std::string>& unknown);
  std::optional<std::size_t> class_id(const std::string& name, std::vector<std::string>& unknown) const;

  EngineOptions options_;
  std::vector<std::uint32_t> zones_, except_;      // by rule
  std::vector<std::optional<std::size_t>> lines_;  // by rule
  std::string names_text_;
  std::vector<std::string> names_;               // by class id
  std::vector<std::vector<float>> least_score_;  // by rule, by class id
  std::vector<std::vector<bool>> counts_;        // by zone, by class id
};

}  // namespace vedette::rules
