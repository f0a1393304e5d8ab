#include "config/rule_binders.h"

#include <utility>

#include <fmt/format.h>

#include "config/binders.h"
#include "config/camera_binders.h"

namespace vedette::config {
namespace {

template <typename T>
Field list_of_maps(std::string name, std::vector<T>& member, std::string expected, std::size_t most) {
  Field field{std::move(name), list_of(member, std::move(expected))};
  field.most_maps = most;
  field.append_map = [&member] { return fields_of(member.emplace_back()); };
  field.get = [&member] { return maps_json(member); };
  return field;
}

}  // namespace

Field zones(std::string name, std::vector<ZoneConfig>& member) {
  return list_of_maps(std::move(name), member,
                      "a list of zones in the file, such as [{name: door, polygon: \"0,0 0.3,0 0.3,0.2\"}]", rules::kMostZones);
}

Field lines(std::string name, std::vector<rules::Line>& member) {
  return list_of_maps(std::move(name), member, "a list of lines in the file, such as [{name: gate, points: \"0.1,0.5 0.9,0.5\"}]",
                      rules::kMostLines);
}

Field rule_list(std::string name, std::vector<rules::Rule>& member) {
  return list_of_maps(std::move(name), member, "a list of rules in the file, such as [{name: night, zones: [door]}]",
                      rules::kMostRules);
}

Field course(std::string name, rules::Segment& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     std::vector<Point> points;
                     if (value.kind == Value::Kind::kText)
                       if (auto wrong = read_points(value, points)) return wrong;
                     if (points.size() != 2 || points[0] == points[1])
                       return mistake(value, "two points that differ, such as \"0.1,0.5 0.9,0.5\"");
                     member = {points[0], points[1]};
                     return std::nullopt;
                   }},
                  [&member] {
                    return Json(points_text({member.from, member.to}));
                  });
}

Field thresholds(std::string name, std::map<std::string, float>& member) {
  Field field{std::move(name), [&member](const Value& value) -> std::optional<std::string> {
                if (value.kind != Value::Kind::kMap)
                  return mistake(value, "a score for each class in the file, such as {person: 0.6}");
                member.clear();
                return std::nullopt;
              }};
  field.put = [&member](const std::string& word, const Value& value) {
    float threshold = 0.0f;
    auto wrong = number(word, threshold, 0.0f, 1.0f).set(value);
    if (!wrong) member[word] = threshold;
    return wrong;
  };
  field.get = [&member] {
    Json scores = Json::object();
    for (const auto& [word, score] : member) scores[word] = number_json(score);
    return scores;
  };
  return field;
}

Field count_limits(std::string name, rules::Rule& rule) {
  Field field{std::move(name), [&rule](const Value& value) -> std::optional<std::string> {
                if (value.kind != Value::Kind::kMap)
                  return mistake(value, "at_least, at_most or both in the file, such as {at_least: 3}");
                rule.at_least.reset();
                rule.at_most.reset();
                return std::nullopt;
              }};
  field.put = [&rule](const std::string& word, const Value& value) -> std::optional<std::string> {
    if (word != "at_least" && word != "at_most") return "unknown key; expected at_least or at_most";
    std::uint32_t limit = 0;
    auto wrong = number(word, limit, 0u, 1000u).set(value);
    if (!wrong) (word == "at_least" ? rule.at_least : rule.at_most) = limit;
    return wrong;
  };
  field.get = [&rule] {
    Json limits = Json::object();
    if (rule.at_least) limits["at_least"] = *rule.at_least;
    if (rule.at_most) limits["at_most"] = *rule.at_most;
    return limits;
  };
  return field;
}

Field schedule(std::string name, rules::Schedule& member) {
  Field field{std::move(name), list_of(member, "a list such as [\"mon-fri 22:00-06:00\", \"sat,sun\"]")};
  field.list = true;
  field.separator = ';';
  field.append = [&member](const Value& item) -> std::optional<std::string> {
    const auto spans = rules::parse_schedule(item.text);
    if (!spans) return mistake(item, "days, times or both, such as \"mon-fri 22:00-06:00\", \"sat,sun\" or \"08:00-18:00\"");
    member.insert(member.end(), spans->begin(), spans->end());
    return std::nullopt;
  };
  field.get = [&member] { return Json(rules::texts_of(member)); };
  return field;
}

}  // namespace vedette::config
