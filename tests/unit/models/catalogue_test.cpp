#include "models/catalogue.h"

#include <gtest/gtest.h>

#include <set>

#include "models/measure.h"
#include "models/settings.h"

namespace vedette::models {
namespace {

TEST(Catalogue, EveryRowCanBeFetchedOrMade) {
  std::set<std::string_view> names, files;
  for (const KnownModel& model : known_models()) {
    EXPECT_TRUE(names.insert(model.name).second) << model.name;
    EXPECT_TRUE(files.insert(model.file).second) << model.file;
    EXPECT_TRUE(model.file.ends_with(".onnx")) << model.name;
    EXPECT_EQ(model.file.find('/'), std::string_view::npos) << model.name;
    EXPECT_FALSE(model.url.empty() && model.export_command.empty()) << model.name;
    EXPECT_TRUE(model.url.empty() || model.url.starts_with("https://")) << model.name;
    EXPECT_FALSE(model.licence.empty()) << model.name;
    EXPECT_TRUE(model.side % 32 == 0 && model.side >= 320) << model.name;
    EXPECT_TRUE(model.ap > 0.2 && model.ap < 0.6) << model.name;
    if (!model.sha256.empty()) {
      EXPECT_EQ(model.sha256.size(), 64u) << model.name;
      EXPECT_EQ(model.sha256.find_first_not_of("0123456789abcdef"), std::string_view::npos) << model.name;
      EXPECT_GT(model.bytes, 0u) << model.name;
    }
    EXPECT_EQ(find_known(model.name), &model);
  }
  EXPECT_EQ(find_known("no-such-model"), nullptr);
  EXPECT_EQ(find_known(""), nullptr);
}

TEST(Catalogue, AMirrorHasTheFilesByName) {
  const KnownModel& model = *find_known("yolox-nano");
  EXPECT_EQ(url_of(model, ""), model.url);
  EXPECT_EQ(url_of(model, "http://mirror/models"), "http://mirror/models/yolox_nano.onnx");
  EXPECT_EQ(url_of(model, "http://mirror/"), "http://mirror/yolox_nano.onnx");
}

TEST(Spread, IsMedianAndNinetiethPercentile) {
  EXPECT_EQ(spread_of({}).median_ms, 0.0);
  EXPECT_EQ(spread_of({3'000'000}).p90_ms, 3.0);
  std::vector<std::uint64_t> hundred;
  for (std::uint64_t i = 100; i > 0; --i) hundred.push_back(i * 1'000'000);
  EXPECT_EQ(spread_of(hundred).median_ms, 51.0);
  EXPECT_EQ(spread_of(hundred).p90_ms, 91.0);
}

TEST(Settings, AreAllDifferentAndKeepTheTypes) {
  std::set<std::string> texts;
  for (const Setting& setting : candidates()) EXPECT_TRUE(texts.insert(text_of(setting)).second) << text_of(setting);
  for (const Setting& fastest : candidates()) {
    texts.clear();
    for (const Setting& setting : refinements(fastest)) {
      EXPECT_TRUE(texts.insert(text_of(setting)).second) << text_of(setting);
      EXPECT_EQ(setting.activations, fastest.activations);
      EXPECT_EQ(setting.weights, fastest.weights);
      EXPECT_EQ(setting.float_stem, fastest.float_stem);
    }
    EXPECT_EQ(text_of(refinements(fastest).front()), text_of(fastest));
  }
  EXPECT_EQ(text_of({.activations = "u8", .weights = "s8", .float_head = 1, .seven_bit_weights = true, .float_stem = true}),
            "u8 activations, s8 weights of 7 bits, minmax, stem in float, last layers in float");
}

}  // namespace
}  // namespace vedette::models
