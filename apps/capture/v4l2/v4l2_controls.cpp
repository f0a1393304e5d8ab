#include "capture/v4l2/v4l2_controls.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "capture/v4l2/v4l2_node.h"

namespace vedette::capture {
namespace {

constexpr int kMostControls = 1024;  // for a driver whose list never ends
constexpr std::int64_t kMostMenuItems = 256;

std::optional<V4l2ControlKind> kind_of(std::uint32_t type) {
  switch (type) {
    case V4L2_CTRL_TYPE_INTEGER:
    case V4L2_CTRL_TYPE_INTEGER64:
    case V4L2_CTRL_TYPE_U8:
    case V4L2_CTRL_TYPE_U16:
    case V4L2_CTRL_TYPE_U32:
      return V4l2ControlKind::kInteger;
    case V4L2_CTRL_TYPE_BOOLEAN:
      return V4l2ControlKind::kBoolean;
    case V4L2_CTRL_TYPE_MENU:
      return V4l2ControlKind::kMenu;
    case V4L2_CTRL_TYPE_INTEGER_MENU:
      return V4l2ControlKind::kIntegerMenu;
    case V4L2_CTRL_TYPE_BITMASK:
      return V4l2ControlKind::kBitmask;
    case V4L2_CTRL_TYPE_BUTTON:
      return V4l2ControlKind::kButton;
    case V4L2_CTRL_TYPE_STRING:
      return V4l2ControlKind::kText;
    default:
      return std::nullopt;
  }
}

bool is_wide(std::uint32_t type) { return type == V4L2_CTRL_TYPE_INTEGER64; }

v4l2_ext_controls request_of(v4l2_ext_control& control) {
  v4l2_ext_controls request{};
  request.which = V4L2_CTRL_WHICH_CUR_VAL;
  request.count = 1;
  request.controls = &control;
  return request;
}

std::vector<V4l2MenuItem> menu_of(int fd, const v4l2_query_ext_ctrl& query, V4l2ControlKind kind) {
  std::vector<V4l2MenuItem> menu;
  const std::int64_t last = std::min<std::int64_t>(query.maximum, query.minimum + kMostMenuItems);
  for (std::int64_t i = query.minimum; i <= last; ++i) {
    v4l2_querymenu item{};
    item.id = query.id;
    item.index = static_cast<std::uint32_t>(i);
    if (v4l2_ioctl(fd, VIDIOC_QUERYMENU, &item) != 0) continue;  // menus have holes
    if (kind == V4l2ControlKind::kIntegerMenu) {
      menu.push_back({i, std::to_string(item.value)});
    } else {
      const char* name = reinterpret_cast<const char*>(item.name);
      menu.push_back({i, std::string(name, ::strnlen(name, sizeof item.name))});
    }
  }
  return menu;
}

std::int64_t value_of(int fd, const v4l2_query_ext_ctrl& query) {
  v4l2_ext_control control{};
  control.id = query.id;
  v4l2_ext_controls request = request_of(control);
  if (v4l2_ioctl(fd, VIDIOC_G_EXT_CTRLS, &request) != 0) return 0;
  return is_wide(query.type) ? static_cast<std::int64_t>(control.value64) : control.value;
}

struct Described {
  V4l2Control control;
  std::uint32_t type = 0;
};

std::vector<Described> describe_all(int fd) {
  std::vector<Described> all;
  v4l2_query_ext_ctrl query{};
  for (int i = 0; i < kMostControls; ++i) {
    query.id |= V4L2_CTRL_FLAG_NEXT_CTRL;
    if (v4l2_ioctl(fd, VIDIOC_QUERY_EXT_CTRL, &query) != 0) break;
    const auto kind = kind_of(query.type);
    if (!kind || (query.flags & V4L2_CTRL_FLAG_DISABLED) != 0 || query.nr_of_dims > 0) continue;
    Described described;
    V4l2Control& control = described.control;
    described.type = query.type;
    control.id = query.id;
    control.label = std::string(query.name, ::strnlen(query.name, sizeof query.name));
    control.name = normalised_name(control.label);
    control.kind = *kind;
    control.minimum = query.minimum;
    control.maximum = query.maximum;
    control.step = static_cast<std::int64_t>(std::max<std::uint64_t>(query.step, 1));
    control.preset = query.default_value;
    control.read_only = (query.flags & V4L2_CTRL_FLAG_READ_ONLY) != 0;
    control.inactive = (query.flags & V4L2_CTRL_FLAG_INACTIVE) != 0;
    if (*kind == V4l2ControlKind::kMenu || *kind == V4l2ControlKind::kIntegerMenu) control.menu = menu_of(fd, query, *kind);
    if (*kind != V4l2ControlKind::kText && *kind != V4l2ControlKind::kButton) control.value = value_of(fd, query);
    all.push_back(std::move(described));
  }
  return all;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view digits = negative ? text.substr(1) : text;
  const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
  if (hex) digits.remove_prefix(2);
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (failed != std::errc{} || end != digits.data() + digits.size() || digits.starts_with('-')) return std::nullopt;
  return negative ? -value : value;
}

Error wrong_value(const V4l2Control& control, std::string_view value, const std::string& expected) {
  return Error{ErrorCode::kInvalidArgument,
               "control " + control.name + ": \"" + std::string(value) + "\" is not a value of it; expected " + expected};
}

Result<std::int64_t> menu_value(const V4l2Control& control, std::string_view text) {
  const std::string wanted = normalised_name(text);
  const bool by_name = control.kind == V4l2ControlKind::kMenu || control.kind == V4l2ControlKind::kIntegerMenu;
  if (by_name)
    for (const V4l2MenuItem& item : control.menu)
      if (normalised_name(item.name) == wanted) return item.index;
  if (const auto number = number_in(text))
    for (const V4l2MenuItem& item : control.menu)
      if (item.index == *number) return item.index;
  std::string items;
  for (const V4l2MenuItem& item : control.menu)
    items += (items.empty() ? "" : ", ") + std::to_string(item.index) + " (" + normalised_name(item.name) + ")";
  return wrong_value(control, text, "one of " + items);
}

Result<std::int64_t> value_from(const V4l2Control& control, std::string_view text) {
  if (control.kind == V4l2ControlKind::kButton) return std::int64_t{1};
  if (control.kind == V4l2ControlKind::kMenu || control.kind == V4l2ControlKind::kIntegerMenu) return menu_value(control, text);
  if (control.kind == V4l2ControlKind::kBoolean) {
    if (text == "true" || text == "on" || text == "yes" || text == "1") return std::int64_t{1};
    if (text == "false" || text == "off" || text == "no" || text == "0") return std::int64_t{0};
    return wrong_value(control, text, "on or off");
  }
  const auto number = number_in(text);
  const bool bits = control.kind == V4l2ControlKind::kBitmask;
  const std::string range = bits ? "bits within " + std::to_string(static_cast<std::uint32_t>(control.maximum))
                                 : std::to_string(control.minimum) + " to " + std::to_string(control.maximum) +
                                       (control.step > 1 ? " in steps of " + std::to_string(control.step) : "");
  if (!number) return wrong_value(control, text, range);
  if (bits ? (*number & ~static_cast<std::int64_t>(static_cast<std::uint32_t>(control.maximum))) != 0
           : *number < control.minimum || *number > control.maximum || (*number - control.minimum) % control.step != 0)
    return wrong_value(control, text, range);
  return *number;
}

Result<> apply(int fd, const Described& described, std::string_view text) {
  const V4l2Control& control = described.control;
  v4l2_ext_control set{};
  set.id = control.id;
  std::string bytes(text);
  if (control.kind == V4l2ControlKind::kText) {
    // Drivers demand a length of the form minimum + n * step, which is the driver's own business; only too long is ours.
    if (text.size() > static_cast<std::size_t>(control.maximum))
      return wrong_value(control, text, "at most " + std::to_string(control.maximum) + " characters");
    set.size = static_cast<std::uint32_t>(control.maximum + 1);
    bytes.resize(set.size);
    set.string = bytes.data();
  } else {
    VD_ASSIGN(const std::int64_t value, value_from(control, text));
    if (is_wide(described.type))
      set.value64 = value;
    else
      set.value = static_cast<std::int32_t>(value);
  }
  v4l2_ext_controls request = request_of(set);
  const int failed = v4l2_ioctl(fd, VIDIOC_S_EXT_CTRLS, &request);
  if (failed == 0) return Ok{};
  const std::string what = "control " + control.name;
  if (control.inactive)
    return Error{ErrorCode::kInvalidArgument,
                 what + ": can't be set while another control governs it; switch the automatic off first"};
  if (failed == EBUSY) return Error{ErrorCode::kBusy, what + ": can't be set while the camera streams"};
  if (failed == ERANGE || failed == EINVAL || failed == EILSEQ)
    return Error{ErrorCode::kInvalidArgument, what + ": the driver refuses \"" + std::string(text) + "\""};
  return v4l2_error(what, failed);
}

Result<> set_one(int fd, const std::vector<Described>& all, std::string_view assignment) {
  const std::size_t sign = assignment.find('=');
  if (sign == std::string_view::npos || sign == 0)
    return Error{ErrorCode::kInvalidArgument, "control \"" + std::string(assignment) + "\": expected name=value"};
  const std::string name = normalised_name(assignment.substr(0, sign));
  for (const Described& described : all) {
    if (described.control.name != name) continue;
    if (described.control.read_only) return Error{ErrorCode::kInvalidArgument, "control " + name + ": can only be read"};
    return apply(fd, described, assignment.substr(sign + 1));
  }
  std::string names;
  for (const Described& described : all)
    if (!described.control.read_only) names += (names.empty() ? "" : ", ") + described.control.name;
  return Error{ErrorCode::kInvalidArgument,
               "control " + name + ": the device hasn't got it; it has: " + (names.empty() ? "none" : names)};
}

}  // namespace

std::string normalised_name(std::string_view label) {
  std::string name;
  bool gap = false;
  for (const char letter : label) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte) == 0) {
      gap = true;
      continue;
    }
    if (gap && !name.empty()) name += '_';
    gap = false;
    name += static_cast<char>(std::tolower(byte));
  }
  return name;
}

std::vector<V4l2Control> v4l2_controls(int fd) {
  std::vector<V4l2Control> controls;
  for (Described& described : describe_all(fd)) controls.push_back(std::move(described.control));
  return controls;
}

Result<> set_v4l2_control(int fd, std::string_view assignment) { return set_one(fd, describe_all(fd), assignment); }

Result<> set_v4l2_controls(int fd, const std::vector<std::string>& assignments) {
  // Described anew each time: what one assignment does may activate the next one's control.
  for (const std::string& assignment : assignments) VD_TRY(set_v4l2_control(fd, assignment));
  return Ok{};
}

}  // namespace vedette::capture
