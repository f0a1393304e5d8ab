// vedette model info, bench and eval.
#include <fstream>

#include "model_file/sha256.h"
#include "process/model/model_fixture.h"
#include "support/model_scenes.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class CommandsTest : public ModelFixture {
 protected:
  std::string scene_model() {
    OnnxModel model = raw_scene(kScene, 91, true);
    model.metadata = {{"note", "two lines\nhere"}};
    return folder_.write("scene.onnx", serialize(model));
  }
  // Copied, so that its card lies in the test's folder.
  std::string default_model() {
    fs::copy_file(kDefaultModel, folder_.file("m.onnx"));
    return folder_.file("m.onnx");
  }
};

TEST_F(CommandsTest, InfoSaysWhatAFileIs) {
  const std::string file = scene_model();
  const Ran text = run({"info", file});
  EXPECT_EQ(text.code, 0) << text.err;
  for (const char* expected : {"rf-detr", "64x64, stretched", "80: person, bicycle", "dets f32[1,20,4]", "opset 16", "cpu",
                               "none: average precision unknown", "note: two lines …"})
    EXPECT_NE(text.out.find(expected), std::string::npos) << expected << "\n" << text.out;
  const json all = parsed(run({"info", file, "--json"}).out);
  EXPECT_EQ(all["family"], "rf-detr");
  EXPECT_EQ(all["input"]["width"], 64);
  EXPECT_EQ(all["classes"].size(), 80u);
  EXPECT_EQ(all["opset"], 16);
  EXPECT_EQ(all["ir_version"], 8);
  EXPECT_EQ(all["metadata"]["note"], "two lines\nhere");
  EXPECT_EQ(all["card"], nullptr);

  folder_.write("scene.onnx.card.json", "{}");
  EXPECT_NE(run({"info", file}).out.find("scene.onnx.card.json: \"card\": expected a whole number"), std::string::npos);
}

TEST_F(CommandsTest, InfoRefusesWhatIsNoModel) {
  expect_refused(run({"info", folder_.file("absent.onnx")}), "absent.onnx: No such file or directory");
  expect_refused(run({"info", folder_.write("text.onnx", "this is no model")}), "text.onnx: no ONNX file");
  expect_refused(run({"info", folder_.write("empty.onnx", "")}), "empty.onnx: no ONNX file");
  const std::string whole = read_file(scene_model());
  expect_refused(run({"info", folder_.write("cut.onnx", whole.substr(0, whole.size() / 2))}), "cut.onnx");
  OnnxModel other = raw_scene(kScene, 91, true);
  other.outputs.pop_back();
  expect_refused(run({"info", folder_.write("other.onnx", serialize(other))}), "no known detector family");
}

TEST_F(CommandsTest, BenchMeasuresTheThreeSteps) {
  const std::string file = scene_model();
  const json all = parsed(run({"bench", file, "--seconds", "0.2", "--json", "--threads", "1"}).out);
  ASSERT_TRUE(all.is_object());
  EXPECT_GE(all["pictures"].get<int>(), 1);
  EXPECT_EQ(all["picture"], "1920x1080");
  EXPECT_EQ(all["provider"], "cpu");
  for (const char* step : {"pixel_pass", "inference", "postprocess", "all"}) {
    EXPECT_GT(all[step]["median_ms"].get<double>(), 0.0) << step;
    EXPECT_GE(all[step]["p90_ms"].get<double>(), all[step]["median_ms"].get<double>()) << step;
  }
  const Ran text = run({"bench", file, "--seconds", "0"});
  EXPECT_EQ(text.code, 0);
  EXPECT_NE(text.out.find("pixel_pass"), std::string::npos);
  expect_refused(run({"bench", file, "--picture", folder_.file("absent.jpg")}), "absent.jpg: No such file or directory");
  EXPECT_EQ(run({"bench", file, "--provider", "abacus"}).code, 64);
}

TEST_F(CommandsTest, EvalAgreesWithPycocotools) {
  if (!fs::exists(kPhotos) || !fs::exists(kDefaultModel))
    GTEST_SKIP() << "no photos or no model: " << kPhotos << ", " << kDefaultModel;
  const std::string file = default_model(), boxes = folder_.file("boxes.json");
  const Ran ran = run({"eval", "--model", file, "--coco", kPhotos, "--json", "--card", "--boxes", boxes});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json all = parsed(ran.out);
  EXPECT_EQ(all["family"], "nanodet");
  EXPECT_EQ(all["photos"], 32);
  EXPECT_GT(all["median_ms"].get<double>(), 0.0);
  EXPECT_GT(all["ap"].get<double>(), 0.23);

  // The card says the same, of this very file.
  const json card = parsed(read_file(file + ".card.json"));
  EXPECT_EQ(card["accuracy"]["ap"], all["ap"]);
  EXPECT_EQ(card["accuracy"]["dataset"], "coco_val32");
  EXPECT_EQ(card["sha256"], model_file::sha256_of(file).value());
  const std::string shown = run({"info", file}).out;
  EXPECT_NE(shown.find("on coco_val32 (32 photos)"), std::string::npos) << shown;
  // An empty metadata entry: another file, the same model.
  std::ofstream(file, std::ios::app) << std::string("\x72\x04\x0a\x00\x12\x00", 6) << std::flush;
  EXPECT_NE(run({"info", file}).out.find("is stale"), std::string::npos);

  if (!fs::exists(kPythonTools)) GTEST_SKIP() << "no pycocotools: run scripts/fetch-python-tools";
  const Ran other = run_program({kPythonTools, "-B", MODEL_TESTS_DIR "/pycoco.py", kPhotos + "/instances.json", boxes});
  ASSERT_EQ(other.code, 0) << other.err;
  const json theirs = parsed(other.out);
  for (const char* figure : {"ap", "ap50", "ap75", "person_ap"})
    EXPECT_NEAR(all[figure].get<double>(), theirs[figure].get<double>(), 1e-3) << figure;
}

TEST_F(CommandsTest, BuildEngineNeedsTensorRt) {
  const Ran ran = run({"build-engine", scene_model()});
  if (ran.code == 0) GTEST_SKIP() << "TensorRT is here: " << ran.out;
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("TensorRT"), std::string::npos) << ran.err;
  expect_refused(run({"build-engine", folder_.file("absent.onnx")}), "");
}

TEST_F(CommandsTest, EvalRefusesInOneSentence) {
  const std::string file = scene_model();
  expect_refused(run({"eval", "--model", file, "--coco", folder_.file("absent")}), "instances.json: No such file or directory");
  fs::create_directory(folder_.file("photos"));
  folder_.write("photos/instances.json",
                R"({"images":[{"id":1,"file_name":"a.jpg"}],"categories":[{"id":1,"name":"person"}],"annotations":[]})");
  expect_refused(run({"eval", "--model", file, "--coco", folder_.file("photos")}), "images/a.jpg: No such file or directory");
  EXPECT_FALSE(fs::exists(file + ".card.json"));
  EXPECT_EQ(run({"eval", "--model", file}).code, 64);
  EXPECT_EQ(run({}).code, 64);
}

}  // namespace
}  // namespace vedette::test
