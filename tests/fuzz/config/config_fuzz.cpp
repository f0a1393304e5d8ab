// Any text as a configuration: it loads sanely or is refused with lines that name file, variable or flag. Behind a line "%%"
// stand overrides, one a line.
#include <cstddef>
#include <cstdint>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "config/loader.h"

namespace {

bool starts_well(const std::string& line) {
  return line.starts_with("/fuzz/v.yaml:") || line.starts_with("--set:") || line.starts_with("and ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t border = input.find("\n%%\n");
  std::vector<std::string> overrides;
  if (border != std::string::npos) {
    std::istringstream lines(input.substr(border + 4));
    for (std::string line; std::getline(lines, line);) overrides.push_back(line);
  }
  vedette::config::Loader loader("/fuzz/v.yaml", {{"SET", "a value"}});
  loader.read_file(input.substr(0, border));
  loader.read_overrides(overrides, "/fuzz");
  const vedette::Result<vedette::Config> config = loader.finish();
  if (config) {
    VD_ASSERT(!config->cameras.empty(), "a configuration without a camera");
    for (const vedette::CameraConfig& camera : config->cameras) {
      VD_ASSERT(camera.name.size() <= 31, "a camera's name that is too long");
      VD_ASSERT(camera.url.empty() != camera.inputs.empty(), "a camera with a URL and inputs, or neither");
      std::set<std::string> names;
      for (const vedette::InputConfig& stream : inputs_of(camera)) {
        VD_ASSERT(!stream.url.empty() && stream.name.size() <= 23, "an input without a URL");
        VD_ASSERT(names.insert(stream.name).second, "two inputs of one name");
      }
      VD_ASSERT(names.contains(""), "no input has the topics <camera>/frames and <camera>/packets");
      for (const vedette::Polygon& mask : camera.masks) {
        VD_ASSERT(mask.size() >= 3, "a mask without an inside");
        for (const vedette::Point& point : mask)
          VD_ASSERT(point.x >= 0 && point.x <= 1 && point.y >= 0 && point.y <= 1, "a mask's point outside");
      }
    }
    VD_ASSERT(config->detect.threshold >= 0.0f && config->detect.threshold <= 1.0f, "a threshold out of range");
    VD_ASSERT(config->supervise.backoff_min <= config->supervise.backoff_max, "back-off out of order");
  } else {
    VD_ASSERT(config.error().code == vedette::ErrorCode::kInvalidArgument, "another kind of error");
    std::istringstream lines(config.error().text);
    for (std::string line; std::getline(lines, line);) VD_ASSERT(starts_well(line), line.c_str());
  }
  return 0;
}
