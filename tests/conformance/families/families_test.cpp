// One suite over all detector families: each reads the same scene out of its own tensors, run by the real runtime, and none lets
// rubbish through.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "model/detector.h"
#include "support/model_scenes.h"

namespace vedette::model {
namespace {

using namespace vedette::test;

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view bytes)
      : path_(testing::TempDir() + "vedette-model-" + std::to_string(::getpid()) + "-" + std::to_string(next_++) + ".onnx") {
    write_file(path_, bytes);
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  static inline int next_ = 0;
  std::string path_;
};

Result<std::unique_ptr<Detector>> load(const OnnxModel& model, DetectorOptions options = {}) {
  const TemporaryFile file(serialize(model));
  options.backend.threads = 1;
  return load_detector(file.path(), options);
}

vision::ImageView grey_picture(vision::Image& image, std::uint32_t width, std::uint32_t height) {
  image.reshape(PixelFormat::GRAY8, width, height);
  std::fill_n(image.plane(0), image.stride(0) * height, std::uint8_t{100});
  return image.view();
}

std::vector<Detection> detect(Detector& detector, std::uint32_t width = 64, std::uint32_t height = 64) {
  vision::Image image;
  std::vector<Detection> boxes;
  const auto result = detector.detect(grey_picture(image, width, height), boxes);
  EXPECT_TRUE(result.ok()) << result.error().text;
  return boxes;
}

// What the bus's reader demands of a record (schema/frame.h), and the order.
void expect_sane(const std::vector<Detection>& boxes, std::size_t classes) {
  ASSERT_LE(boxes.size(), kMaxDetections);
  std::vector<std::byte> record(kDetectionsSlotBytes);
  write_detections(record, DetectionsInfo{}, boxes);
  Detections read;
  const auto result = read_detections(record, read);
  EXPECT_TRUE(result.ok()) << result.error().text;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    EXPECT_LT(boxes[i].class_id(), classes);
    EXPECT_GE(boxes[i > 0 ? i - 1 : 0].score(), boxes[i].score());
  }
}

class Families : public testing::TestWithParam<FamilyScene> {};

TEST_P(Families, ReadsTheScene) {
  auto detector = load(GetParam().model());
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  EXPECT_EQ((*detector)->family(), GetParam().family);
  EXPECT_EQ((*detector)->input().width, 64u);
  for (int round = 0; round < 2; ++round) {
    const std::vector<Detection> boxes = detect(**detector);
    ASSERT_EQ(boxes.size(), kScene.size());
    for (std::size_t i = 0; i < kScene.size(); ++i) {
      const SceneObject& object = kScene[i];
      EXPECT_EQ((*detector)->class_names()[boxes[i].class_id()], i == 0 ? "person" : "car");
      EXPECT_NEAR(boxes[i].x(), object.x - object.width / 2, 1e-4);
      EXPECT_NEAR(boxes[i].y(), object.y - object.height / 2, 1e-4);
      EXPECT_NEAR(boxes[i].width(), object.width, 1e-4);
      EXPECT_NEAR(boxes[i].height(), object.height, 1e-4);
      EXPECT_NEAR(boxes[i].score(), object.score, 0.011);
    }
  }
}

TEST_P(Families, ObeysTheThreshold) {
  auto detector = load(GetParam().model(), {.threshold = 0.8f});
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  EXPECT_EQ(detect(**detector).size(), 1u);
  detector = load(GetParam().model(), {.threshold = 1.0f});
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  EXPECT_TRUE(detect(**detector).empty());
}

TEST_P(Families, LetsNoNumberThroughThatIsNone) {
  for (const float poison : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max()}) {
    OnnxModel model = GetParam().model();
    for (OnnxTensor& output : model.outputs) std::fill(output.f32.begin(), output.f32.end(), poison);
    auto detector = load(model);
    ASSERT_TRUE(detector.ok()) << detector.error().text;
    const auto boxes = detect(**detector);
    expect_sane(boxes, 80);
    EXPECT_TRUE(boxes.empty() || !std::isnan(poison));
  }
}

TEST_P(Families, StaysSaneWithGarbage) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    OnnxModel model = GetParam().model();
    for (OnnxTensor& output : model.outputs) {
      for (float& value : output.f32) {
        const auto bits = static_cast<std::uint32_t>(random());
        if (round % 2 == 0)
          std::memcpy(&value, &bits, sizeof value);  // any bit pattern
        else
          value = std::uniform_real_distribution<float>(-2.0f, 2.0f)(random);
      }
      for (std::int64_t& value : output.i64) value = static_cast<std::int64_t>(std::uint64_t{random()} << (random() % 32));
    }
    auto detector = load(model, {.threshold = 0.001f});
    ASSERT_TRUE(detector.ok()) << detector.error().text;
    expect_sane(detect(**detector, 61, 47), 80);
  }
}

