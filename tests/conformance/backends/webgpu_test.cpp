// WebGPU for real, on a Vulkan driver that computes on the CPU: SwiftShader, which the browser of the end-to-end tests brings (or
// the driver that VK_ICD_FILENAMES names). Slow, and as exact as a GPU.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "base/file.h"
#include "conformance/backends/graphs.h"
#include "model/detector.h"
#include "vision/jpeg.h"

namespace vedette::model {
namespace {

namespace fs = std::filesystem;
using namespace vedette::test;

class WebGpu : public testing::Test {
 protected:
  void SetUp() override {
    constexpr const char* kSwiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";
    if (std::getenv("VK_ICD_FILENAMES") == nullptr) {
      if (!fs::exists(kSwiftShader)) GTEST_SKIP() << "no Vulkan driver: " << kSwiftShader << " is absent";
      ::setenv("VK_ICD_FILENAMES", kSwiftShader, 1);
    }
    options.provider = Provider::kWebGpu;
    options.threads = 1;
    const auto backend = open_backend(folder.write("double.onnx", doubling_model()), options);
    ASSERT_TRUE(backend.ok()) << backend.error().text;
    if ((*backend)->provider() == Provider::kWebGpu) return;
    const std::string remark((*backend)->remarks()[0]);
    if (remark.find("was built without it") != std::string::npos) GTEST_SKIP() << remark;
    FAIL() << remark;
  }

  TemporaryFolder folder;
  BackendOptions options;
};

TEST_F(WebGpu, SeesWhatIsWrittenBetweenRuns) {
  const auto backend = open_backend(folder / "double.onnx", options);
  ASSERT_TRUE(backend.ok()) << backend.error().text;
  for (const float value : {3.0f, -8.0f}) {
    (*backend)->input(0).f32[2] = value;
    ASSERT_TRUE((*backend)->run().ok());
    EXPECT_EQ((*backend)->output(0).f32[2], 2 * value);
  }
}

TEST_F(WebGpu, SaysThatItDoesNotChooseAmongGpus) {
  options.device = 3;
  const auto backend = open_backend(folder / "double.onnx", options);
  ASSERT_TRUE(backend.ok()) << backend.error().text;
  ASSERT_EQ((*backend)->remarks().size(), 1u);
  EXPECT_NE((*backend)->remarks()[0].find("device 3"), std::string::npos) << (*backend)->remarks()[0];
}

std::vector<Detection> look(Provider provider, BackendOptions options, const std::string& model, const vision::Image& photo) {
  DetectorOptions detector;
  detector.threshold = 0.2f;
  detector.backend = options;
  detector.backend.provider = provider;
  auto loaded = load_detector(model, detector);
  EXPECT_TRUE(loaded.ok()) << loaded.error().text;
  if (!loaded.ok()) return {};
  EXPECT_EQ((*loaded)->backend().provider(), provider);
  std::vector<Detection> boxes;
  EXPECT_TRUE((*loaded)->detect(photo.view(), boxes).ok());
  return boxes;
}

TEST_F(WebGpu, FindsTheBoxesThatTheCpuFinds) {
  const char* set = std::getenv("VEDETTE_SHARED_DIR");
  const fs::path shared = set != nullptr ? fs::path(set) : fs::path(SHARED_DIR);
  const fs::path model = shared / "models" / "deimv2_atto_coco_320_raw_logits_boxes.onnx",
                 photos = shared / "media/coco_val32/images";
  if (!fs::exists(model) || !fs::exists(photos)) GTEST_SKIP() << "no model or photos in " << shared;
  vision::Image photo;
  const std::set<fs::path> all{fs::directory_iterator(photos), fs::directory_iterator()};
  ASSERT_FALSE(all.empty());
  const auto file = read_file(*all.begin());
  ASSERT_TRUE(file.ok());
  vision::JpegDecoder decoder;
  ASSERT_TRUE(decoder.decode_i420(std::as_bytes(std::span(*file)), photo).ok());

  const auto expected = look(Provider::kCpu, options, model, photo), found = look(Provider::kWebGpu, options, model, photo);
  ASSERT_FALSE(expected.empty());
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].class_id(), expected[i].class_id());
    EXPECT_NEAR(found[i].score(), expected[i].score(), 2e-3);
    EXPECT_NEAR(found[i].x(), expected[i].x(), 2e-3);
    EXPECT_NEAR(found[i].y(), expected[i].y(), 2e-3);
    EXPECT_NEAR(found[i].width(), expected[i].width(), 2e-3);
    EXPECT_NEAR(found[i].height(), expected[i].height(), 2e-3);
  }
}

}  // namespace
}  // namespace vedette::model
