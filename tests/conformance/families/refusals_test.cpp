// What isn't a known family's model is refused in one sentence that says what was found, what is off and what is known.
#include <gtest/gtest.h>

#include "load.h"

namespace vedette::model {
namespace {

using namespace vedette::test;

void expect_refused(const OnnxModel& model, std::string_view part) {
  const auto detector = load(model);
  ASSERT_FALSE(detector.ok()) << part;
  const std::string& text = detector.error().text;
  EXPECT_EQ(detector.error().code, ErrorCode::kIncompatible) << text;
  EXPECT_NE(text.find(part), std::string::npos) << text << "\nwithout: " << part;
  EXPECT_NE(text.find("known: nanodet"), std::string::npos) << text;
  for (const OnnxTensor& output : model.outputs) EXPECT_NE(text.find(output.name), std::string::npos) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

class Refusals : public testing::TestWithParam<FamilyScene> {};

TEST_P(Refusals, OutputsOfAnotherRank) {
  const std::size_t outputs = GetParam().model().outputs.size();
  for (std::size_t i = 0; i < outputs; ++i) {
    OnnxModel model = GetParam().model();
    OnnxTensor& output = model.outputs[i];
    if (output.name == "masks" || output.name == "keypoints") continue;  // nobody looks at them
    output.shape.push_back(1);
    expect_refused(model, output.name);
  }
}

TEST_P(Refusals, PicturesThatNoCameraGives) {
  const struct {
    std::vector<std::int64_t> shape;
    const char* text;
  } cases[] = {{{1, 3, -1, -1}, "leaves its sides open: export it with a fixed height and width"},
               {{-1, 3, -1, -1}, "leaves its sides open: export it with a fixed height and width"},
               {{1, 3, 64, -1}, "leaves its sides open: export it with a fixed height and width"},
               {{1, 1, 64, 64}, "isn't of three channels"},
               {{1, 4, 64, 64}, "isn't of three channels"},
               {{1, 64, 64, 3}, "has its channels last"},
               {{4, 3, 64, 64}, "takes several pictures at once"},
               {{1, 3, 64, 5000}, "isn't of 1 to 4096 pixels a side"},
               {{3, 64, 64}, "isn't a picture"}};
  for (const auto& [shape, text] : cases) {
    OnnxModel model = GetParam().model();
    model.inputs[0].shape = shape;
    expect_refused(model, text);
  }
  OnnxModel whole = GetParam().model();
  whole.inputs[0].type = onnx::kInt64;
  expect_refused(whole, "isn't of f32, f16 or u8");
}

INSTANTIATE_TEST_SUITE_P(All, Refusals, testing::ValuesIn(family_scenes()), [](const auto& scene) {
  std::string name = scene.param.family + "_" + scene.param.kind;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(NearMisses, SayWhatIsOff) {
  OnnxModel five_columns = raw_scene(kScene, 91, true);
  five_columns.outputs[1].shape[2] = 5;
  five_columns.outputs[1].f32.resize(kSceneQueries * 5);
  expect_refused(five_columns, "nearly rf-detr, but dets f32[1,20,5] should be f32[1,20,4]");

  OnnxModel other_queries = raw_scene(kScene, 80, false);
  other_queries.outputs[1].shape[1] = 10;
  other_queries.outputs[1].f32.resize(40);
  expect_refused(other_queries, "nearly detr-raw, but pred_boxes f32[1,10,4] should be f32[1,20,4]");

  OnnxModel masked = raw_scene(kScene, 92, false);  // DETR itself, which has a class for nothing and a mask of padding
  masked.inputs.push_back({"pixel_mask", {1, 64, 64}, {}, {}, true});
  expect_refused(masked, "nearly detr-raw, but it takes 2 inputs instead of a picture alone");

  expect_refused(with_output(raw_scene(kScene, 80, false), "extra", {1, 2}),
                 "nearly detr-raw, but there is an output extra f32[1,2]");

  OnnxModel sizeless = detr_scene(kScene, 64, 64);
  sizeless.inputs.pop_back();
  expect_refused(sizeless, "nearly detr, but it doesn't take orig_target_sizes i64[1,2]");

  OnnxModel real_labels = detr_scene(kScene, 64, 64);
  real_labels.outputs[0] = {"labels", {1, 20}, std::vector<float>(20, 1.0f), {}, false};
  expect_refused(real_labels, "nearly detr, but labels f32[1,20] should be i64[1,n]");

  OnnxModel renamed = detr_scene(kScene, 64, 64);
  renamed.outputs[2].name = "confidences";
  expect_refused(renamed, "nearly detr, but its outputs aren't labels, boxes and scores");

  OnnxModel narrow = yolox_scene(kScene);
  narrow.outputs[0].shape[2] = 84;
  narrow.outputs[0].f32.resize(84 * 84);
  expect_refused(narrow,
                 "nearly yolox, but output f32[1,84,84] should be f32 with 5 columns and one for each of COCO's 80 classes");

  OnnxModel other_classes = nanodet_scene(kScene);
  other_classes.outputs[1].shape[2] = 79;
  other_classes.outputs[1].f32.resize(16 * 79);
  expect_refused(other_classes, "nearly nanodet, but scores_16 f32[1,16,79] is of other classes than stride 8's");
}

TEST(NearMisses, AModelOfSomethingElseIsNearNothing) {
  OnnxModel classifier{{scene_image("input")}, {{"logits", {1, 1000}, std::vector<float>(1000), {}, false}}, {}};
  const auto refused = load(classifier);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().text.find("nearly"), std::string::npos) << refused.error().text;
  expect_refused(classifier, "input f32[1,3,64,64] -> logits f32[1,1000] (known");
}

TEST(ModelFile, EveryFaultIsOneSentenceThatNamesTheFile) {
  const std::string good = serialize(yolox_scene(kScene));
  const auto expect_code = [](const std::string& path, ErrorCode code) {
    const auto detector = load_detector(path, {});
    ASSERT_FALSE(detector.ok()) << path;
    EXPECT_EQ(detector.error().code, code) << detector.error().text;
    EXPECT_NE(detector.error().text.find(path), std::string::npos) << detector.error().text;
    EXPECT_EQ(detector.error().text.find('\n'), std::string::npos) << detector.error().text;
  };
  expect_code("/nonexistent/model.onnx", ErrorCode::kNotFound);
  expect_code("/tmp", ErrorCode::kInvalidArgument);
  const TemporaryFile empty(""), text("no model, just words"), half(std::string_view(good).substr(0, good.size() / 2));
  expect_code(empty.path(), ErrorCode::kCorrupt);
  expect_code(text.path(), ErrorCode::kCorrupt);
  expect_code(half.path(), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace vedette::model
