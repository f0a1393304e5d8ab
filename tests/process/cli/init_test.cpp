// `vedette init` writes a file that `vedette up` takes, and nothing over a file of yours. Help and refusals of `vedette` itself.
#include <fstream>

#include "config/config.h"
#include "process/cli/cli.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

class Init : public ::testing::Test {
 protected:
  TempFolder folder_{fs::temp_directory_path()};
  const std::string path_ = folder_.file("vedette.yaml");
};

TEST_F(Init, WritesAFileThatTheLoaderAccepts) {
  const Ran ran = run_vedette(folder_, {"init", "-o", path_});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("vedette up -c " + path_), std::string::npos) << ran.out;
  const Result<Config> config = load_config(path_);
  ASSERT_TRUE(config.ok()) << config.error().text;
  EXPECT_FALSE(config->cameras.empty());
  EXPECT_EQ(config->gateway.listen, "127.0.0.1");
  EXPECT_FALSE(fs::exists(path_ + ".part"));
}

TEST_F(Init, LeavesAnExistingFileAloneUnlessForced) {
  folder_.write("vedette.yaml", "mine\n");
  const Ran refused = run_vedette(folder_, {"init", "-o", path_});
  EXPECT_GT(refused.code, 0);
  expect_one_sentence(refused.err);
  EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
  EXPECT_EQ(read_file(path_), "mine\n");
  EXPECT_EQ(run_vedette(folder_, {"init", "--force", "-o", path_}).code, 0);
  EXPECT_TRUE(load_config(path_).ok());
}

TEST_F(Init, WhereItCantWriteItSaysSo) {
  folder_.write("file", "");
  for (const std::string& path :
       {folder_.file("nowhere/v.yaml"), folder_.file("file/v.yaml"), folder_.file(std::string(300, 'x'))}) {
    const Ran ran = run_vedette(folder_, {"init", "-o", path});
    EXPECT_GT(ran.code, 0) << path;
    EXPECT_LT(ran.code, 128) << path;
    expect_one_sentence(ran.err);
    EXPECT_NE(ran.err.find(path), std::string::npos) << ran.err;
  }
}

TEST_F(Init, HelpOfEverySubcommandNamesItsOptions) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> expected = {
      {"", {"init", "up", "command", "capture", "detect", "control", "gateway", "version"}},
      {"init", {"--output", "--force"}},
      {"up", {"--config", "--set", "--camera-url", "--listen", "--port", "--seconds", "--summary"}},
      {"command", {"camera", "verb", "pause", "resume", "--bus-dir"}},
      {"capture", {"--config", "--camera", "--bus-dir"}},
      {"detect", {"--config", "--model", "--image"}},
      {"control", {"--config", "--bus-dir"}},
      {"gateway", {"--config", "--log-level"}}};
  for (const auto& [name, words] : expected) {
    // A build without ONNX Runtime has no detector.
    if (name == "detect" && !fs::exists(VEDETTE_BIN_DIR "/vedette-detect")) continue;
    const Ran ran =
        run_vedette(folder_, name.empty() ? std::vector<std::string>{"--help"} : std::vector<std::string>{name, "--help"});
    EXPECT_EQ(ran.code, 0) << name << ran.err;
    for (const std::string& word : words)
      EXPECT_NE(ran.out.find(word), std::string::npos) << name << ": " << word << "\n" << ran.out;
  }
}

TEST_F(Init, UnknownSubcommandIsNamed) {
  const Ran ran = run_vedette(folder_, {"staart"});
  EXPECT_EQ(ran.code, 64);
  EXPECT_NE(ran.err.find("\"staart\""), std::string::npos) << ran.err;
  EXPECT_EQ(run_vedette(folder_, {}).code, 64);
  EXPECT_EQ(run_vedette(folder_, {"init", "--unknown"}).code, 64);
}

}  // namespace
}  // namespace vedette::test
