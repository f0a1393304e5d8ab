// Model files that are cut off, lie, or reach for what isn't theirs: one sentence each, nothing worse.
#include <gtest/gtest.h>

#include <random>

#include "conformance/backends/graphs.h"
#include "model/backend.h"
#include "model/onnx/long_step.h"
#include "model/onnx/model_file.h"

namespace vedette::model {
namespace {

using namespace vedette::test;

void expect_refused(const std::string& path, ErrorCode code, std::string_view says) {
  const auto backend = open_backend(path, {});
  ASSERT_FALSE(backend.ok()) << says;
  EXPECT_EQ(backend.error().code, code) << backend.error().text;
  EXPECT_NE(backend.error().text.find(says), std::string::npos) << backend.error().text;
  EXPECT_TRUE(backend.error().text.starts_with("model " + path)) << backend.error().text;
  EXPECT_EQ(backend.error().text.find('\n'), std::string::npos) << backend.error().text;
}

TEST(ExternalWeights, AreReadFromTheFileBeside) {
  const TemporaryFolder folder;
  const auto matrix = diagonal_matrix(5);
  const std::size_t bytes = matrix.size() * sizeof(float);
  folder.write("w.bin", "12345678" + std::string(reinterpret_cast<const char*>(matrix.data()), bytes));
  const std::string model =
      folder.write("m.onnx", scaling_graph().weights("w", {kMatrixSide, kMatrixSide}, ExternalData{"w.bin", 8, bytes}).file());
  for (const std::string& cache : {std::string(), folder / "cache"}) {
    BackendOptions options;
    options.cache = cache;
    const auto backend = open_backend(model, options);
    ASSERT_TRUE(backend.ok()) << backend.error().text;
    (*backend)->input(0).f32[3] = 1.0f;
    ASSERT_TRUE((*backend)->run().ok());
    EXPECT_EQ((*backend)->output(0).f32[3], 5.0f);
  }
  const std::string before = onnx::read_model_file(model)->content;
  folder.write("w.bin", std::string(8 + bytes, '\0'));
  EXPECT_NE(onnx::read_model_file(model)->content, before);  // they are a part of the model
}

TEST(ExternalWeights, ThatAreNotThereOrNotTheModelsAreRefused) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "models/folder");
  folder.write("outside.bin", std::string(4096, 'x'));
  folder.write("models/short.bin", "x");
  folder.write("models/empty.bin", "");
  struct Case {
    ExternalData data;
    ErrorCode code;
    std::string says;
  };
  const std::uint64_t bytes = sizeof(float) * kMatrixSide * kMatrixSide;
  const std::vector<Case> cases{
      {{"none.bin", 0, bytes}, ErrorCode::kNotFound, "\"none.bin\": No such file"},
      {{"short.bin", 0, bytes}, ErrorCode::kCorrupt, "has 1 bytes, the model needs 4194304"},
      {{"empty.bin", 0, 0}, ErrorCode::kCorrupt, "has 0 bytes"},
      {{"short.bin", ~std::uint64_t{0}, 2}, ErrorCode::kCorrupt, "has 1 bytes"},
      {{"a\nb", 0, bytes}, ErrorCode::kCorrupt, "whose name is no text"},
      {{"folder", 0, bytes}, ErrorCode::kInvalidArgument, "isn't a file"},
      {{"../outside.bin", 0, 16}, ErrorCode::kInvalidArgument, "isn't in the model's folder"},
      {{"folder/../../outside.bin", 0, 16}, ErrorCode::kInvalidArgument, "isn't in the model's folder"},
      {{"../../../../../../etc/passwd", 0, 16}, ErrorCode::kInvalidArgument, "isn't in the model's folder"},
      {{"/etc/passwd", 0, 16}, ErrorCode::kInvalidArgument, "isn't in the model's folder"},
      {{"", 0, 16}, ErrorCode::kInvalidArgument, "isn't in the model's folder"},
      // ONNX Runtime's own mark of weights in memory, whose address would be the offset.
      {{"*/_ORT_MEM_ADDR_/*", 4096, 16}, ErrorCode::kNotFound, "No such file"},
  };
  for (const Case& hostile : cases)
    expect_refused(folder.write("models/m.onnx", scaling_graph().weights("w", {kMatrixSide, kMatrixSide}, hostile.data).file()),
                   hostile.code, hostile.says);
}

