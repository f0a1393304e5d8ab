// What is kept of a model, and that nothing which may happen to it does harm: the model runs all the same, and as it is now.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "conformance/backends/graphs.h"
#include "model/backend.h"
#include "model/onnx/cache.h"

namespace vedette::model {
namespace {

namespace fs = std::filesystem;
using namespace vedette::test;

class Cache : public testing::Test {
 protected:
  // Opens the model, demands that it scales by `scale`, and keeps the backend.
  void expect_scale(float scale, std::size_t remarks = 0) {
    BackendOptions options;
    options.cache = cache;
    auto opened = open_backend(model, options);
    ASSERT_TRUE(opened.ok()) << opened.error().text;
    backend = std::move(*opened);
    EXPECT_EQ(backend->remarks().size(), remarks) << backend->remarks()[0];
    EXPECT_EQ(result(), scale);
    EXPECT_EQ(backend->metadata("names"), "['anna']");
  }
  float result() {
    const TensorView x = backend->input(0);
    std::fill(x.f32.begin(), x.f32.end(), 1.0f);
    EXPECT_TRUE(backend->run().ok());
    return backend->output(0).f32[kMatrixSide - 1];
  }

  std::vector<fs::path> entries() const {
    std::vector<fs::path> all;
    for (const auto& item : fs::directory_iterator(cache)) all.push_back(item.path());
    std::sort(all.begin(), all.end());
    return all;
  }
  fs::path entry() const {
    const auto all = entries();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? fs::path() : all[0];
  }
  static fs::file_time_type written(const fs::path& folder) { return fs::last_write_time(folder / "weights.bin"); }

  TemporaryFolder folder;
  std::string model = folder.write("scale.onnx", scaling_model(2));
  std::string cache = folder / "cache/of/vedette";
  std::unique_ptr<Backend> backend;
};

// Bytes of mappings of files of that name: { resident, of them private copies }.
std::pair<std::size_t, std::size_t> mapped(const std::string& name) {
  std::ifstream maps("/proc/self/smaps");
  std::size_t resident = 0, copied = 0;
  bool ours = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < line.find(':')) ours = line.ends_with(name);
    if (ours && line.starts_with("Rss:")) resident += std::stoul(line.substr(4)) * 1024;
    if (ours && line.starts_with("Anonymous:")) copied += std::stoul(line.substr(10)) * 1024;
  }
  return {resident, copied};
}

TEST_F(Cache, WeightsAreMappedFromTheCopy) {
  expect_scale(2);
  const auto first = written(entry());
  const auto [resident, copied] = mapped("weights.bin");
  EXPECT_GE(resident, sizeof(float) * kMatrixSide * kMatrixSide);
  EXPECT_EQ(copied, 0u);
  expect_scale(2);
  EXPECT_EQ(written(entry()), first);  // opened, not made again
}

TEST_F(Cache, ACopyThatIsDamagedIsMadeAnew) {
  const auto damage = [&](const char* file, auto&& how) {
    backend.reset();
    how(entry() / file);
    expect_scale(2);
    EXPECT_EQ(fs::file_size(entry() / "weights.bin") % (sizeof(float) * kMatrixSide * kMatrixSide), 0u);
    const auto made = written(entry());
    expect_scale(2);
    EXPECT_EQ(written(entry()), made) << file;
  };
  expect_scale(2);
  damage("weights.bin", [](const fs::path& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file.put('\x7f');
  });
  damage("weights.bin", [](const fs::path& path) { fs::resize_file(path, 100); });
  damage("weights.bin", [](const fs::path& path) { fs::remove(path); });
  damage("model.onnx", [](const fs::path& path) { test::write_file(path, "rubbish"); });
  damage("manifest", [](const fs::path& path) { fs::resize_file(path, 0); });
  damage("manifest", [](const fs::path& path) { test::write_file(path, "1 1 ../../../etc/passwd\n"); });
  damage("manifest", [](const fs::path& path) {
    fs::remove(path);
    fs::create_directory(path);
  });
}

