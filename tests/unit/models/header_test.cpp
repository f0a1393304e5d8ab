#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "models/onnx_header.h"
#include "support/model_scenes.h"
#include "support/program.h"

namespace vedette::models {
namespace {

using namespace vedette::test;

class HeaderTest : public testing::Test {
 protected:
  Result<OnnxHeader> read(const std::string& bytes) { return read_onnx_header(folder_.write("m.onnx", bytes)); }
  TempFolder folder_{std::filesystem::temp_directory_path()};
};

TEST_F(HeaderTest, IsWhatStandsAroundTheGraph) {
  OnnxModel model = raw_scene(kScene, 80, false);
  model.metadata = {{"names", "a\nb"}, {"empty", ""}};
  const auto header = read(serialize(model));
  ASSERT_TRUE(header.ok()) << header.error().text;
  EXPECT_EQ(header->ir_version, 8u);
  EXPECT_EQ(header->opset, 16u);
  EXPECT_EQ(header->metadata, model.metadata);
}

TEST_F(HeaderTest, OfWhatIsNoModelIsRefused) {
  for (const std::string& bytes :
       {std::string(), std::string("text that is no model"), std::string(100, '\xff'), std::string(100, '\0')})
    EXPECT_EQ(read(bytes).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(read_onnx_header(folder_.file("absent")).error().code, ErrorCode::kNotFound);
}

TEST_F(HeaderTest, OfAnyBytesIsReadOrRefused) {
  OnnxModel model = raw_scene({}, 2, false);
  model.metadata = {{"key", "value"}};
  const std::string whole = serialize(model);
  for (std::size_t size = 0; size < whole.size(); size += 7) (void)read(whole.substr(0, size)).ok();
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = whole;
    for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto header = read(bytes);
    EXPECT_TRUE(header.ok() || header.error().text.find("no ONNX file") != std::string::npos);
  }
}

}  // namespace
}  // namespace vedette::models
