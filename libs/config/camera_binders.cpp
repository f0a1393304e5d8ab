#include "config/camera_binders.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "config/binders.h"
#include "config/text.h"
#include "telemetry/log.h"

namespace vedette::config {
namespace {

constexpr std::uint32_t kLargestSide = 16'384;

bool is_text(const Value& value) { return value.kind == Value::Kind::kText; }

// All of `text`, or none.
template <typename T>
std::optional<T> parse(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(number) : std::nullopt;
}

std::optional<Point> parse_point(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::optional<float> x = parse<float>(text.substr(0, comma));
  const std::optional<float> y = parse<float>(text.substr(comma + 1));
  const auto inside = [](float side) { return std::isfinite(side) && side >= 0.0f && side <= 1.0f; };
  if (!x || !y || !inside(*x) || !inside(*y)) return std::nullopt;
  return Point{*x, *y};
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = text.find_first_not_of(' '); at != std::string_view::npos; at = text.find_first_not_of(' ', at)) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

constexpr std::string_view kAPoint = "a point such as 0.3,0.2 (from the left, from the top), both from 0 to 1";

std::optional<std::string> read_polygon(const Value& value, Polygon& polygon) {
  polygon.clear();
  if (auto wrong = read_points(value, polygon)) return wrong;
  if (polygon.size() < 3) return mistake(value, "at least 3 points, such as \"0,0 0.3,0 0.3,0.2\"");
  return std::nullopt;
}

std::optional<std::string> append_polygon(std::vector<Polygon>& polygons, const Value& item) {
  Polygon polygon;
  if (auto wrong = read_polygon(item, polygon)) return wrong;
  polygons.push_back(std::move(polygon));
  return std::nullopt;
}

// Lower-case letters, digits and underscores: the names of controls and of their menus' items.
bool is_control_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

std::optional<std::string> append_control(std::vector<std::string>& controls, const Value& item) {
  const std::size_t equals = std::min(item.text.find('='), item.text.size());
  const std::string_view name = std::string_view(item.text).substr(0, equals);
  const std::string_view value = std::string_view(item.text).substr(std::min(equals + 1, item.text.size()));
  if (!is_control_word(name) || !(parse<long long>(value) || is_control_word(value)))
    return mistake(item,
                   "a control's name as `vedette cameras` lists it and a whole number or a menu item's name, such as "
                   "exposure_time_absolute=200 or auto_exposure=manual_mode");
  for (const std::string& other : controls)
    if (std::string_view(other).substr(0, other.find('=')) == name)
      return fmt::format("\"{}\", where \"{}\" stands before; expected each control once", item.shown, other);
  controls.push_back(item.text);
  return std::nullopt;
}

std::optional<std::string> add_role(Roles& roles, const Value& item) {
  bool* role = item.text == "detect"   ? &roles.detect
               : item.text == "record" ? &roles.record
               : item.text == "live"   ? &roles.live
                                       : nullptr;
  if (role == nullptr) return mistake(item, "one of detect, record, live");
  if (*role) return mistake(item, "each role once");
  *role = true;
  return std::nullopt;
}

Json roles_json(const Roles& roles) {
  Json list = Json::array();
  if (roles.detect) list.push_back("detect");
  if (roles.record) list.push_back("record");
  if (roles.live) list.push_back("live");
  return list;
}

}  // namespace

std::string points_text(const std::vector<Point>& points) {
  std::string text;
  for (const Point& point : points) text += fmt::format("{}{},{}", text.empty() ? "" : " ", point.x, point.y);
  return text;
}

std::optional<std::string> read_points(const Value& value, std::vector<Point>& points) {
  for (const std::string_view word : words_of(value.text)) {
    const std::optional<Point> point = parse_point(word);
    if (!point)
      return fmt::format("\"{}\"; expected {}", value.shown == value.text ? word : std::string_view(value.shown), kAPoint);
    points.push_back(*point);
  }
  return std::nullopt;
}

Field source_url(std::string name, std::string& member) {
  return readable(
      {std::move(name),
       [&member](const Value& value) -> std::optional<std::string> {
         if (!is_text(value) || value.text.empty() || value.text.find('\0') != std::string::npos)
           return mistake(value, "a device, a file or a URL such as /dev/video0 or rtsp://camera/stream");
         const std::string& url = value.text;
         if (url == kDeviceNamePrefix) return mistake(value, "the device's name behind it, as `vedette cameras` lists it");
         for (const std::string_view whole : {kExternalCamera, kIngestedCamera})
           if (url.starts_with(whole) && url.size() > whole.size())
             return mistake(value, fmt::format("\"{}\" alone (or \"./{}\" for a file of that name)", whole, value.shown));
         const bool is_url = url.find("://") != std::string::npos || url == kExternalCamera || url == kIngestedCamera ||
                             url.starts_with(kSyntheticPrefix) || url.starts_with(kDeviceNamePrefix);
         member = is_url ? url : absolute(url, value.folder);
         return std::nullopt;
       }},
      [&member] { return Json(log::redact_url(member)); });
}

Field name(std::string name, std::string& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value) || !(value.text.empty() || is_input_name(value.text)))
                       return mistake(value, "1 to 23 of the characters a-z 0-9 _ - (\"\" for none)");
                     member = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field roles(std::string name, Roles& member) {
  Field field{std::move(name), [&member](const Value& value) -> std::optional<std::string> {
                if (value.kind != Value::Kind::kList || value.items.empty())
                  return value.kind == Value::Kind::kList ? "an empty list; expected some of detect, record, live"
                                                          : mistake(value, "a list of roles such as [record, live]");
                member = {false, false, false};
                return std::nullopt;
              }};
  field.list = true;
  field.append = [&member](const Value& item) { return add_role(member, item); };
  field.get = [&member] { return roles_json(member); };
  return field;
}

