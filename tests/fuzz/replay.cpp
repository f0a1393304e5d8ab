// Replays a fuzz corpus as plain tests: every file of VEDETTE_CORPUS goes through the fuzz target once.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::string> corpus() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(VEDETTE_CORPUS)) files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

TEST(FuzzReplay, TakesEveryInputOfTheCorpus) {
  const std::vector<std::string> files = corpus();
  ASSERT_GE(files.size(), 10u) << "the corpus in " << VEDETTE_CORPUS << " is gone";
  for (const std::string& file : files) {
    SCOPED_TRACE(file);
    std::ifstream stream(file, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
    // An empty vector's data() may be null; libFuzzer never passes that.
    const std::string input(bytes.begin(), bytes.end());
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()), 0);
  }
}

}  // namespace
