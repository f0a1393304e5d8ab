#include "model/coco_dataset.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/file.h"

namespace vedette::model {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::optional<std::int64_t> integer_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

std::uint32_t side_of(const Json& object, const char* key) {
  const std::int64_t side = integer_of(object, key).value_or(0);
  return side > 0 && side <= std::int64_t{kMaxSide} ? static_cast<std::uint32_t>(side) : 0;
}

std::optional<std::string> text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::array<double, 4>> box_of(const Json& object) {
  const auto found = object.find("bbox");
  if (found == object.end() || !found->is_array() || found->size() != 4) return std::nullopt;
  std::array<double, 4> box{};
  for (std::size_t i = 0; i < box.size(); ++i) {
    if (!(*found)[i].is_number()) return std::nullopt;
    box[i] = (*found)[i].get<double>();
    if (!std::isfinite(box[i])) return std::nullopt;
  }
  return box;
}

// The list under `key`, of objects.
Result<const Json*> list_of(const Json& root, const char* key) {
  const auto found = root.is_object() ? root.find(key) : root.end();
  if (!root.is_object() || found == root.end() || !found->is_array())
    return Error{ErrorCode::kCorrupt, "expected a list \"" + std::string(key) + "\""};
  for (const Json& item : *found)
    if (!item.is_object()) return Error{ErrorCode::kCorrupt, "\"" + std::string(key) + "\": expected objects"};
  return &*found;
}

Error mistake(const char* list, const Json& item, const char* expected) {
  return Error{ErrorCode::kCorrupt, "\"" + std::string(list) + "\": " + item.dump().substr(0, 80) + ": expected " + expected};
}

Result<> read_annotations(const Json& root, const fs::path& images, CocoDataset& out) {
  std::set<std::int64_t> ids;
  VD_ASSIGN(const Json* list, list_of(root, "images"));
  for (const Json& item : *list) {
    const auto id = integer_of(item, "id");
    const auto name = text_of(item, "file_name");
    if (!id || !name) return mistake("images", item, "a number \"id\" and a text \"file_name\"");
    if (!ids.insert(*id).second) return mistake("images", item, "another \"id\" than another image's");
    out.photos.push_back({*id, (images / *name).string(), side_of(item, "width"), side_of(item, "height")});
  }
  if (out.photos.empty()) return Error{ErrorCode::kCorrupt, "\"images\": the list is empty"};

  std::set<std::int64_t> categories;
  VD_ASSIGN(list, list_of(root, "categories"));
  for (const Json& item : *list) {
    const auto id = integer_of(item, "id");
    const auto name = text_of(item, "name");
    if (!id || !std::in_range<int>(*id) || !name) return mistake("categories", item, "a number \"id\" and a text \"name\"");
    out.categories.emplace(*name, static_cast<int>(*id));
    categories.insert(*id);
  }

  VD_ASSIGN(list, list_of(root, "annotations"));
  for (const Json& item : *list) {
    const auto image = integer_of(item, "image_id"), category = integer_of(item, "category_id");
    const auto box = box_of(item);
    if (!image || !category || !box)
      return mistake("annotations", item, "numbers \"image_id\" and \"category_id\" and four of them as \"bbox\"");
    if (!ids.contains(*image)) return mistake("annotations", item, "the \"image_id\" of an image");
    if (!categories.contains(*category)) return mistake("annotations", item, "the \"category_id\" of a category");
    const auto [x, y, width, height] = *box;
    out.truth.push_back({*image, static_cast<int>(*category), x, y, width, height, integer_of(item, "iscrowd").value_or(0) != 0});
  }
  return {};
}

// A photo that isn't as large as annotated would be measured against the wrong truth.
Result<> check_size(const CocoPhoto& photo, const vision::ImageView& image) {
  const auto text = [](std::uint32_t width, std::uint32_t height) {
    return std::to_string(width) + "x" + std::to_string(height);
  };
  if ((photo.width == 0 || photo.width == image.width) && (photo.height == 0 || photo.height == image.height)) return {};
  return Error{ErrorCode::kCorrupt, "photo " + photo.path + ": " + text(image.width, image.height) +
                                        ", expected the size in instances.json, " + text(photo.width, photo.height)};
}

// The dataset's category id of each of the model's classes; none: it isn't in the dataset.
Result<std::vector<std::optional<int>>> match_classes(const Detector& detector, const CocoDataset& dataset) {
  std::vector<std::optional<int>> ids;
  bool any = false;
  for (const std::string& name : detector.class_names()) {
    const auto found = dataset.categories.find(name);
    ids.push_back(found == dataset.categories.end() ? std::nullopt : std::optional(found->second));
    any = any || ids.back();
  }
  if (any) return ids;
  const auto first = [](const auto& names, auto name_of) {
    return names.empty() ? std::string("none") : "\"" + std::string(name_of(*names.begin())) + "\", …";
  };
  return Error{ErrorCode::kIncompatible, "dataset " + dataset.name + ": the model has none of its categories (" +
                                             first(dataset.categories, [](const auto& entry) { return entry.first; }) +
                                             " there, " + first(detector.class_names(), [](const auto& name) { return name; }) +
                                             " in the model)"};
}

}  // namespace

Result<CocoDataset> load_coco_dataset(const std::string& dir) {
  const fs::path folder(dir);
  const std::string file = (folder / "instances.json").string();
  auto content = read_file(file);
  if (!content) return std::move(content).error().in("dataset");
  const Json root = Json::parse(*content, nullptr, false);
  if (root.is_discarded()) return Error{ErrorCode::kCorrupt, "dataset " + file + ": no JSON"};

  CocoDataset dataset;
  const fs::path name = fs::absolute(folder).lexically_normal();
  dataset.name = (name.has_filename() ? name : name.parent_path()).filename().string();
  auto read = read_annotations(root, folder / "images", dataset);
  if (!read) return std::move(read).error().in("dataset " + file);
  return dataset;
}

Result<Evaluation> evaluate(Detector& detector, const CocoDataset& dataset, const EvaluationOptions& options) {
  VD_ASSIGN(const std::vector<std::optional<int>> categories, match_classes(detector, dataset));
  Evaluation done;
  PhotoReader reader(options.planes);
  std::vector<Detection> boxes;
  for (const CocoPhoto& photo : dataset.photos) {
    VD_ASSIGN(const vision::ImageView image, reader.read(photo.path));
    VD_TRY(check_size(photo, image));
    VD_ASSIGN(const StepTimes times, detector.detect(image, boxes));
    done.times.push_back(times);
    for (const Detection& box : std::span(boxes).first(std::min(boxes.size(), options.most))) {
      const std::optional<int> category = categories[box.class_id()];
      if (!category) continue;
      done.boxes.push_back({photo.id, *category, double{box.x()} * image.width, double{box.y()} * image.height,
                            double{box.width()} * image.width, double{box.height()} * image.height, double{box.score()}});
    }
    if (options.progress && !options.progress(done.times.size())) return Error{ErrorCode::kUnavailable, "stopped"};
  }
  done.result = coco_ap(dataset.truth, done.boxes);
  if (const auto person = dataset.categories.find("person"); person != dataset.categories.end())
    if (const auto found = done.result.category.find(person->second); found != done.result.category.end())
      done.person_ap = found->second.ap;
  return done;
}

}  // namespace vedette::model
