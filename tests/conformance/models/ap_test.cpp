// The AP gate: each model at hand over 32 photos of COCO val2017, by the product's own path (JPEG -> planes -> pixel pass ->
// detector), against the figures its weights reached elsewhere. Wrong preprocessing or decoding costs far more than 0.01.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/class_names.h"
#include "model/coco_eval.h"
#include "model/detector.h"
#include "vision/jpeg.h"

namespace vedette::model {
namespace {

namespace fs = std::filesystem;

constexpr double kTolerance = 0.01;

struct Photo {
  std::int64_t id;
  std::vector<std::byte> file;
};
struct Dataset {
  std::vector<Photo> photos;
  std::vector<TruthBox> truth;
};

fs::path shared_dir() {
  const char* set = std::getenv("VEDETTE_SHARED_DIR");
  return set != nullptr ? fs::path(set) : fs::path(SHARED_DIR);
}

std::vector<std::byte> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  const auto as_bytes = std::as_bytes(std::span(bytes));
  return {as_bytes.begin(), as_bytes.end()};
}

Dataset load_dataset(const fs::path& folder) {
  Dataset dataset;
  std::ifstream file(folder / "instances.json");
  const auto json = nlohmann::json::parse(file);
  for (const auto& image : json.at("images"))
    dataset.photos.push_back({image.at("id"), read_file(folder / "images" / image.at("file_name").get<std::string>())});
  for (const auto& a : json.at("annotations")) {
    const auto& box = a.at("bbox");
    dataset.truth.push_back({a.at("image_id"), a.at("category_id"), box[0], box[1], box[2], box[3], a.value("iscrowd", 0) != 0});
  }
  return dataset;
}

enum class Planes {
  kFull,  // as the photos are: 4:4:4
  kI420,  // as cameras' frames are; three quarters of these photos' chroma goes, which costs some AP50
};

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
  for (const Planes planes : {Planes::kFull, Planes::kI420}) {
    all.push_back(
        {{"deimv2_atto", models / "deimv2_hgnetv2_atto_coco_320.onnx", "detr", 0.001f, 0.6f, 300, 0.280, 0.429}, planes});
    all.push_back({{"yolox_nano", models / "yolox_nano_coco_416.onnx", "yolox", 0.001f, 0.65f, 100, 0.304, 0.476}, planes});
    all.push_back(
        {{"rfdetr_contract", models / "deimv2_atto_coco_320_rfdetr_contract.onnx", "rf-detr", 0.001f, 0.6f, 300, 0.280, 0.429},
         planes});
    all.push_back(
        {{"raw_logits", models / "deimv2_atto_coco_320_raw_logits_boxes.onnx", "detr-raw", 0.001f, 0.6f, 300, 0.280, 0.429},
         planes});
    all.push_back({{"nanodet_g", fs::path(MODEL_DIR) / "nanodet_g_416.onnx", "nanodet", 0.02f, 0.6f, 100, 0.242, 0.391}, planes});
  }
  return all;
}

class Ap : public testing::TestWithParam<Gate> {};

TEST_P(Ap, IsWhatTheWeightsReachElsewhere) {
  const Gate& gate = GetParam();
  const fs::path folder = shared_dir() / "media" / "coco_val32";
  if (!fs::exists(folder)) GTEST_SKIP() << "no photos: " << folder << " is absent";
  if (!fs::exists(gate.file)) GTEST_SKIP() << "no model: " << gate.file << " is absent";

  const Dataset dataset = load_dataset(folder);
  ASSERT_EQ(dataset.photos.size(), 32u);
  ASSERT_EQ(dataset.truth.size(), 339u);
  auto detector = load_detector(gate.file, {.threshold = gate.threshold, .nms_iou = gate.nms_iou, .backend = {.threads = 2}});
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  EXPECT_EQ((*detector)->family(), gate.family);

  std::vector<ScoredBox> scored;
  std::vector<Detection> boxes;
  std::vector<double> milliseconds;
  vision::JpegDecoder decoder;
  vision::Image image;
  for (const Photo& photo : dataset.photos) {
    auto decoded = gate.planes == Planes::kI420 ? decoder.decode_i420(photo.file, image) : decoder.decode(photo.file, image);
    ASSERT_TRUE(decoded.ok()) << decoded.error().text;
    const vision::ImageView view = image.view();
    const auto start = std::chrono::steady_clock::now();
    auto detected = (*detector)->detect(view, boxes);
    milliseconds.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    ASSERT_TRUE(detected.ok()) << detected.error().text;
    if (boxes.size() > gate.most) boxes.erase(boxes.begin() + static_cast<std::ptrdiff_t>(gate.most), boxes.end());
    for (const Detection& box : boxes)
      scored.push_back({photo.id, coco_category_id(box.class_id()), double(box.x()) * view.width, double(box.y()) * view.height,
                        double(box.width()) * view.width, double(box.height()) * view.height, box.score()});
  }
  const CocoResult result = coco_ap(dataset.truth, scored);
  std::nth_element(milliseconds.begin(), milliseconds.begin() + 16, milliseconds.end());
  std::printf("%s%s: mAP %.4f (%.3f), AP50 %.4f (%.3f), person %.4f, median %.1f ms\n", gate.name,
              gate.planes == Planes::kI420 ? " (I420)" : "", result.mean.ap, gate.ap, result.mean.ap50, gate.ap50,
              result.category.at(1).ap, milliseconds[16]);
  EXPECT_NEAR(result.mean.ap, gate.ap, kTolerance);
  EXPECT_NEAR(result.mean.ap50, gate.ap50, gate.planes == Planes::kI420 ? 2 * kTolerance : kTolerance);

  if (const char* dump = std::getenv("VEDETTE_DUMP_AP");
      dump != nullptr && gate.planes == Planes::kFull) {  // for a second opinion by pycocotools
    nlohmann::json all = nlohmann::json::array();
    for (const ScoredBox& b : scored)
      all.push_back(
          {{"image_id", b.image}, {"category_id", b.category}, {"bbox", {b.x, b.y, b.width, b.height}}, {"score", b.score}});
    std::ofstream(fs::path(dump) / (std::string(gate.name) + ".json")) << all;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Ap, testing::ValuesIn(gates()), [](const auto& gate) {
  return std::string(gate.param.name) + (gate.param.planes == Planes::kI420 ? "_i420" : "");
});

}  // namespace
}  // namespace vedette::model
