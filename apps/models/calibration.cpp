#include "models/calibration.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/process.h"
#include "model/photo_reader.h"

namespace vedette::models {
namespace {

namespace fs = std::filesystem;

bool is_jpeg(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending == ".jpg" || ending == ".jpeg";
}

Result<std::string> manifest_of(const model::Detector& detector, std::size_t pictures) {
  nlohmann::json inputs = nlohmann::json::array();
  for (const model::TensorInfo& tensor : detector.backend().contract().inputs) {
    const char* type = tensor.type == model::ElementType::kFloat32 ? "f32"
                       : tensor.type == model::ElementType::kInt64 ? "i64"
                                                                   : "";
    if (*type == '\0')
      return Error{ErrorCode::kIncompatible,
                   "only a model of 32-bit floats can be quantised; this one takes " + to_string(detector.backend().contract())};
    inputs.push_back({{"name", tensor.name}, {"type", type}, {"shape", tensor.shape}});
  }
  return nlohmann::json{{"inputs", inputs}, {"pictures", pictures}}.dump();
}

std::string bytes_of(std::span<const model::TensorView> inputs) {
  std::string all;
  for (const model::TensorView& input : inputs) all.append(reinterpret_cast<const char*>(input.bytes.data()), input.bytes.size());
  return all;
}

}  // namespace

Result<std::vector<std::string>> find_pictures(const std::string& dir, std::size_t most) {
  std::error_code error;
  std::vector<std::string> all;
  for (const auto& entry : fs::directory_iterator(dir, error))
    if (is_jpeg(entry.path())) all.push_back(entry.path().string());
  if (error) return errno_error("pictures " + dir, error.value());
  if (all.empty()) return Error{ErrorCode::kNotFound, "pictures " + dir + ": no .jpg or .jpeg file in it"};
  std::sort(all.begin(), all.end());
  if (all.size() <= most) return all;
  std::vector<std::string> some;
  for (std::size_t i = 0; i < most; ++i) some.push_back(all[i * all.size() / most]);
  return some;
}

Result<> write_calibration(model::Detector& detector, const std::vector<std::string>& pictures, const std::string& dir) {
  VD_ASSIGN(const std::string manifest, manifest_of(detector, pictures.size()));
  VD_TRY(write_file(dir + "/manifest.json", manifest));
  model::PhotoReader reader(model::Planes::kCamera);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (stop_requested()) return Error{ErrorCode::kUnavailable, "stopped"};
    VD_ASSIGN(const vision::ImageView image, reader.read(pictures[i]));
    detector.load(image);
    VD_TRY(write_file(dir + "/" + std::to_string(i) + ".bin", bytes_of(detector.inputs())));
  }
  return {};
}

}  // namespace vedette::models
