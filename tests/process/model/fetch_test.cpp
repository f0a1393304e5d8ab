// vedette model list and fetch.
#include <csignal>
#include <regex>

#include "process/model/model_fixture.h"
#include "support/model_scenes.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

class FetchTest : public ModelFixture {
 protected:
  FetchTest() { fs::create_directory(folder_.file("here")); }
  Ran fetch(const std::string& name, const std::string& path, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"fetch", name, "--dir", folder_.file("here"), "--mirror", server_.url(path)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(std::move(arguments));
  }
  std::string here(const std::string& file) const { return folder_.file("here/" + file); }
  void serve_model(const std::string& file) { write_file(folder_.file(file), serialize(raw_scene(kScene, 91, true))); }

  WebServer server_{folder_};
};

TEST_F(FetchTest, AModelOfUnknownChecksumComesWholeAndItsOwnIsSaid) {
  serve_model("rfdetr_medium.onnx");
  const Ran ran = fetch("rf-detr-medium", "/ok");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, here("rfdetr_medium.onnx") + ": rf-detr, 64x64, 80 classes, Apache-2.0\n");
  EXPECT_NE(ran.err.find("nobody says its checksum"), std::string::npos) << ran.err;
  EXPECT_EQ(read_file(here("rfdetr_medium.onnx")), read_file(folder_.file("rfdetr_medium.onnx")));

  // Again: it is there. Replaced only on demand.
  const std::size_t asked = server_.requests().size();
  EXPECT_EQ(fetch("rf-detr-medium", "/ok").code, 0);
  EXPECT_EQ(server_.requests().size(), asked);
  EXPECT_EQ(fetch("rf-detr-medium", "/ok", {"--force"}).code, 0);
  EXPECT_EQ(server_.requests().size(), asked + 1);
}

TEST_F(FetchTest, WhatIsNoDetectorIsThereAllTheSameAndIsSaid) {
  folder_.write("rfdetr_medium.onnx", "no model");
  const Ran ran = fetch("rf-detr-medium", "/ok/");
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.err.find("it can't be used as it is: model "), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("to make it from the checkpoint: pip install"), std::string::npos) << ran.err;
}

TEST_F(FetchTest, ABadChecksumIsRefusedAndTheFileRemoved) {
  folder_.write("yolox_nano.onnx", std::string(3'659'407, 'x'));  // the right size
  Ran ran = fetch("yolox-nano", "/ok");
  EXPECT_NE(ran.code, 0);
  EXPECT_NE(ran.err.find("expected c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d; it was removed\n"),
            std::string::npos)
      << ran.err;
  EXPECT_TRUE(fs::is_empty(folder_.file("here")));
  folder_.write("yolox_nano.onnx", "small");
  ran = fetch("yolox-nano", "/ok");
  EXPECT_NE(ran.err.find("has 5 bytes, expected 3659407\n"), std::string::npos) << ran.err;
  EXPECT_TRUE(fs::is_empty(folder_.file("here")));

  // One that is there with another checksum isn't touched.
  folder_.write("here/yolox_nano.onnx", "mine");
  expect_refused(fetch("yolox-nano", "/ok"), "is there, with another checksum than the catalogue's; --force replaces it");
  EXPECT_EQ(read_file(here("yolox_nano.onnx")), "mine");
}

TEST_F(FetchTest, RefusalsAreOneSentence) {
  const auto last_line = [](const Ran& ran) { return ran.err.substr(ran.err.rfind('\n', ran.err.size() - 2) + 1); };
  expect_refused(fetch("yolo", "/ok"), "no model \"yolo\"; there are nanodet-g, yolox-nano, ");
  expect_refused(
      run({"fetch", "deimv2-n", "--dir", folder_.file("here")}),
      "deimv2-n: there is no .onnx file of it to fetch (checkpoints only, from github.com/Intellindust-AI-Lab/DEIMv2); to make "
      "it from the checkpoint: python tools/deployment/export_onnx.py");
  EXPECT_EQ(last_line(fetch("yolox-s", "/ok")), server_.url("/ok/yolox_s.onnx") + ": the server answers 404\n");
  EXPECT_EQ(
      last_line(fetch("yolox-s", "/mute", {"--stall", "1"})).find(server_.url("/mute/yolox_s.onnx") + ": Operation too slow"),
      0u);
  EXPECT_TRUE(fs::is_empty(folder_.file("here")));
  folder_.write("file", "");
  const Ran ran = run({"fetch", "yolox-s", "--dir", folder_.file("file"), "--mirror", server_.url("/ok")});
  EXPECT_NE(ran.code, 0);
  EXPECT_EQ(run({"fetch"}).code, 64);
}

TEST_F(FetchTest, MirrorAndProxyComeFromTheEnvironment) {
  serve_model("rfdetr_medium.onnx");
  Ran ran = run({"fetch", "rf-detr-medium", "--dir", folder_.file("here")}, {"VEDETTE_MODEL_MIRROR=" + server_.url("/ok")});
  EXPECT_EQ(ran.code, 0) << ran.err;
  fs::remove(here("rfdetr_medium.onnx"));
  ran = run({"fetch", "rf-detr-medium", "--dir", folder_.file("here"), "--mirror", "http://models.invalid/ok"},
            {"http_proxy=" + server_.url(""), "no_proxy="});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(server_.requests().back(), "/ok/rfdetr_medium.onnx -");
}

