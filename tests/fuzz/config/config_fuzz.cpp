// Any text as a configuration: it loads sanely or is refused with lines that name file, variable or flag. Behind a line "@@"
// stands an overrides file, behind a line "%%" overrides, one a line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "config/loader.h"
#include "rules/engine.h"

namespace {

bool starts_well(const std::string& line) {
  return line.starts_with("/fuzz/v.yaml:") || line.starts_with("/data/o.yaml:") || line.starts_with("--set:") ||
         line.starts_with("and ");
}

void check_rules(const vedette::CameraConfig& camera, const vedette::SentryConfig& sentry) {
  for (const vedette::ZoneConfig& zone : camera.zones) {
    VD_ASSERT(!zone.name.empty() && zone.polygon.size() >= 3, "a zone without a name or an inside");
    VD_ASSERT(!vedette::rules::crosses_itself(zone.polygon), "a zone that crosses itself");
  }
  for (const vedette::rules::Rule& rule : camera.rules) {
    VD_ASSERT(rule.min_size <= rule.max_size && rule.dwell.count() >= 0, "a rule that nothing can meet");
    VD_ASSERT(!rule.at_least || !rule.at_most || *rule.at_least <= *rule.at_most, "a number that can't be");
  }
  // Names that don't differ, zones and lines that aren't there: the engine asserts.
  vedette::rules::Engine engine(vedette::rules_of(camera, sentry), [] { return 1u; });
  (void)engine.set_names("person\ncar");
  std::vector<vedette::Track> tracks{{1, 0, 0, 0, 0.4f, 0.4f, 0.1f, 0.1f, 0, 0, 0.9f, 0, 0, vedette::TrackPhase::Confirmed}};
  for (std::uint64_t frame = 1; frame < 20; ++frame) (void)engine.update(frame, frame * 500'000'000, 0, tracks);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t border = input.find("\n%%\n");
  const std::size_t changes = std::min(input.find("\n@@\n"), border);
  std::vector<std::string> overrides;
  if (border != std::string::npos) {
    std::istringstream lines(input.substr(border + 4));
    for (std::string line; std::getline(lines, line);) overrides.push_back(line);
  }
  vedette::config::Loader loader("/fuzz/v.yaml", {{"SET", "a value"}});
  loader.read_file(input.substr(0, changes));
  if (changes < border)
    loader.read_overrides_file(input.substr(changes + 4, border == std::string::npos ? border : border - changes - 4),
                               "/data/o.yaml");
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
      check_rules(camera, config->sentry);
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
