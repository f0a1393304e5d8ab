#include "model/coco_dataset.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/model_scenes.h"
#include "support/program.h"
#include "vision/jpeg.h"

namespace vedette::model {
namespace {

using namespace vedette::test;
using Json = nlohmann::json;

constexpr std::uint32_t kWidth = 96, kHeight = 64;

class CocoDatasetTest : public testing::Test {
 protected:
  CocoDatasetTest() { std::filesystem::create_directories(folder_.file("photos/images")); }
  std::string dir() const { return folder_.file("photos"); }

  void write_photo(const std::string& name) {
    vision::Image image;
    image.reshape(PixelFormat::I420, kWidth, kHeight);
    image.set_color(ColorMatrix::BT601, ColorRange::Full);
    for (int plane = 0; plane < 3; ++plane)
      std::fill_n(image.plane(plane), image.stride(plane) * (plane == 0 ? kHeight : kHeight / 2), std::uint8_t{90});
    vision::JpegEncoder encoder;
    const auto file = encoder.encode(image.view(), 90);
    ASSERT_TRUE(file.ok());
    folder_.write("photos/images/" + name, std::string(reinterpret_cast<const char*>(file->data()), file->size()));
  }
  Result<CocoDataset> load(const Json& annotations) {
    folder_.write("photos/instances.json", annotations.dump());
    return load_coco_dataset(dir());
  }
  std::string mistake(const Json& annotations) {
    const auto dataset = load(annotations);
    EXPECT_FALSE(dataset.ok());
    return dataset.ok() ? "" : dataset.error().text;
  }

  // What detr_scene() answers, as truth: a person and a car.
  static Json scene() {
    Json all = {{"categories", {{{"id", 1}, {"name", "person"}}, {{"id", 3}, {"name", "car"}}}},
                {"images", {{{"id", 7}, {"file_name", "a.jpg"}, {"width", kWidth}, {"height", kHeight}}}},
                {"annotations", Json::array()}};
    for (const SceneObject& object : kScene)
      all["annotations"].push_back({{"image_id", 7},
                                    {"category_id", object.category_id},
                                    {"bbox",
                                     {(object.x - object.width / 2) * kWidth, (object.y - object.height / 2) * kHeight,
                                      object.width * kWidth, object.height * kHeight}}});
    return all;
  }
  std::unique_ptr<Detector> detector(const std::vector<SceneObject>& objects, const std::string& labels = "") {
    const std::string file = folder_.write("m.onnx", serialize(detr_scene(objects, kWidth, kHeight)));
    auto loaded = load_detector(file, {.threshold = 0.05f, .labels = labels, .backend = {.threads = 1}});
    EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.error().text);
    return loaded.ok() ? std::move(*loaded) : nullptr;
  }

  TempFolder folder_{std::filesystem::temp_directory_path()};
};

TEST_F(CocoDatasetTest, IsReadAsItIs) {
  Json annotations = scene();
  annotations["annotations"][1]["iscrowd"] = 1;
  const auto dataset = load(annotations);
  ASSERT_TRUE(dataset.ok()) << dataset.error().text;
  EXPECT_EQ(dataset->name, "photos");
  ASSERT_EQ(dataset->photos.size(), 1u);
  EXPECT_EQ(dataset->photos[0].path, dir() + "/images/a.jpg");
  ASSERT_EQ(dataset->truth.size(), 2u);
  EXPECT_FALSE(dataset->truth[0].crowd);
  EXPECT_TRUE(dataset->truth[1].crowd);
  EXPECT_EQ(dataset->categories.at("car"), 3);
  EXPECT_EQ(load_coco_dataset(dir() + "/").value().name, "photos");
}

TEST_F(CocoDatasetTest, APerfectDetectorHasAllOfIt) {
  write_photo("a.jpg");
  const auto dataset = load(scene());
  ASSERT_TRUE(dataset.ok()) << dataset.error().text;
  const auto both = detector(kScene);
  ASSERT_TRUE(both);
  for (const Planes planes : {Planes::kCamera, Planes::kFull}) {
    const auto done = evaluate(*both, *dataset, {.planes = planes});
    ASSERT_TRUE(done.ok()) << done.error().text;
    EXPECT_NEAR(done->result.mean.ap, 1.0, 1e-9);
    EXPECT_NEAR(done->person_ap.value(), 1.0, 1e-9);
    EXPECT_EQ(done->times.size(), 1u);
    EXPECT_EQ(done->boxes.size(), 2u);
  }
  // One that sees the car only, and one whose boxes are counted up to the first.
  const auto car = evaluate(*detector({kScene[1]}), *dataset);
  EXPECT_NEAR(car->result.mean.ap, 0.5, 1e-9);
  EXPECT_EQ(car->person_ap, 0.0);
  EXPECT_NEAR(evaluate(*both, *dataset, {.most = 1})->result.mean.ap50, 0.5, 1e-9);
}

TEST_F(CocoDatasetTest, ClassesAreMatchedByName) {
  write_photo("a.jpg");
  Json annotations = scene();
  annotations["categories"] = {{{"id", 1}, {"name", "Auto"}}, {{"id", 3}, {"name", "Mensch"}}};
  const auto other = load(annotations);
  ASSERT_TRUE(other.ok());
  const auto refused = evaluate(*detector(kScene), *other);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().text,
            "dataset photos: the model has none of its categories (\"Auto\", … there, \"person\", … in the model)");