TEST_F(Cache, ACopyThatTheRuntimeDoesNotTakeIsNoObstacle) {
  expect_scale(2);
  backend.reset();
  const fs::path kept = entry();
  // Whole by its manifest, and no model.
  const onnx::ModelFile file = *onnx::read_model_file(model);
  const std::string name = kept.filename();
  onnx::CacheEntry forged(cache, file, "forged", "");
  const auto made = forged.begin();
  ASSERT_TRUE(made.ok());
  test::write_file(*made + "/model.onnx", "rubbish");
  ASSERT_TRUE(forged.commit(*made).ok());
  fs::remove_all(kept);
  fs::rename(forged.folder(), kept);
  expect_scale(2);
}

TEST_F(Cache, OfAModelThatChangedTheOldIsRemoved) {
  expect_scale(2);
  const fs::path old = entry();
  std::string other = folder.write("other.onnx", scaling_model(7));
  std::swap(model, other);
  expect_scale(7);
  std::swap(model, other);
  EXPECT_EQ(entries().size(), 2u);

  test::write_file(model, scaling_model(3));
  expect_scale(3);
  EXPECT_FALSE(fs::exists(old));
  EXPECT_EQ(entries().size(), 2u);  // the new one and the other model's
}

TEST_F(Cache, AModelWrittenOverWhileItRunsRunsOn) {
  expect_scale(2);
  {
    std::fstream file(model, std::ios::in | std::ios::out | std::ios::binary);  // in place
    file << scaling_model(9);
  }
  EXPECT_EQ(result(), 2.0f);
  fs::remove_all(cache);
  EXPECT_EQ(result(), 2.0f);
}

TEST_F(Cache, WhatCannotBeWrittenIsARemark) {
  folder.write("file", "");
  for (const std::string& hopeless : {folder / "file/cache", std::string("/proc/vedette")}) {
    cache = hopeless;
    expect_scale(2, 1);
    EXPECT_NE(backend->remarks()[0].find(hopeless), std::string::npos) << backend->remarks()[0];
    EXPECT_EQ(backend->remarks()[0].find('\n'), std::string::npos);
  }
}

TEST_F(Cache, LeftoversOfKilledBuildsGo) {
  fs::create_directories(cache + "/.making-old1");
  fs::create_directories(cache + "/.making-new1");
  fs::last_write_time(cache + "/.making-old1", fs::file_time_type::clock::now() - std::chrono::hours(25));
  expect_scale(2);
  EXPECT_FALSE(fs::exists(cache + "/.making-old1"));
  EXPECT_TRUE(fs::exists(cache + "/.making-new1"));  // somebody may be at it
}

TEST_F(Cache, TwoThatMakeTheSameBothGetIt) {
  const onnx::ModelFile file = *onnx::read_model_file(model);
  onnx::CacheEntry one(cache, file, "cpu", "machine"), two(cache, file, "cpu", "machine");
  const auto first = one.begin(), second = two.begin();
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_NE(*first, *second);
  test::write_file(*first + "/x", "first");
  test::write_file(*second + "/x", "second");
  EXPECT_TRUE(one.commit(*first).ok());
  EXPECT_TRUE(two.commit(*second).ok());
  EXPECT_TRUE(one.is_whole());
  EXPECT_EQ(entries().size(), 1u);
}

TEST_F(Cache, EntriesOfOneContentAndAnotherVariantStay) {
  const onnx::ModelFile file = *onnx::read_model_file(model);
  const auto keep = [&](const char* variant, const char* made_by) {
    onnx::CacheEntry entry(cache, file, variant, made_by);
    const auto made = entry.begin();
    test::write_file(*made + "/x", "x");
    EXPECT_TRUE(entry.commit(*made).ok());
    return entry.folder();
  };
  const std::string engine = keep("tensorrt-fp16-gpu0", "GPU A"), copy = keep("cpu", "1.29");
  const std::string newer = keep("cpu", "1.30");
  EXPECT_TRUE(fs::exists(engine));
  EXPECT_TRUE(fs::exists(newer));
  EXPECT_FALSE(fs::exists(copy));  // the same for another runtime
}

}  // namespace
}  // namespace vedette::model
