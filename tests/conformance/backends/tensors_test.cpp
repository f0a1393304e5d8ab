// Tensors as callers see them, whatever elements and open sides the file has.
#include <gtest/gtest.h>

#include <cmath>

#include "conformance/backends/graphs.h"
#include "model/backend.h"

namespace vedette::model {
namespace {

using namespace vedette::test;

struct Opened {
  TemporaryFolder folder;
  std::unique_ptr<Backend> backend;

  explicit Opened(const GraphWriter& graph) {
    auto opened = open_backend(folder.write("m.onnx", graph.file()), {});
    EXPECT_TRUE(opened.ok()) << opened.error().text;
    if (opened.ok()) backend = std::move(*opened);
  }
};

TEST(Tensors, HalvesGoInAsTheyAreAndComeOutAsFloats) {
  const Opened model(GraphWriter().input("x", kF16, {{1}, {6}}).node("Identity", {"x"}, "y").output("y", kF16, {{1}, {6}}));
  ASSERT_TRUE(model.backend);
  EXPECT_EQ(to_string(model.backend->contract()), "x f16[1,6] -> y f32[1,6]");
  const TensorView x = model.backend->input(0), y = model.backend->output(0);
  ASSERT_EQ(x.bytes.size(), 12u);
  EXPECT_TRUE(x.f32.empty());
  ASSERT_EQ(y.f32.size(), 6u);
  EXPECT_EQ(y.bytes.size(), 24u);
  // 1, -2, the largest, the smallest normal one, infinity, NaN
  const std::uint16_t halves[6] = {0x3c00, 0xc000, 0x7bff, 0x0400, 0x7c00, 0x7e00};
  std::memcpy(x.bytes.data(), halves, sizeof halves);
  ASSERT_TRUE(model.backend->run().ok());
  EXPECT_EQ(y.f32[0], 1.0f);
  EXPECT_EQ(y.f32[1], -2.0f);
  EXPECT_EQ(y.f32[2], 65504.0f);
  EXPECT_EQ(y.f32[3], 0x1p-14f);
  EXPECT_TRUE(std::isinf(y.f32[4]));
  EXPECT_TRUE(std::isnan(y.f32[5]));
}

TEST(Tensors, BytesGoIn) {
  const Opened model(
      GraphWriter().input("x", kU8, {{1}, {3}}).node("Cast", {"x"}, "y", {{"to", {kF32}}}).output("y", kF32, {{1}, {3}}));
  ASSERT_TRUE(model.backend);
  EXPECT_EQ(to_string(model.backend->contract()), "x u8[1,3] -> y f32[1,3]");
  const TensorView x = model.backend->input(0);
  ASSERT_EQ(x.bytes.size(), 3u);
  x.bytes[0] = std::byte{0};
  x.bytes[1] = std::byte{127};
  x.bytes[2] = std::byte{255};
  ASSERT_TRUE(model.backend->run().ok());
  EXPECT_EQ(model.backend->output(0).f32[1], 127.0f);
  EXPECT_EQ(model.backend->output(0).f32[2], 255.0f);
}

TEST(Tensors, ShortIntegersAreLongOnesForCallers) {
  const Opened model(GraphWriter().input("x", kI32, {{1}, {2}}).node("Neg", {"x"}, "y").output("y", kI32, {{1}, {2}}));
  ASSERT_TRUE(model.backend);
  EXPECT_EQ(to_string(model.backend->contract()), "x i64[1,2] -> y i64[1,2]");
  const TensorView x = model.backend->input(0);
  ASSERT_EQ(x.i64.size(), 2u);
  EXPECT_EQ(model.backend->output(0).i64[0], -1);  // it has run once, with ones
  x.i64[0] = 640;
  x.i64[1] = std::int64_t{1} << 40;  // more than fits
  ASSERT_TRUE(model.backend->run().ok());
  EXPECT_EQ(model.backend->output(0).i64[0], -640);
  EXPECT_EQ(model.backend->output(0).i64[1], -INT32_MAX);
}

TEST(Tensors, AnOpenBatchIsOneAndSidesThatFollowAreLearnt) {
  const Opened model(GraphWriter()
                         .input("x", kF32, {{1, "batch"}, {3}})
                         .input("size", kI64, {{1, "batch"}, {2}})
                         .node("Concat", {"x", "x"}, "y", {{"axis", {1}}})
                         .node("Identity", {"size"}, "z")
                         .output("y", kF32, {{1, "batch"}, {1, "unknown"}})
                         .output("z", kI64, {{1, "other"}, {1, "two"}}));
  ASSERT_TRUE(model.backend);
  EXPECT_EQ(to_string(model.backend->contract()), "x f32[1,3], size i64[1,2] -> y f32[1,6], z i64[1,2]");
  model.backend->input(0).f32[2] = 5.0f;
  ASSERT_TRUE(model.backend->run().ok());
  EXPECT_EQ(model.backend->output(0).f32[5], 5.0f);
}

TEST(Tensors, AModelWithOtherOpenSidesOrElementsIsDescribedAndNotBound) {
  for (const bool open : {true, false}) {
    const std::vector<Side> shape{{1}, open ? Side{1, "width"} : Side{4}};
    const Element type = open ? kF32 : static_cast<Element>(11);  // double
    const Opened model(GraphWriter().input("x", type, shape).node("Identity", {"x"}, "y").output("y", type, shape));
    ASSERT_TRUE(model.backend);
    EXPECT_TRUE(model.backend->input(0).bytes.empty());
    EXPECT_TRUE(model.backend->output(0).bytes.empty());
    EXPECT_EQ(to_string(model.backend->contract()), open ? "x f32[1,?] -> y f32[1,?]" : "x other[1,4] -> y other[1,4]");
  }
}

TEST(Tensors, MetadataIsTheFiles) {
  const Opened model(scaling_graph().weights("w", {kMatrixSide, kMatrixSide}, diagonal_matrix(1)));
  ASSERT_TRUE(model.backend);
  EXPECT_EQ(model.backend->metadata("names"), "['anna']");
  EXPECT_EQ(model.backend->metadata("none"), "");
}

}  // namespace
}  // namespace vedette::model
