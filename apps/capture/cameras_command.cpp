#include "capture/cameras_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/process.h"
#include "capture/probe.h"
#include "config/command_line.h"
#include "telemetry/log.h"

namespace vedette::capture {
namespace {

constexpr const char* kExamples = R"(
Examples:
  vedette cameras                                          what is plugged in, with formats, sizes, rates and controls
  vedette cameras /dev/video0                              one of them
  vedette cameras rtsp://10.0.0.5/main --username admin --password-file pw
  vedette cameras --json rtsp://10.0.0.5/main              for scripts)";

struct Options {
  std::string url;
  std::string password_file;
  std::string log_level = "error";
  SourceOptions source;
  double seconds = 6.0;
  bool json = false;
};

std::string range_of(const V4l2Control& control) {
  switch (control.kind) {
    case V4l2ControlKind::kBoolean:
      return "0 or 1";
    case V4l2ControlKind::kMenu:
    case V4l2ControlKind::kIntegerMenu: {
      std::string items;
      for (const V4l2MenuItem& item : control.menu)
        items += fmt::format("{}{}: {}", items.empty() ? "" : ", ", item.index, item.name);
      return items;
    }
    case V4l2ControlKind::kButton:
      return "a button";
    case V4l2ControlKind::kText:
      return "a text";
    default:
      return fmt::format("{} to {}{}", control.minimum, control.maximum,
                         control.step > 1 ? fmt::format(" in steps of {}", control.step) : "");
  }
}

std::string line_of(const V4l2Control& control) {
  std::string line = fmt::format("{}={} ({}; default {})", control.name, control.value, range_of(control), control.preset);
  if (control.read_only) line += ", can't be set";
  if (control.inactive) line += ", without effect while an automatic governs it";
  return line;
}

nlohmann::ordered_json json_of(const V4l2Control& control) {
  nlohmann::ordered_json json{{"name", control.name},          {"value", control.value}, {"minimum", control.minimum},
                              {"maximum", control.maximum},    {"step", control.step},   {"default", control.preset},
                              {"read_only", control.read_only}};
  if (!control.menu.empty()) {
    json["menu"] = nlohmann::ordered_json::array();
    for (const V4l2MenuItem& item : control.menu) json["menu"].push_back({{"value", item.index}, {"name", item.name}});
  }
  return json;
}

nlohmann::ordered_json json_of(const V4l2FormatInfo& format) {
  nlohmann::ordered_json json{{"fourcc", fourcc_text(format.fourcc)},
                              {"description", format.description},
                              {"device_format", nullptr},
                              {"sizes", nlohmann::ordered_json::array()}};
  if (const auto ours = v4l2_format_of(format.fourcc)) json["device_format"] = to_string(*ours);
  for (const V4l2Size& size : format.sizes) {
    nlohmann::ordered_json rates = nlohmann::ordered_json::array();
    for (const V4l2Interval& interval : size.intervals) rates.push_back(interval.fps());
    json["sizes"].push_back({{"width", size.width}, {"height", size.height}, {"fps", rates}});
  }
  return json;
}

void add_options(CLI::App& app, Options& options) {
  app.add_option("url", options.url, "A device or the URL of a stream or file; without: all devices");
  app.add_option("--username", options.source.username, "For the URL");
  app.add_option("--password-file", options.password_file, "A file that holds the password")->type_name("FILE");
  app.add_option("--rtsp-transport", options.source.rtsp_transport, "tcp or udp")
      ->check(CLI::IsMember({"tcp", "udp"}))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "How long a stream is looked at")
      ->check(CLI::Range(0.5, 600.0))
      ->capture_default_str();
  app.add_option("--log-level", options.log_level, "debug shows what FFmpeg says")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  app.add_flag("--json", options.json, "One JSON object");
  app.footer(kExamples);
}

Result<> read_password(Options& options) {
  if (options.password_file.empty()) return {};
  std::ifstream file(options.password_file);
  if (!file || !std::getline(file, options.source.password.value) || options.source.password.empty())
    return Error{ErrorCode::kNotFound, options.password_file + ": expected a file with the password in its first line"};
  return {};
}

int print(const std::string& text) {
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool is_meant(const V4l2DeviceInfo& device, const std::string& name) {
  if (name.starts_with(kDeviceNamePrefix)) {
    const std::string card = name.substr(std::string_view(kDeviceNamePrefix).size());
    return card == device.identity.card || card == device.identity.bus;
  }
  std::error_code error;
  return std::filesystem::weakly_canonical(name, error).string() == device.path;
}

int run_list(const Options& options) {
  V4l2DeviceList list = list_v4l2_devices();
  if (!options.url.empty()) {
    std::erase_if(list.devices, [&](const V4l2DeviceInfo& device) { return !is_meant(device, options.url); });
    std::erase_if(list.refused, [&](const std::string& path) { return path != options.url; });
    if (list.devices.empty() && list.refused.empty())
      return fail({ErrorCode::kNotFound, options.url + ": isn't a camera that is here; `vedette cameras` lists them"});
  }
  return print(options.json ? to_json(list) + "\n" : to_text(list));
}

int run_probe(Options& options) {
  options.source.url = options.url;
  if (const auto read = read_password(options); !read.ok()) return fail(read.error());
  for (const std::string& secret : secrets_of(options.source)) log::add_secret(secret);
  const auto probed =
      probe(options.source, Milliseconds(static_cast<long long>(options.seconds * 1000)), [] { return !stop_requested(); });
  if (!probed.ok()) return fail(probed.error());
  return print(options.json ? to_json(*probed) + "\n" : to_text(*probed));
}

}  // namespace

std::string to_text(const V4l2DeviceList& list) {
  std::string text;
  for (const V4l2DeviceInfo& device : list.devices) {
    text += fmt::format("{}  {}, driver {}\n", device.path, to_text(device.identity), device.driver);
    const auto line = [&](std::string_view name, const std::string& value) { text += fmt::format("  {:<10} {}\n", name, value); };
    line("url", fmt::format("\"v4l2:{}\"", device.identity.card));
    for (const std::string& link : device.by_id) line("or", link);
    if (device.inputs.size() > 1) line("inputs", fmt::format("{}", fmt::join(device.inputs, ", ")));
    line("formats", capture::to_text(device.formats));
    for (const V4l2Control& control : device.controls) line("control", line_of(control));
  }
  for (const std::string& path : list.refused)
    text += fmt::format("{}  can't be opened by this user; expected it to be in the group `video`\n", path);
  return text.empty() ? "no camera is plugged in; expected /dev/video* (for network cameras: vedette cameras URL)\n" : text;
}

std::string to_json(const V4l2DeviceList& list) {
  nlohmann::ordered_json devices = nlohmann::ordered_json::array();
  for (const V4l2DeviceInfo& device : list.devices) {
    nlohmann::ordered_json formats = nlohmann::ordered_json::array(), controls = nlohmann::ordered_json::array();
    for (const V4l2FormatInfo& format : device.formats) formats.push_back(json_of(format));
    for (const V4l2Control& control : device.controls) controls.push_back(json_of(control));
    devices.push_back({{"path", device.path},
                       {"url", kDeviceNamePrefix + device.identity.card},
                       {"card", device.identity.card},
                       {"bus", device.identity.bus},
                       {"driver", device.driver},
                       {"by_id", device.by_id},
                       {"inputs", device.inputs},
                       {"formats", std::move(formats)},
                       {"controls", std::move(controls)}});
  }
  return nlohmann::ordered_json{{"devices", std::move(devices)}, {"refused", list.refused}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int cameras_command(int argc, char** argv) {
  CLI::App app{"Lists the cameras of this machine, or says what a stream sends", "vedette cameras"};
  Options options;
  add_options(app, options);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const std::pair<std::string_view, log::Level> levels[] = {{"debug", log::Level::kDebug},
                                                            {"info", log::Level::kInfo},
                                                            {"warning", log::Level::kWarning},
                                                            {"error", log::Level::kError}};
  for (const auto& [name, level] : levels)
    if (name == options.log_level) log::start_log("cameras", level);
  set_libav_log([](std::string_view line) { log::debug("libav: {}", line); });
  const bool device = options.url.empty() || kind_of(options.url) == SourceKind::kDevice;
  return device ? run_list(options) : run_probe(options);
}

}  // namespace vedette::capture
