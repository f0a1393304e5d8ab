// The AP gate: each model at hand over 32 photos of COCO val2017, by the product's own path (JPEG -> planes -> pixel pass ->
// detector), against the figures its weights reached elsewhere. Wrong preprocessing or decoding costs far more than 0.01.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/coco_dataset.h"
#include "model/detector.h"

namespace vedette::model {
namespace {

namespace fs = std::filesystem;

constexpr double kTolerance = 0.01;

fs::path shared_dir() {
  const char* set = std::getenv("VEDETTE_SHARED_DIR");
  return set != nullptr ? fs::path(set) : fs::path(SHARED_DIR);
}

struct Model {
  const char* name;
  fs::path file;
  std::string_view family;
  float threshold, nms_iou;
  std::size_t most;  // boxes per picture: all 300 that a DETR gives, 100 after suppression
  double ap, ap50;   // to be reached: figures of shared/models/README.md
};
struct Gate : Model {
  Planes planes;
};

std::vector<Gate> gates() {
  const fs::path models = shared_dir() / "models";
  std::vector<Gate> all;
  for (const Planes planes : {Planes::kFull, Planes::kCamera}) {
    all.push_back(
        {{"deimv2_atto", models / "deimv2_hgnetv2_atto_coco_320.onnx", "detr", 0.001f, 0.6f, 300, 0.280, 0.429}, planes});
    all.push_back({{"yolox_nano", models / "yolox_nano_coco_416.onnx", "yolox", 0.001f, 0.65f, 100, 0.304, 0.476}, planes});
    all.push_back(
        {{"rfdetr_contract", models / "deimv2_atto_coco_320_rfdetr_contract.onnx", "rf-detr", 0.001f, 0.6f, 300, 0.280, 0.429},
         planes});
    all.push_back(
        {{"raw_logits", models / "deimv2_atto_coco_320_raw_logits_boxes.onnx", "detr-raw", 0.001f, 0.6f, 300, 0.280, 0.429},
         planes});
    all.push_back({{"nanodet_g", fs::path(MODEL_DIR) / "nanodet_g_416.onnx", "nanodet", 0.02f, 0.6f, 100, 0.284, 0.442}, planes});
  }
  return all;
}

class Ap : public testing::TestWithParam<Gate> {};

TEST_P(Ap, IsWhatTheWeightsReachElsewhere) {
  const Gate& gate = GetParam();
  const fs::path folder = shared_dir() / "media" / "coco_val32";
  if (!fs::exists(folder)) GTEST_SKIP() << "no photos: " << folder << " is absent";
  if (!fs::exists(gate.file)) GTEST_SKIP() << "no model: " << gate.file << " is absent";

  const auto dataset = load_coco_dataset(folder);
  ASSERT_TRUE(dataset.ok()) << dataset.error().text;
  ASSERT_EQ(dataset->photos.size(), 32u);
  ASSERT_EQ(dataset->truth.size(), 339u);
  auto detector = load_detector(gate.file, {.threshold = gate.threshold, .nms_iou = gate.nms_iou, .backend = {.threads = 2}});
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  EXPECT_EQ((*detector)->family(), gate.family);

  const auto evaluation = evaluate(**detector, *dataset, {.planes = gate.planes, .most = gate.most});
  ASSERT_TRUE(evaluation.ok()) << evaluation.error().text;
  const AveragePrecision& mean = evaluation->result.mean;
  const bool camera = gate.planes == Planes::kCamera;
  std::printf("%s%s: mAP %.4f (%.3f), AP50 %.4f (%.3f), AP75 %.4f, person %.4f\n", gate.name, camera ? " (I420)" : "", mean.ap,
              gate.ap, mean.ap50, gate.ap50, mean.ap75, evaluation->person_ap.value_or(0));
  EXPECT_NEAR(mean.ap, gate.ap, kTolerance);
  EXPECT_NEAR(mean.ap50, gate.ap50, camera ? 2 * kTolerance : kTolerance);

  if (const char* dump = std::getenv("VEDETTE_DUMP_AP"); dump != nullptr && !camera) {  // for a second opinion by pycocotools
    nlohmann::json all = nlohmann::json::array();
    for (const ScoredBox& b : evaluation->boxes)
      all.push_back(
          {{"image_id", b.image}, {"category_id", b.category}, {"bbox", {b.x, b.y, b.width, b.height}}, {"score", b.score}});
    std::ofstream(fs::path(dump) / (std::string(gate.name) + ".json")) << all;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Ap, testing::ValuesIn(gates()), [](const auto& gate) {
  return std::string(gate.param.name) + (gate.param.planes == Planes::kCamera ? "_i420" : "");
});

}  // namespace
}  // namespace vedette::model
