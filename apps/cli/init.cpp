#include "cli/init.h"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <thread>

#include "base/file.h"
#include "base/unique_fd.h"
#include "config/command_line.h"
#include "config/config.h"

namespace vedette::cli {
namespace {

namespace fs = std::filesystem;

// Where `make` puts the default model.
fs::path default_model() { return fs::path(model_path({})).lexically_normal(); }

std::uint64_t shm_mebibytes() {
  struct statvfs status {};
  return ::statvfs("/dev/shm", &status) == 0 ? status.f_bavail * status.f_frsize >> 20 : 0;
}

// A YAML text in double quotes.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string cameras_section(const std::vector<CaptureDevice>& devices) {
  std::ostringstream yaml;
  yaml << "cameras:\n";
  for (std::size_t i = 0; i < devices.size(); ++i)
    yaml << "  cam" << i << ":                                 # " << devices[i].name << "\n    url: " << devices[i].path << "\n";
  if (devices.empty())
    yaml << "  # No camera was found on this machine. Put one in: a device, a file, or the URL of a network camera.\n"
            "  cam0:\n    url: rtsp://camera.local/stream1\n"
            "    # username: admin\n    # password_file: camera.password      # or password: ${CAMERA_PASSWORD}\n";
  return yaml.str();
}

std::string text_for(const std::vector<CaptureDevice>& devices, const fs::path& model) {
  std::ostringstream yaml;
  yaml << "# Vedette's configuration, written by `vedette init`. Run it with: vedette up -c <this file>\n"
          "# Every key with its default and meaning: deploy/vedette.yaml. What isn't said here has its default.\n\n"
       << cameras_section(devices) << "\ndetect:\n  model: " << quoted(model.string());
  std::error_code error;
  if (!fs::exists(model, error)) yaml << "      # not there yet: `make demo` makes it";
  yaml << "\n  threshold: 0.4                        # least score of a detection, 0 to 1\n"
          "\nsentry:                                 # standby -> validation -> tracking\n  classes: [person]                    "
          " # what wakes it\n"
          "  standby_fps: 3                        # detections a second while nothing is there\n"
          "  tracking_fps: 30                      # and while something is\n"
          "\ngateway:\n  listen: 127.0.0.1                     # 0.0.0.0: for the whole network; needs users (vedette user add) "
          "or a token\n  port: 8080\n"
          "  # token_file: vedette.token           # who has it may do everything\n";
  return yaml.str();
}

}  // namespace

std::vector<CaptureDevice> capture_devices() {
  std::vector<CaptureDevice> devices;
  std::error_code error;
  for (fs::directory_iterator entry("/dev", error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!path.starts_with("/dev/video")) continue;
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    v4l2_capability capability{};
    if (!fd || ::ioctl(fd.get(), VIDIOC_QUERYCAP, &capability) != 0) continue;
    const std::uint32_t caps =
        (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? capability.device_caps : capability.capabilities;
    if ((caps & V4L2_CAP_VIDEO_CAPTURE) == 0) continue;
    std::string name(reinterpret_cast<const char*>(capability.card),
                     ::strnlen(reinterpret_cast<const char*>(capability.card), sizeof capability.card));
    std::replace_if(
        name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }, ' ');
    devices.push_back({path, std::move(name)});
  }
  std::sort(devices.begin(), devices.end(),
            [](const auto& a, const auto& b) { return std::pair(a.path.size(), a.path) < std::pair(b.path.size(), b.path); });
  return devices;
}

Result<std::vector<std::string>> init(const InitOptions& options) {
  std::error_code error;
  if (fs::exists(options.output, error) && !options.force)
    return Error{ErrorCode::kInvalidArgument,
                 options.output + " is there already; --force overwrites it, -o writes another file"};
  const auto devices = capture_devices();
  const fs::path model = default_model();
  const std::string text = text_for(devices, model);
  // Never hand out a file that `vedette up` would refuse.
  VD_TRY(parse_config(text, fs::absolute(options.output, error).string()));
  if (auto written = write_file(options.output, text); !written)
    return std::move(written).error().in("the configuration can't be written");

  std::vector<std::string> found;
  for (const CaptureDevice& device : devices) found.push_back("camera " + device.path + ": " + device.name);
  if (devices.empty()) found.emplace_back("no camera on this machine: put an address into the file");
  found.push_back(std::to_string(std::max(1u, std::thread::hardware_concurrency())) + " processor cores, " +
                  std::to_string(shm_mebibytes()) + " MiB of shared memory free");
  found.push_back((fs::exists(model, error) ? "model " : "no model yet at ") + model.string());
  found.push_back("wrote " + options.output + "; start it with: vedette up -c " + options.output);
  return found;
}

}  // namespace vedette::cli
