// One suite over all detector families: each reads the same scene out of its own tensors, run by the real runtime, and none lets
// rubbish through.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "load.h"

namespace vedette::model {
namespace {

using namespace vedette::test;

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
      EXPECT_NEAR(boxes[i].x(), object.x - object.width / 2, GetParam().precision);
      EXPECT_NEAR(boxes[i].y(), object.y - object.height / 2, GetParam().precision);
      EXPECT_NEAR(boxes[i].width(), object.width, GetParam().precision);
      EXPECT_NEAR(boxes[i].height(), object.height, GetParam().precision);
      EXPECT_NEAR(boxes[i].score(), object.score, 0.011);
    }
  }
}

// The models answer for a picture of 64x64, which here is a part of a larger one.
TEST_P(Families, PlacesTheBoxesOfARegionInTheWholePicture) {
  auto detector = load(GetParam().model());
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  vision::Image image;
  image.reshape(PixelFormat::I420, 200, 100);
  (*detector)->load(image.view(), {33, 21, 64, 64});
  ASSERT_TRUE((*detector)->run().ok());
  std::vector<Detection> boxes;
  (*detector)->collect(boxes);
  ASSERT_EQ(boxes.size(), kScene.size());
  for (std::size_t i = 0; i < kScene.size(); ++i) {
    const SceneObject& object = kScene[i];
    EXPECT_NEAR(boxes[i].x() * 200, 33 + (object.x - object.width / 2) * 64, 100 * GetParam().precision);
    EXPECT_NEAR(boxes[i].y() * 100, 21 + (object.y - object.height / 2) * 64, 100 * GetParam().precision);
    EXPECT_NEAR(boxes[i].width() * 200, object.width * 64, 100 * GetParam().precision);
    EXPECT_NEAR(boxes[i].height() * 100, object.height * 64, 100 * GetParam().precision);
  }
}

TEST_P(Families, FillsImagesOfHalfFloatsAndBytes) {
  for (const std::uint64_t type : {onnx::kFloat16, onnx::kUint8}) {
    OnnxModel model = GetParam().model();
    for (OnnxTensor& input : model.inputs)
      if (input.shape.size() == 4) input.type = type;
    auto detector = load(model);
    ASSERT_TRUE(detector.ok()) << detector.error().text;
    EXPECT_EQ(detect(**detector).size(), kScene.size());
    EXPECT_EQ((*detector)->input_tensor().size(), (*detector)->input().bytes());
    const auto bytes = (*detector)->input_tensor();
    EXPECT_TRUE(std::any_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte != std::byte{0}; }));
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
  for (const float poison :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
        std::numeric_limits<float>::max(), std::numeric_limits<float>::denorm_min()}) {
    OnnxModel model = GetParam().model();
    for (OnnxTensor& output : model.outputs) std::fill(output.f32.begin(), output.f32.end(), poison);
    for (const float threshold : {0.0f, 0.4f, 1.0f}) {
      auto detector = load(model, {.threshold = threshold});
      ASSERT_TRUE(detector.ok()) << detector.error().text;
      const auto boxes = detect(**detector);
      expect_sane(boxes, 80);
      EXPECT_TRUE(boxes.empty() || !std::isnan(poison));
    }
  }
}

