// The AP gate: each model at hand by the product's own path (JPEG -> planes -> pixel pass -> detector) reaches what its family's
// own code does (reference.py), within half a point. Wrong preprocessing or decoding costs several.
//
// Which of two close scores is higher decides average precision on 32 photos: one level of one pixel more or less, which is what
// fixed-point resizing is about, moves it by up to 0.006. So the photos are compared with the reference's filters computed
// exactly, and several versions of each photo, over which that averages out, with the arithmetic of Pillow and OpenCV.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "model/coco_dataset.h"
#include "model/detector.h"
#include "support/program.h"

namespace vedette::model {
namespace {

namespace fs = std::filesystem;

constexpr double kTolerance = 0.005;
constexpr double kMostByChroma = 0.02;  // of what I420 may cost: these photos have four times a camera's chroma
constexpr int kVersions = 8;

fs::path shared_dir() {
  const char* set = std::getenv("VEDETTE_SHARED_DIR");
  return set != nullptr ? fs::path(set) : fs::path(SHARED_DIR);
}

struct Model {
  const char* name;
  fs::path file;
  std::string family;
  float threshold, nms_iou;  // what the reference has
  std::size_t most;          // boxes per picture
  bool versions;             // false: the same weights as another's
};

std::vector<Model> models() {
  const fs::path folder = shared_dir() / "models";
  return {{"deimv2_atto", folder / "deimv2_hgnetv2_atto_coco_320.onnx", "detr", 0.001f, 0.6f, 300, true},
          {"rfdetr_contract", folder / "deimv2_atto_coco_320_rfdetr_contract.onnx", "rf-detr", 0.001f, 0.6f, 300, false},
          {"raw_logits", folder / "deimv2_atto_coco_320_raw_logits_boxes.onnx", "detr-raw", 0.001f, 0.6f, 300, false},
          {"yolox_nano", folder / "yolox_nano_coco_416.onnx", "yolox", 0.001f, 0.65f, 300, true},
          {"nanodet_g", fs::path(MODEL_DIR) / "nanodet_g_416.onnx", "nanodet", 0.05f, 0.6f, 100, true}};
}

// Runs a script of this folder with the Python tools; what it printed.
std::string run_script(const std::string& script, const std::vector<std::string>& arguments) {
  static const test::TempFolder scratch(testing::TempDir());
  std::vector<std::string> command{PYTHON, std::string(SCRIPT_DIR) + "/" + script};
  command.insert(command.end(), arguments.begin(), arguments.end());
  test::Program program(command, scratch.file("script"));
  EXPECT_EQ(program.wait_exit(std::chrono::seconds(1200)), 0) << script << ": " << program.err();
  return program.out();
}

AveragePrecision reference(const Model& model, const fs::path& photos, bool exact) {
  std::vector<std::string> arguments{photos, model.family + "=" + model.file.string()};
  if (exact) arguments.insert(arguments.begin(), "--exact");
  const auto json = nlohmann::json::parse(run_script("reference.py", arguments), nullptr, false);
  if (json.is_discarded()) return {NAN, NAN, NAN};
  return {json.value("ap", NAN), json.value("ap50", NAN), NAN};
}

class Ap : public testing::TestWithParam<Model> {
 protected:
  void SetUp() override {
    if (!fs::exists(photos_)) GTEST_SKIP() << "no photos: " << photos_ << " is absent";
    if (!fs::exists(GetParam().file)) GTEST_SKIP() << "no model: " << GetParam().file << " is absent";
    if (!fs::exists(PYTHON)) GTEST_SKIP() << "no Python tools: run scripts/fetch-python-tools";
  }

  AveragePrecision ours(const fs::path& photos, Planes planes) {
    const Model& model = GetParam();
    const auto dataset = load_coco_dataset(photos);
    EXPECT_TRUE(dataset.ok()) << dataset.error().text;
    auto detector =
        load_detector(model.file, {.threshold = model.threshold, .nms_iou = model.nms_iou, .backend = {.threads = 2}});
    EXPECT_TRUE(detector.ok()) << detector.error().text;
    if (!dataset.ok() || !detector.ok()) return {};
    EXPECT_EQ((*detector)->family(), model.family);
    const auto evaluation = evaluate(**detector, *dataset, {.planes = planes, .most = model.most});
    EXPECT_TRUE(evaluation.ok()) << evaluation.error().text;
    return evaluation.ok() ? evaluation->result.mean : AveragePrecision{};
  }

  static void print(const char* what, const AveragePrecision& found, const AveragePrecision& wanted) {
    std::printf("%s, %s: mAP %.4f (%.4f), AP50 %.4f (%.4f)\n", GetParam().name, what, found.ap, wanted.ap, found.ap50,
                wanted.ap50);
  }

  const fs::path photos_ = shared_dir() / "media" / "coco_val32";
};

TEST_P(Ap, OfThePhotosIsThatOfTheFamilysCode) {
  const AveragePrecision found = ours(photos_, Planes::kFull), wanted = reference(GetParam(), photos_, true);
  print("32 photos", found, wanted);
  EXPECT_NEAR(found.ap, wanted.ap, kTolerance);
  EXPECT_NEAR(found.ap50, wanted.ap50, kTolerance);
}

TEST_P(Ap, OfVersionsOfThePhotosIsThatOfTheFamilysCodeAndArithmetic) {
  if (!GetParam().versions) GTEST_SKIP() << "the same weights as deimv2_atto";
  static const test::TempFolder folder(testing::TempDir());
  const fs::path versions = folder.file("versions");
  if (!fs::exists(versions)) run_script("versions.py", {photos_, versions, std::to_string(kVersions)});
  const AveragePrecision found = ours(versions, Planes::kFull), wanted = reference(GetParam(), versions, false);
  print("versions of them", found, wanted);
  EXPECT_NEAR(found.ap, wanted.ap, kTolerance);
  EXPECT_NEAR(found.ap50, wanted.ap50, kTolerance);
}

TEST_P(Ap, LosesLittleByACamerasChroma) {
  const AveragePrecision camera = ours(photos_, Planes::kCamera), full = ours(photos_, Planes::kFull);
  print("as a camera's I420", camera, full);
  EXPECT_NEAR(camera.ap, full.ap, kMostByChroma);
  EXPECT_NEAR(camera.ap50, full.ap50, kMostByChroma);
}

INSTANTIATE_TEST_SUITE_P(Models, Ap, testing::ValuesIn(models()),
                         [](const auto& model) { return std::string(model.param.name); });

}  // namespace
}  // namespace vedette::model
