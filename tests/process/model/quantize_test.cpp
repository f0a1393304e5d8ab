// vedette model quantize: an INT8 model that keeps its average precision, or none.
#include <csignal>

#include "model_file/card.h"
#include "model_file/sha256.h"
#include "process/model/model_fixture.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class QuantizeTest : public ModelFixture {
 protected:
  void SetUp() override {
    if (!fs::exists(kPhotos) || !fs::exists(kDefaultModel))
      GTEST_SKIP() << "no photos or no model: " << kPhotos << ", " << kDefaultModel;
    if (!fs::exists(kPythonTools)) GTEST_SKIP() << "no Python tools: run scripts/fetch-python-tools";
  }
  std::vector<std::string> arguments(const std::string& max_loss) const {
    return {"quantize", kDefaultModel, "--pictures", kPhotos + "/images", "--coco", kPhotos, "--max-loss", max_loss, "--threads",
            "1",        "-o",          output()};
  }
  std::string output() const { return folder_.file("int8.onnx"); }
  // What lies beside the programs' own files.
  std::vector<std::string> left() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      if (const std::string name = entry.path().filename(); name.find("ran-") != 0) names.push_back(name);
    return names;
  }
};

TEST_F(QuantizeTest, WritesWhatLosesLittleAndItsCard) {
  std::vector<std::string> wanted = arguments("1.0");
  wanted.push_back("--json");
  const Ran ran = run(wanted);
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json all = parsed(ran.out);
  EXPECT_LE(all["ap_before"].get<double>() - all["ap_after"].get<double>(), 0.0101);
  EXPECT_GE(all["tried"].size(), 4u);
  EXPECT_LT(fs::file_size(output()), fs::file_size(kDefaultModel) / 2);

  const auto card = model_file::read_card(model_file::card_path(output()));
  ASSERT_TRUE(card.ok()) << card.error().text;
  EXPECT_EQ(card->file, "int8.onnx");
  EXPECT_EQ(card->sha256, model_file::sha256_of(output()).value());
  EXPECT_EQ(card->accuracy->ap, all["ap_after"].get<double>());
  ASSERT_TRUE(card->origin.has_value());
  EXPECT_EQ(card->origin->accuracy.ap, all["ap_before"].get<double>());
  EXPECT_EQ(card->origin->sha256, model_file::sha256_of(kDefaultModel).value());
  EXPECT_GT(card->latency->median_ms, 0.0);
  EXPECT_NE(card->made.find("ranges from 32 pictures"), std::string::npos) << card->made;
  EXPECT_EQ(left().size(), 2u);

  // The product's own eval sees what the card says.
  const json again = parsed(run({"eval", "--model", output(), "--coco", kPhotos, "--json", "--threads", "1"}).out);
  EXPECT_NEAR(again["ap"].get<double>(), all["ap_after"].get<double>(), 1e-6);
  EXPECT_EQ(again["family"], "nanodet");

  expect_refused(run(arguments("1.0")), "int8.onnx: is there already; --force overwrites it");
}

TEST_F(QuantizeTest, RefusesWhatLosesTooMuchAndWritesNothing) {
  std::vector<std::string> wanted = arguments("-10");  // it would have to win as much
  wanted.insert(wanted.end(), {"--most-pictures", "4", "--most-settings", "1"});
  const Ran ran = run(wanted);
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("refused, the INT8 model that loses least on coco_val32 goes from AP 0."), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("more than the -10.0 points of --max-loss; nothing was written\n"), std::string::npos) << ran.err;
  EXPECT_TRUE(left().empty());
}

// Both come, or none does.
TEST_F(QuantizeTest, NoModelIsThereWithoutItsCardAndNoCardWithoutItsModel) {
  std::vector<std::string> wanted = arguments("100");
  wanted.insert(wanted.end(), {"--most-pictures", "4", "--most-settings", "1", "--force"});
  const std::string card = model_file::card_path(output());
  fs::create_directories(card + "/in the way");
  Ran ran = run(wanted);
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("model card: " + card + ": "), std::string::npos) << ran.err;
  EXPECT_EQ(left(), std::vector<std::string>{"int8.onnx.card.json"});

  fs::remove_all(card);
  fs::create_directories(output() + "/in the way");
  ran = run(wanted);
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find(output() + ": "), std::string::npos) << ran.err;
  EXPECT_EQ(left(), std::vector<std::string>{"int8.onnx"});
  folder_.write("int8.onnx.card.json", "of another time");
  EXPECT_EQ(run(wanted).code, 1);
  EXPECT_EQ(read_file(card), "of another time");
}

TEST_F(QuantizeTest, LeavesNothingWhenStopped) {
  std::vector<std::string> wanted = arguments("1.0");
  wanted.insert(wanted.begin(), {VEDETTE_BIN_DIR "/vedette", "model"});
  Program program(wanted, folder_.file("ran-stopped"));
  ASSERT_TRUE(wait_until([&] { return !left().empty(); }, std::chrono::seconds(120)));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait_exit(), 1);
  EXPECT_NE(program.err().find("stopped"), std::string::npos) << program.err();
  EXPECT_TRUE(left().empty());
}

TEST_F(QuantizeTest, RefusesInOneSentence) {
  const auto with = [&](const std::string& pictures, const std::string& model = kDefaultModel) {
    return run({"quantize", model, "--pictures", pictures, "--coco", kPhotos, "-o", output()});
  };
  expect_refused(with(folder_.file("absent")), "absent: No such file or directory");
  fs::create_directory(folder_.file("ran-empty"));
  expect_refused(with(folder_.file("ran-empty")), "no .jpg or .jpeg file in it");
  expect_refused(with(kPhotos + "/images", folder_.file("absent.onnx")), "absent.onnx: No such file or directory");
  expect_refused(
      run({"quantize", kDefaultModel, "--pictures", kPhotos + "/images", "--coco", kPhotos, "-o", folder_.file("no/a.onnx")}),
      "no/a.onnx: No such file or directory");
  expect_refused(run({"quantize", kDefaultModel, "--pictures", kPhotos + "/images", "--coco", kPhotos, "-o", output()},
                     {"VEDETTE_PYTHON=" + folder_.file("no-python")}),
                 "no Python with onnx and onnxruntime at " + folder_.file("no-python"));
  EXPECT_TRUE(left().empty());
}

}  // namespace
}  // namespace vedette::test