TEST(ModelFile, IsRefusedWhereverItIsCutOff) {
  const TemporaryFolder folder;
  const std::string whole = doubling_model();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto backend = open_backend(folder.write("m.onnx", whole.substr(0, size)), {});
    if (backend.ok()) continue;  // the end of a field that the model can do without
    EXPECT_EQ(backend.error().code, ErrorCode::kCorrupt) << backend.error().text;
    EXPECT_EQ(backend.error().text.find('\n'), std::string::npos) << backend.error().text;
  }
  expect_refused(folder.write("e.onnx", ""), ErrorCode::kCorrupt, "the file is empty");
  expect_refused(folder.write("t.onnx", "just words"), ErrorCode::kCorrupt, "not a usable ONNX model");
  expect_refused(folder.write("z.onnx", std::string(5000, '\0')), ErrorCode::kCorrupt, "not a usable ONNX model");
  expect_refused(folder.path(), ErrorCode::kInvalidArgument, "not a file");
  expect_refused(folder / "none.onnx", ErrorCode::kNotFound, "No such file");
}

TEST(ModelFile, GraphsInGraphsWithoutEndAreRefused) {
  const TemporaryFolder folder;
  std::string graph;
  for (int depth = 0; depth < 2000; ++depth) {
    Protobuf attribute, node, outer;
    attribute.bytes(6, graph);
    node.message(5, attribute);
    outer.message(1, node);
    graph = outer.data();
  }
  Protobuf file;
  file.bytes(7, graph);
  expect_refused(folder.write("deep.onnx", file.data()), ErrorCode::kCorrupt, "not a usable ONNX model");
}

TEST(ModelFile, AnyBytesAreReadOrRefused) {
  const TemporaryFolder folder;
  const std::string whole = GraphWriter()
                                .input("x", kF32, {{1, "batch"}, {3}})
                                .weights("w", {3}, ExternalData{"w.bin", 0, 12})
                                .node("QuantizeLinear", {"x", "w"}, "y", {{"axis", {1}}})
                                .output("y", kU8, {{1, "batch"}, {3}})
                                .file();
  folder.write("w.bin", std::string(12, '\0'));
  const auto read = onnx::read_model_file(folder.write("m.onnx", whole));
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_TRUE(read->quantized);
  EXPECT_EQ(read->open_batches, std::vector<std::string>{"batch"});
  EXPECT_EQ(read->data_files, std::vector<std::string>{folder / "w.bin"});
  std::mt19937 random(5);
  for (int round = 0; round < 1000; ++round) {
    std::string bytes = whole;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (round % 3 == 0) bytes.resize(random() % bytes.size());
    const auto any = onnx::read_model_file(folder.write("m.onnx", bytes));
    EXPECT_TRUE(any.ok() || any.error().text.find('\n') == std::string::npos) << any.error().text;
  }
}

TEST(LongStep, TellsHowLongItTakes) {
  std::vector<std::string> lines;
  std::mutex mutex;
  std::condition_variable told;
  {
    const onnx::LongStep step(
        [&](std::string_view line) {
          const std::lock_guard lock(mutex);
          lines.emplace_back(line);
          told.notify_one();
        },
        "building", true, std::chrono::milliseconds(1));
    std::unique_lock lock(mutex);
    told.wait(lock, [&] { return lines.size() >= 4; });
  }
  EXPECT_EQ(lines[0], "building");
  EXPECT_EQ(lines[1], "building: 0 s so far");
  const onnx::LongStep unheard(nullptr, "nobody listens", true);
}

}  // namespace
}  // namespace vedette::model