// One number that is none must not hide its neighbours: which of them lie in one vector is chance.
TEST_P(Families, SeesWhatLiesBesideNumbersThatAreNone) {
  for (const float poison : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    OnnxModel model = GetParam().model();
    std::size_t poisoned = 0;
    for (OnnxTensor& output : model.outputs)
      for (float& value : output.f32)
        if (value == 0.01f || value == -8.0f) value = poison, ++poisoned;  // a score of nothing
    if (poisoned == 0) continue;
    auto detector = load(model);
    ASSERT_TRUE(detector.ok()) << detector.error().text;
    EXPECT_EQ(detect(**detector).size(), kScene.size());
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

TEST_P(Families, TakesAnOpenBatch) {
  OnnxModel model = GetParam().model();
  for (OnnxTensor& input : model.inputs) input.shape[0] = -1;
  auto detector = load(model);
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  EXPECT_EQ(detect(**detector).size(), kScene.size());
}

INSTANTIATE_TEST_SUITE_P(All, Families, testing::ValuesIn(family_scenes()), [](const auto& scene) {
  std::string name = scene.param.family + "_" + scene.param.kind;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(FamilyTable, HasASceneForEachFamily) {
  std::vector<std::string> scenes;
  for (const FamilyScene& scene : family_scenes()) scenes.push_back(scene.family);
  for (const FamilyEntry& entry : families())
    EXPECT_GE(std::count(scenes.begin(), scenes.end(), entry.name), 1)
        << entry.name << " has no scene in tests/support/model_scenes.h";
}

// The picture covers the upper half of the tensor.
TEST(Letterbox, BoxesAreRelativeToThePictureAndNotToThePadding) {
  const std::vector<SceneObject> scene{{0.5f, 0.25f, 0.5f, 0.25f, 0.9f, 0, 1}};
  for (const OnnxModel& model : {yolox_scene(scene), yolox_scene(scene, {.decoded = true}), nanodet_scene(scene)}) {
    auto detector = load(model);
    ASSERT_TRUE(detector.ok()) << detector.error().text;
    const auto boxes = detect(**detector, 640, 320);
    ASSERT_EQ(boxes.size(), 1u);
    EXPECT_NEAR(boxes[0].x(), 0.25, 1e-4);
    EXPECT_NEAR(boxes[0].width(), 0.5, 1e-4);
    EXPECT_NEAR(boxes[0].y(), 0.25, 1e-4);
    EXPECT_NEAR(boxes[0].height(), 0.5, 1e-4);
  }
}

// Families trained on stretched pictures, told by the metadata that this model wasn't.
TEST(Letterbox, CanBeAskedForByMetadata) {
  const std::vector<SceneObject> scene{{0.5f, 0.25f, 0.5f, 0.25f, 0.9f, 0, 1}};
  std::vector<OnnxModel> models{raw_scene(scene, 80, false), raw_scene(scene, 91, true), detr_scene(scene, 640, 320)};
  for (OnnxModel& model : models) {
    model.metadata = {{"vedette_preprocessing", R"({"fit": "letterbox"})"}};
    auto detector = load(model);
    ASSERT_TRUE(detector.ok()) << detector.error().text;
    const auto boxes = detect(**detector, 640, 320);
    ASSERT_EQ(boxes.size(), 1u);
    EXPECT_NEAR(boxes[0].y(), 0.25, 1e-4);
    EXPECT_NEAR(boxes[0].height(), 0.5, 1e-4);
    EXPECT_NEAR(boxes[0].width(), 0.5, 1e-4);
  }
}

TEST(Preprocessing, IsWhatEachFamilyWasTrainedOn) {
  const auto image_of = [](OnnxModel model) {
    auto detector = load(model);
    EXPECT_TRUE(detector.ok()) << detector.error().text;
    return detector.ok() ? (*detector)->input() : vision::TensorSpec{};
  };
  const auto yolox = image_of(yolox_scene(kScene));
  EXPECT_EQ(yolox.fit, vision::Fit::kLetterbox);
  EXPECT_EQ(yolox.order, vision::ColorOrder::kBgr);
  EXPECT_EQ(yolox.scale, 1.0f);
  const auto classic = image_of(nanodet_scene(kScene)),
             plus = image_of(nanodet_scene(kScene, {.bins = 8, .joined = true, .plus = true}));
  EXPECT_EQ(classic.fit, vision::Fit::kLetterbox);
  EXPECT_EQ(plus.fit, vision::Fit::kStretch);
  EXPECT_EQ(plus.mean[0], 103.53f);
  const auto rf_detr = image_of(raw_scene(kScene, 91, true));
  EXPECT_EQ(rf_detr.filter, vision::Filter::kAntialiased);
  EXPECT_EQ(rf_detr.mean[0], 0.485f);

  // DEIMv2: the backbone decides, and the layers' names tell it.
  OnnxModel deim = detr_scene(kScene, kSceneSide, kSceneSide);
  EXPECT_EQ(image_of(deim).mean[0], 0.0f);
  deim.metadata = {{"layer", "/model/backbone/dinov3/blocks.0/norm1"}};
  EXPECT_EQ(image_of(deim).mean[0], 0.485f);
  EXPECT_EQ(image_of(deim).deviation[2], 0.225f);

  // RF-DETR under other names.
  EXPECT_EQ(image_of(raw_scene(kScene, 91, false)).mean[0], 0.485f);
  EXPECT_EQ(image_of(raw_scene(kScene, 80, false)).mean[0], 0.0f);
}

TEST(Preprocessing, IsWhatTheMetadataSays) {
  OnnxModel legacy = yolox_scene(kScene);  // YOLOX before 0.2
  legacy.metadata = {
      {"vedette_preprocessing",
       R"({"order": "rgb", "scale": 0.00392157, "mean": [0.485, 0.456, 0.406], "deviation": [0.229, 0.224, 0.225]})"}};
  auto detector = load(legacy);
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  EXPECT_EQ((*detector)->input().order, vision::ColorOrder::kRgb);
  EXPECT_EQ((*detector)->input().fit, vision::Fit::kLetterbox);
  EXPECT_FLOAT_EQ((*detector)->input().deviation[1], 0.224f);
  for (const char* wrong : {"rgb", "[1]", R"({"order": "grb"})", R"({"mean": [1, 2]})", R"({"deviation": [1, 0, 1]})",
                            R"({"scale": "big"})", R"({"pad": [1, 2, 300]})", R"({"pad": 114})", R"({"colour": "rgb"})", "{"}) {
    legacy.metadata = {{"vedette_preprocessing", wrong}};
    const auto refused = load(legacy);
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_NE(refused.error().text.find("vedette_preprocessing"), std::string::npos) << refused.error().text;
  }
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

TEST(ClassNames, OfARealRfDetrNameItsBackgroundFirstOrLastOrNotAtAll) {
  OnnxModel model = raw_scene({{0.3f, 0.45f, 0.25f, 0.5f, 0.9f, 1, 1}}, 3, true);
  for (const auto& [names, expected] :
       {std::pair{"[\"cat\", \"dog\"]", "dog"}, std::pair{"{0: 'background', 1: 'cat', 2: 'dog'}", "cat"},
        std::pair{"{1: 'cat', 2: 'dog'}", "cat"}, std::pair{"cat\ndog\nbackground", "dog"}}) {
    model.metadata = {{"names", names}};
    auto detector = load(model);
    ASSERT_TRUE(detector.ok()) << detector.error().text;
    EXPECT_EQ((*detector)->class_names(), (std::vector<std::string>{"cat", "dog"}));
    const auto boxes = detect(**detector);
    ASSERT_EQ(boxes.size(), 1u);
    EXPECT_EQ((*detector)->class_names()[boxes[0].class_id()], expected) << names;
  }
}

// How wide the output is follows from the classes and, for NanoDet, from the bins too: who names the classes decides.
TEST(ClassNames, TellHeadsApartThatLookAlike) {
  for (const std::int64_t columns : {5 + 3, 3 + 32, 3 + 44}) {
    OnnxModel model = yolox_scene(kScene);
    OnnxTensor& output = model.outputs[0];
    output.shape[2] = columns;
    output.f32.assign(static_cast<std::size_t>(84 * columns), 0.0f);
    const auto nameless = load(model);
    ASSERT_FALSE(nameless.ok());
    EXPECT_NE(nameless.error().text.find("one for each of COCO's 80 classes"), std::string::npos) << nameless.error().text;
    model.metadata = {{"names", "['apple', 'pear', 'plum']"}};
    auto detector = load(model);
    ASSERT_TRUE(detector.ok()) << detector.error().text;
    EXPECT_EQ((*detector)->family(), columns == 8 ? "yolox" : "nanodet");
    EXPECT_EQ((*detector)->class_names().size(), 3u);
  }
}

}  // namespace
}  // namespace vedette::model
