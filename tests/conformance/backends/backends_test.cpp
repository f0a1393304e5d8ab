// One suite over all providers: each runs the model or says in one line why it can't, and then the CPU does. What a provider
// needs (a GPU, its library) is rarely there: most machines see the refusals.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "conformance/backends/graphs.h"
#include "model/backend.h"
#include "model/onnx/quiet_errors.h"

namespace vedette::model {
namespace {

using namespace vedette::test;

void expect_one_line(const std::string& text) {
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  EXPECT_EQ(text.find(".cc:"), std::string::npos) << text;  // of the runtime's own sources
}

class Providers : public testing::TestWithParam<Provider> {};

TEST_P(Providers, RunsTheModelOrSaysWhyTheCpuDoes) {
  const TemporaryFolder folder;
  const std::string model = folder.write("double.onnx", doubling_model());
  for (const std::string& cache : {std::string(), folder / "cache"}) {
    BackendOptions options;
    options.provider = GetParam();
    options.cache = cache;
    const auto backend = open_backend(model, options);
    ASSERT_TRUE(backend.ok()) << backend.error().text;
    const auto remarks = (*backend)->remarks();
    for (const std::string& remark : remarks) {
      expect_one_line(remark);
      std::printf("%s\n", remark.c_str());
    }
    if ((*backend)->provider() != GetParam() && GetParam() != Provider::kAuto) {
      ASSERT_FALSE(remarks.empty());
      EXPECT_TRUE(remarks[0].starts_with(std::string(to_string(GetParam())) + " can't run the model: ")) << remarks[0];
    }
    // Twice, with other numbers: what is written between runs is seen.
    for (const float start : {1.0f, -7.0f}) {
      const TensorView x = (*backend)->input(0), y = (*backend)->output(0);
      ASSERT_EQ(x.f32.size(), 4u);
      ASSERT_EQ(y.f32.size(), 4u);
      for (std::size_t i = 0; i < 4; ++i) x.f32[i] = start + static_cast<float>(i);
      ASSERT_TRUE((*backend)->run().ok());
      for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(y.f32[i], 2 * (start + static_cast<float>(i)));
    }
  }
}

TEST_P(Providers, OfABadModelOnlyTheModelIsToBlame) {
  const TemporaryFolder folder;
  BackendOptions options;
  options.provider = GetParam();
  const auto unknown = GraphWriter().input("x", kF32, {{1}}).node("Nonesuch", {"x"}, "y").output("y", kF32, {{1}}).file();
  const auto backend = open_backend(folder.write("m.onnx", unknown), options);
  ASSERT_FALSE(backend.ok());
  EXPECT_EQ(backend.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(backend.error().text.find("m.onnx: not a usable ONNX model: "), std::string::npos) << backend.error().text;
  EXPECT_NE(backend.error().text.find("Nonesuch"), std::string::npos) << backend.error().text;
  expect_one_line(backend.error().text);
}

INSTANTIATE_TEST_SUITE_P(All, Providers,
                         testing::Values(Provider::kAuto, Provider::kCpu, Provider::kCuda, Provider::kTensorRt,
                                         Provider::kWebGpu),
                         [](const auto& provider) { return std::string(to_string(provider.param)); });

TEST(AutoProvider, TakesTheCpuWithoutAWordWhereThereIsNoGpu) {
  if (std::filesystem::exists("/dev/nvidia0")) GTEST_SKIP() << "there is a GPU";
  const TemporaryFolder folder;
  BackendOptions options;
  options.provider = Provider::kAuto;
  const auto backend = open_backend(folder.write("double.onnx", doubling_model()), options);
  ASSERT_TRUE(backend.ok()) << backend.error().text;
  EXPECT_EQ((*backend)->provider(), Provider::kCpu);
  EXPECT_TRUE((*backend)->remarks().empty()) << (*backend)->remarks()[0];
}

TEST(BuildEngine, IsRefusedInOneSentenceWithoutTensorRt) {
  if (std::filesystem::exists("/dev/nvidia0")) GTEST_SKIP() << "there is a GPU";
  const TemporaryFolder folder;
  const std::string model = folder.write("double.onnx", doubling_model());
  BackendOptions options;
  const auto nowhere = build_engine(model, options);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, ErrorCode::kInvalidArgument);
  options.cache = folder / "cache";
  const auto built = build_engine(model, options);
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(built.error().text.find("double.onnx: no TensorRT engine can be built here: "), std::string::npos)
      << built.error().text;
  expect_one_line(built.error().text);
  EXPECT_EQ(build_engine(folder / "none.onnx", options).error().code, ErrorCode::kNotFound);
  for (const auto& left : std::filesystem::directory_iterator(options.cache))
    EXPECT_FALSE(left.path().filename().string().starts_with(".")) << left.path();  // an unfinished entry
}

TEST(Names, OfProvidersAndPrecisionsAreReadBack) {
  for (const Provider provider : {Provider::kAuto, Provider::kCpu, Provider::kCuda, Provider::kTensorRt, Provider::kWebGpu})
    EXPECT_EQ(parse_provider(to_string(provider)), provider);
  for (const Precision precision : {Precision::kAuto, Precision::kFp32, Precision::kFp16, Precision::kInt8})
    EXPECT_EQ(parse_precision(to_string(precision)), precision);
  EXPECT_FALSE(parse_provider("gpu").has_value());
  EXPECT_FALSE(parse_precision("").has_value());
}

// The runtime that npm and PyPI have tells its maker about its use, and keeps files for that in the user's cache folder. Another
// process, so that nothing of this one has been opened before; CI hides it, so it is told that this is none.
TEST(Telemetry, NothingIsKeptNorSent) {
  const TemporaryFolder home;
  const std::string command =
      "env -u CI -u GITHUB_ACTIONS -u TF_BUILD -u XDG_CACHE_HOME -u ORT_DISABLE_TELEMETRY HOME=" + home.path() + " " +
      std::filesystem::read_symlink("/proc/self/exe").string() + " --gtest_filter=AutoProvider.* >/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_TRUE(std::filesystem::is_empty(home.path())) << std::filesystem::directory_iterator(home.path())->path();
}

TEST(QuietErrors, LeaveOutWhatMeansNothing) {
  const std::string noise = "Schema error: Trying to register schema with name Abs (domain:  version: 1) from file x line 1\n\n";
  EXPECT_EQ(onnx::without_noise(noise + noise), "");
  EXPECT_EQ(onnx::without_noise("first\n" + noise + "\n" + noise + "out of memory"), "first\n\nout of memory");
  EXPECT_EQ(onnx::without_noise("Schema error: something else\n\n"), "Schema error: something else\n\n");
  EXPECT_EQ(onnx::without_noise(""), "");
  testing::internal::CaptureStderr();
  {
    const onnx::QuietErrors quiet;
    std::cerr << noise << "out of memory\n" << noise;
  }
  std::cerr << "and on\n";
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "out of memory\nand on\n");
}

}  // namespace
}  // namespace vedette::model
