// Models written for a test, opened by the real runtime.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "model/detector.h"
#include "support/model_scenes.h"

namespace vedette::test {

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

inline Result<std::unique_ptr<model::Detector>> load(const OnnxModel& model, model::DetectorOptions options = {}) {
  const TemporaryFile file(serialize(model));
  options.backend.threads = 1;
  return model::load_detector(file.path(), options);
}

inline std::vector<Detection> detect(model::Detector& detector, std::uint32_t width = 64, std::uint32_t height = 64) {
  vision::Image image;
  image.reshape(PixelFormat::GRAY8, width, height);
  std::fill_n(image.plane(0), image.stride(0) * height, std::uint8_t{100});
  std::vector<Detection> boxes;
  const auto result = detector.detect(image.view(), boxes);
  EXPECT_TRUE(result.ok()) << result.error().text;
  return boxes;
}

}  // namespace vedette::test
