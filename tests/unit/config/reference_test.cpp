// deploy/vedette.yaml is the reference: it says every default, and it names every key that there is and no other.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "config/config.h"
#include "config/fields.h"

namespace vedette {
namespace {

const std::string kReference = std::string(VEDETTE_SOURCE_DIR) + "/deploy/vedette.yaml";

TEST(Reference, ParsesToExactlyTheDefaults) {
  std::ostringstream text;
  text << std::ifstream(kReference).rdbuf();
  const Result<Config> config = parse_config(text.str(), kReference);
  ASSERT_TRUE(config) << config.error().text;
  Config expected;
  expected.path = kReference;
  CameraConfig& camera = expected.cameras.emplace_back();
  camera.name = "front";
  camera.url = "/dev/video0";
  EXPECT_EQ(*config, expected);
}

TEST(Reference, NamesEveryKeyAndNoOther) {
  std::vector<std::string> written;
  for (const auto& section : YAML::LoadFile(kReference)) {
    const std::string name = section.first.Scalar();
    if (name != "cameras") {
      for (const auto& field : section.second) written.push_back(name + "." + field.first.Scalar());
      continue;
    }
    for (const auto& camera : section.second)
      for (const auto& field : camera.second) written.push_back("cameras.*." + field.first.Scalar());
  }
  std::vector<std::string> known = config::all_keys();
  std::sort(written.begin(), written.end());
  std::sort(known.begin(), known.end());
  EXPECT_EQ(written, known);
  EXPECT_GT(known.size(), 35u);
}

TEST(Reference, DemoLoads) {
  const Result<Config> config = load_config(std::string(VEDETTE_SOURCE_DIR) + "/examples/demo.yaml");
  ASSERT_TRUE(config) << config.error().text;
  ASSERT_EQ(config->cameras.size(), 1u);
  EXPECT_EQ(config->cameras[0].name, "front");
  EXPECT_EQ(config->cameras[0].url, std::string(VEDETTE_SOURCE_DIR) + "/build/media/vtest.avi");
  EXPECT_EQ(config->detect.model, std::string(VEDETTE_SOURCE_DIR) + "/build/models/nanodet_g_416.onnx");
}

}  // namespace
}  // namespace vedette