TEST_P(Families, RefusesWhatIsNearlyItsOwn) {
  for (std::size_t i = 0; i < GetParam().model().outputs.size(); ++i) {
    OnnxModel model = GetParam().model();
    OnnxTensor& output = model.outputs[i];
    output.shape.push_back(1);  // another rank
    const auto detector = load(model);
    ASSERT_FALSE(detector.ok()) << output.name;
    EXPECT_EQ(detector.error().code, ErrorCode::kIncompatible);
    EXPECT_NE(detector.error().text.find(output.name), std::string::npos) << detector.error().text;
    EXPECT_NE(detector.error().text.find("known: nanodet"), std::string::npos) << detector.error().text;
    EXPECT_EQ(detector.error().text.find('\n'), std::string::npos);
  }
  OnnxModel open = GetParam().model();
  open.inputs[0].shape = {1, 3, -1, -1};
  EXPECT_FALSE(load(open).ok());
  OnnxModel grey = GetParam().model();
  grey.inputs[0].shape = {1, 1, 64, 64};
  EXPECT_FALSE(load(grey).ok());
}

TEST_P(Families, TakesAnOpenBatch) {
  OnnxModel model = GetParam().model();
  for (OnnxTensor& input : model.inputs) input.shape[0] = -1;
  auto detector = load(model);
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  EXPECT_EQ(detect(**detector).size(), kScene.size());
}

INSTANTIATE_TEST_SUITE_P(All, Families, testing::ValuesIn(family_scenes()), [](const auto& scene) {
  std::string name = scene.param.family;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(FamilyTable, HasASceneForEachFamily) {
  std::vector<std::string> scenes;
  for (const FamilyScene& scene : family_scenes()) scenes.push_back(scene.family);
  for (const FamilyEntry& entry : families())
    EXPECT_EQ(std::count(scenes.begin(), scenes.end(), entry.name), 1)
        << entry.name << " has no scene in tests/support/model_scenes.h";
}

TEST(Letterbox, BoxesAreRelativeToThePictureAndNotToThePadding) {
  auto detector = load(yolox_scene({{0.5f, 0.25f, 0.5f, 0.25f, 0.9f, 0, 1}}));
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  const auto boxes = detect(**detector, 640, 320);  // covers the upper half of the tensor
  ASSERT_EQ(boxes.size(), 1u);
  EXPECT_NEAR(boxes[0].x(), 0.25, 1e-4);
  EXPECT_NEAR(boxes[0].width(), 0.5, 1e-4);
  EXPECT_NEAR(boxes[0].y(), 0.25, 1e-4);
  EXPECT_NEAR(boxes[0].height(), 0.5, 1e-4);
}

TEST(ModelFile, EveryFaultIsOneSentenceThatNamesTheFile) {
  const std::string good = serialize(yolox_scene(kScene));
  const auto expect_refused = [](const std::string& path, ErrorCode code) {
    const auto detector = load_detector(path, {});
    ASSERT_FALSE(detector.ok()) << path;
    EXPECT_EQ(detector.error().code, code) << detector.error().text;
    EXPECT_NE(detector.error().text.find(path), std::string::npos) << detector.error().text;
    EXPECT_EQ(detector.error().text.find('\n'), std::string::npos) << detector.error().text;
  };
  expect_refused("/nonexistent/model.onnx", ErrorCode::kNotFound);
  expect_refused("/tmp", ErrorCode::kInvalidArgument);
  const TemporaryFile empty(""), text("no model, just words"), half(std::string_view(good).substr(0, good.size() / 2));
  expect_refused(empty.path(), ErrorCode::kCorrupt);
  expect_refused(text.path(), ErrorCode::kCorrupt);
  expect_refused(half.path(), ErrorCode::kCorrupt);
}

TEST(ClassNames, ComeFromTheFileGivenThenFromTheModelThenFromCoco) {
  OnnxModel model = raw_scene(kScene, 3, false);
  const auto nameless = load(model);
  ASSERT_FALSE(nameless.ok());
  EXPECT_NE(nameless.error().text.find("3 classes"), std::string::npos) << nameless.error().text;

  model.metadata = {{"names", "{0: 'cat', 1: 'dog', 2: 'cow'}"}};
  auto named = load(model);
  ASSERT_TRUE(named.ok()) << named.error().text;
  EXPECT_EQ((*named)->class_names(), (std::vector<std::string>{"cat", "dog", "cow"}));

  const TemporaryFile labels("anna\nberta\ncleo\n");
  auto given = load(model, {.labels = labels.path()});
  ASSERT_TRUE(given.ok()) << given.error().text;
  EXPECT_EQ((*given)->class_names().at(2), "cleo");

  const TemporaryFile two("anna\nberta\n");
  const auto wrong = load(model, {.labels = two.path()});
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().text.find("2 class names"), std::string::npos) << wrong.error().text;
}

}  // namespace
}  // namespace vedette::model