  // A model's third class is its own affair; what it is called counts.
  const std::string labels = folder_.write("labels.txt", "Mensch\nx\nAuto\n");
  annotations["categories"] = {{{"id", 1}, {"name", "Mensch"}}, {{"id", 3}, {"name", "Auto"}}};
  const auto named = load(annotations);
  const auto done = evaluate(*detector(kScene, labels), *named);
  ASSERT_TRUE(done.ok()) << done.error().text;
  EXPECT_NEAR(done->result.mean.ap, 1.0, 1e-9);
  EXPECT_EQ(done->person_ap, std::nullopt);
}

TEST_F(CocoDatasetTest, MistakesAreSaidInOneSentence) {
  const std::string file = dir() + "/instances.json";
  EXPECT_EQ(load_coco_dataset(dir()).error().text, "dataset: " + file + ": No such file or directory");
  folder_.write("photos/instances.json", "{\"images\": [");
  EXPECT_EQ(load_coco_dataset(dir()).error().text, "dataset " + file + ": no JSON");
  EXPECT_EQ(mistake(Json::array()), "dataset " + file + ": expected a list \"images\"");
  const auto with = [](auto change) {
    Json all = scene();
    change(all);
    return all;
  };
  const std::string in = "dataset " + file + ": ";
  EXPECT_EQ(mistake(with([](Json& all) { all["images"] = Json::array(); })), in + "\"images\": the list is empty");
  EXPECT_EQ(mistake(with([](Json& all) { all["images"] = {1}; })), in + "\"images\": expected objects");
  EXPECT_EQ(mistake(with([](Json& all) { all.erase("categories"); })), in + "expected a list \"categories\"");
  EXPECT_EQ(mistake(with([](Json& all) {
              all["images"].push_back({{"id", 7}, {"file_name", "b.jpg"}});
            })),
            in + "\"images\": {\"file_name\":\"b.jpg\",\"id\":7}: expected another \"id\" than another image's");
  EXPECT_EQ(mistake(with([](Json& all) {
              all["categories"][0] = {{"id", 1e10}};
            })),
            in + "\"categories\": {\"id\":10000000000.0}: expected a number \"id\" and a text \"name\"");
  const std::string wrong_box = "expected numbers \"image_id\" and \"category_id\" and four of them as \"bbox\"";
  for (const Json& box : {Json::array({1, 2, 3}), Json::array({1, 2, 3, "4"}), Json(5), Json()}) {
    const std::string text = mistake(with([&](Json& all) { all["annotations"] = {{{"bbox", box}}}; }));
    const Json annotation = {{"bbox", box}};
    EXPECT_EQ(text, in + "\"annotations\": " + annotation.dump() + ": " + wrong_box);
  }
  EXPECT_NE(mistake(with([](Json& all) { all["annotations"][0]["image_id"] = 8; })).find("the \"image_id\" of an image"),
            std::string::npos);
  EXPECT_NE(mistake(with([](Json& all) { all["annotations"][0]["category_id"] = 2; })).find("the \"category_id\" of a category"),
            std::string::npos);
}

TEST_F(CocoDatasetTest, BadPhotosAreSaidInOneSentence) {
  const auto dataset = load(scene());
  ASSERT_TRUE(dataset.ok());
  const auto both = detector(kScene);
  const std::string photo = dir() + "/images/a.jpg";
  EXPECT_EQ(evaluate(*both, *dataset).error().text, "photo: " + photo + ": No such file or directory");
  folder_.write("photos/images/a.jpg", "GIF89a");
  EXPECT_EQ(evaluate(*both, *dataset).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(evaluate(*both, *dataset).error().text.find("photo " + photo + ": "), 0u);

  write_photo("a.jpg");
  Json turned = scene();
  turned["images"][0]["width"] = kHeight, turned["images"][0]["height"] = kWidth;
  EXPECT_EQ(evaluate(*both, *load(turned)).error().text,
            "photo " + photo + ": 96x64, expected the size in instances.json, 64x96");
}

}  // namespace
}  // namespace vedette::model