TEST_F(FetchTest, ItCanBeStoppedAndGoesOnLater) {
  folder_.write("rfdetr_medium.onnx", std::string(300'000, 'x'));
  const std::vector<std::string> arguments{
      VEDETTE_BIN_DIR "/vedette", "model", "fetch", "rf-detr-medium", "--dir", folder_.file("here"), "--mirror",
      server_.url("/slow")};
  {
    Program program(arguments, folder_.file("slow"));
    ASSERT_TRUE(wait_until([&] { return read_file(here("rfdetr_medium.onnx.part")).size() == 100'000; }));
    program.signal(SIGTERM);
    EXPECT_EQ(program.wait_exit(), 1);
    EXPECT_NE(program.err().find("stopped; run it again to go on\n"), std::string::npos) << program.err();
  }
  {
    Program program(arguments, folder_.file("slow"));
    ASSERT_TRUE(wait_until([&] { return read_file(here("rfdetr_medium.onnx.part")).size() == 200'000; }));
    program.signal(SIGKILL);
    (void)program.wait_exit();
  }
  EXPECT_EQ(server_.requests(),
            (std::vector<std::string>{"/slow/rfdetr_medium.onnx -", "/slow/rfdetr_medium.onnx bytes=100000-"}));
}

TEST_F(FetchTest, OnATerminalABarShowsHowFarItIsAndGoesAway) {
  folder_.write("rfdetr_medium.onnx", std::string(300'000, 'x'));
  const auto on_a_terminal = [&](const std::string& path) {
    const std::string command = VEDETTE_BIN_DIR "/vedette model fetch rf-detr-medium --dir " + folder_.file("here");
    return std::vector<std::string>{"/bin/sh", "-c", "exec script -qefc \"$0\" /dev/null </dev/null",
                                    command + " --mirror " + server_.url(path)};
  };
  const std::regex bar("\r\x1b\\[Krf-detr-medium  \\[(#*)(\\.*)\\]  (\\d+) %  [0-9.]+ KiB of 293 KiB");
  // A third of it has come when the server falls silent, two thirds the second time.
  for (const int percent : {0, 33}) {
    Program program(on_a_terminal("/slow"), folder_.file("slow"));
    const std::size_t comes = percent == 0 ? 100'000 : 200'000;
    std::string seen;
    std::smatch found;
    ASSERT_TRUE(wait_until([&] {
      seen = program.out();
      return std::regex_search(seen, found, bar) && read_file(here("rfdetr_medium.onnx.part")).size() == comes;
    })) << seen;
    const int said = std::stoi(found[3]);
    EXPECT_GE(said, percent);
    EXPECT_LE(said, percent + 34);
    EXPECT_EQ(found[1].length() + found[2].length(), 24);
    EXPECT_NEAR(static_cast<double>(found[1].length()), 24 * said / 100.0, 0.7);
  }
  const Ran ran = run_program(on_a_terminal("/ok"));
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_TRUE(std::regex_search(ran.out, bar)) << ran.out;
  EXPECT_EQ(ran.out.substr(ran.out.rfind("\r\x1b[K"), 10), "\r\x1b[Knobody") << ran.out;

  // Where nobody watches there is none.
  const Ran logged = fetch("rf-detr-medium", "/ok", {"--force"});
  EXPECT_EQ(logged.code, 0);
  EXPECT_EQ(logged.err.find('\r'), std::string::npos) << logged.err;
}

TEST_F(FetchTest, TheListSaysWhatIsHere) {
  serve_model("rfdetr_medium.onnx");
  EXPECT_EQ(fetch("rf-detr-medium", "/ok").code, 0);
  const Ran table = run({"list", "--dir", folder_.file("here")});
  EXPECT_EQ(table.code, 0);
  for (const char* text : {"nanodet-g", "yolox-nano", "d-fine-s", "rt-detr-v2-s", "rf-detr-nano", "deimv2-s", "Apache-2.0"})
    EXPECT_NE(table.out.find(text), std::string::npos) << text;
  EXPECT_NE(table.out.find("rfdetr_medium.onnx"), std::string::npos) << table.out;
  const nlohmann::json all = parsed(run({"list", "--dir", folder_.file("here"), "--json"}).out);
  ASSERT_TRUE(all.is_array());
  for (const auto& model : all) {
    EXPECT_EQ(model["path"].is_string(), model["name"] == "rf-detr-medium") << model;
    EXPECT_TRUE(model["sha256"] == "" || model["sha256"].get<std::string>().size() == 64) << model;
    EXPECT_TRUE(model["url"] != "" || model["export"] != "") << model;
    EXPECT_GT(model["ap"].get<double>(), 0.2) << model;
    EXPECT_LT(model["ap"].get<double>(), 0.6) << model;
  }
}

}  // namespace
}  // namespace vedette::test
