// The default model, as tools/convert_nanodet.py made it, against what TensorFlow.js computes with the original graph
// (tests/data/nanodet_golden.json, made by tools/nanodet_golden.mjs): transposes, padding and biases were folded rightly.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/backend.h"

namespace vedette::model {
namespace {

// The golden's input, value by value; tools/nanodet_golden.mjs has the same formula.
void fill_pattern(std::span<float> image) {
  constexpr int kSize = 416;
  ASSERT_EQ(image.size(), std::size_t{3} * kSize * kSize);
  std::size_t i = 0;
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < kSize; ++y)
      for (int x = 0; x < kSize; ++x, ++i)
        image[i] = static_cast<float>((3 * x * x + 5 * y * y + 2 * x * y + 37 * c) % 511 / 255.0 - 1);
}

void compare(std::span<const float> values, const nlohmann::json& golden) {
  double sum = 0, squares = 0;
  for (const float value : values) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  // The runtimes differ in the last bits of each float, and in nothing else: 4e-7 in scores, 1e-5 in distances were seen.
  const double golden_squares = golden.at("sum_of_squares");
  EXPECT_NEAR(squares, golden_squares, 1e-4 * golden_squares);
  EXPECT_NEAR(sum, golden.at("sum").get<double>(), 1e-5 * std::sqrt(golden_squares * static_cast<double>(values.size())));
  for (const auto& pick : golden.at("values")) {
    const std::size_t at = pick.at(0);
    const double expected = pick.at(1);
    ASSERT_LT(at, values.size());
    EXPECT_NEAR(values[at], expected, 1e-5 + 1e-4 * std::abs(expected)) << "at " << at;
  }
}

TEST(DefaultModel, ComputesWhatTheOriginalGraphDoes) {
  if (!std::filesystem::exists(MODEL)) GTEST_SKIP() << MODEL << " isn't there: run scripts/fetch-model";
  const auto golden = nlohmann::json::parse(std::ifstream(GOLDEN));
  auto backend = open_backend(MODEL, {});
  ASSERT_TRUE(backend.ok()) << backend.error().text;
  ASSERT_NO_FATAL_FAILURE(fill_pattern((*backend)->input(0).f32));
  ASSERT_TRUE((*backend)->run().ok());

  const auto& outputs = (*backend)->contract().outputs;
  ASSERT_EQ(outputs.size(), golden.at("outputs").size());
  for (const auto& expected : golden.at("outputs")) {
    SCOPED_TRACE(expected.at("name").get<std::string>());
    const int index = find_tensor(outputs, expected.at("name").get<std::string>());
    ASSERT_GE(index, 0);
    const auto at = static_cast<std::size_t>(index);
    EXPECT_EQ(outputs[at].shape, expected.at("shape").get<std::vector<std::int64_t>>());
    compare((*backend)->output(at).f32, expected);
  }
}

}  // namespace
}  // namespace vedette::model
