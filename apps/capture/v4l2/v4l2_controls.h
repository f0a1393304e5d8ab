// A device's controls by the names that `vedette cameras` (and v4l2-ctl) lists: "exposure_time_absolute=200",
// "auto_exposure=manual_mode". Thread-bound, as the node whose descriptor is passed in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vedette::capture {

enum class V4l2ControlKind { kInteger, kBoolean, kMenu, kIntegerMenu, kBitmask, kButton, kText };

struct V4l2MenuItem {
  std::int64_t index = 0;
  std::string name;  // of an integer menu: the number
};

struct V4l2Control {
  std::uint32_t id = 0;
  std::string name;   // normalised: "white_balance_automatic"
  std::string label;  // as the driver has it: "White Balance, Automatic"
  V4l2ControlKind kind = V4l2ControlKind::kInteger;
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  std::int64_t step = 1;
  std::int64_t preset = 0;  // the driver's default
  std::int64_t value = 0;   // now; of texts and buttons 0
  bool read_only = false;
  bool inactive = false;  // without effect while another control (an automatic) governs it
  std::vector<V4l2MenuItem> menu;
};

// Lower-case letters and digits, everything between them one underscore.
std::string normalised_name(std::string_view label);

// All that can be set or read as one number or text; controls that are tables and structures are left out.
std::vector<V4l2Control> v4l2_controls(int fd);

// "name=value": the name as above or as the driver has it; the value a number (decimal or 0x…), true/false/on/off for a switch, a
// menu item's name or number, anything for a button. kInvalidArgument says what there is instead: names, a range, the menu.
Result<> set_v4l2_control(int fd, std::string_view assignment);
// In this order, since an automatic has to be switched off before what it governs can be set.
Result<> set_v4l2_controls(int fd, const std::vector<std::string>& assignments);

}  // namespace vedette::capture