Field inputs(std::string name, std::vector<InputConfig>& member) {
  Field field{std::move(name),
              list_of(member, "a list of inputs in the file, such as [{url: rtsp://camera/main, roles: [record, live]}]")};
  field.excludes = "url";
  field.most_maps = 3;  // one a role
  field.append_map = [&member] {
    member.push_back({.name = "", .url = "", .roles = {false, false, false}});
    return fields_of(member.back());
  };
  field.get = [&member] { return maps_json(member); };
  return field;
}

Field picture_size(std::string name, PictureSize& member) {
  return readable(
      {std::move(name),
       [&member](const Value& value) -> std::optional<std::string> {
         const std::size_t cross = std::min(value.text.find('x'), value.text.size());
         const auto width = parse<std::uint32_t>(std::string_view(value.text).substr(0, cross));
         const auto height = parse<std::uint32_t>(std::string_view(value.text).substr(std::min(cross + 1, value.text.size())));
         const auto sane = [](std::uint32_t side) { return side >= 1 && side <= kLargestSide; };
         if (is_text(value) && value.text == "auto") {
           member = {};
         } else if (is_text(value) && width && height && sane(*width) && sane(*height)) {
           member = {*width, *height};
         } else {
           return mistake(value, fmt::format("auto, or width x height such as 1280x720, each from 1 to {}", kLargestSide));
         }
         return std::nullopt;
       }},
      [&member] { return Json(member == PictureSize{} ? "auto" : fmt::format("{}x{}", member.width, member.height)); });
}

Field device_controls(std::string name, std::vector<std::string>& member) {
  Field field{std::move(name), list_of(member, "a list such as [exposure_time_absolute=200]")};
  field.list = true;
  field.append = [&member](const Value& item) { return append_control(member, item); };
  field.get = [&member] { return Json(member); };
  return field;
}

Field polygon(std::string name, Polygon& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value)) return mistake(value, "a polygon such as \"0,0 0.3,0 0.3,0.2\"");
                     return read_polygon(value, member);
                   }},
                  [&member] { return Json(points_text(member)); });
}

Field rectangle(std::string name, std::optional<Rectangle>& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     constexpr std::string_view kExpected =
                         "its top left and bottom right corner, such as \"0.2,0.3 0.8,0.9\" (\"\": the whole picture)";
                     if (!is_text(value)) return mistake(value, kExpected);
                     member.reset();
                     if (value.text.empty()) return std::nullopt;
                     Polygon corners;
                     if (auto wrong = read_points(value, corners)) return wrong;
                     if (corners.size() != 2 || !(corners[0].x < corners[1].x) || !(corners[0].y < corners[1].y))
                       return mistake(value, kExpected);
                     member = Rectangle{corners[0], corners[1]};
                     return std::nullopt;
                   }},
                  [&member] {
                    return Json(member ? points_text({member->from, member->to}) : "");
                  });
}

Field polygons(std::string name, std::vector<Polygon>& member) {
  Field field{std::move(name), list_of(member, "a list of polygons such as [\"0,0 0.3,0 0.3,0.2\"]")};
  field.list = true;
  field.separator = ';';
  field.append = [&member](const Value& item) { return append_polygon(member, item); };
  field.get = [&member] {
    Json list = Json::array();
    for (const Polygon& each : member) list.push_back(points_text(each));
    return list;
  };
  return field;
}

}  // namespace vedette::config
