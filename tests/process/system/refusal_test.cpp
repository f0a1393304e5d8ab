// What can't work is refused: soon, in one clear sentence on stderr, with an exit code other than 0, and nothing stays behind.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <sstream>

#include "process/system/expectations.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

// The last line: a program that gives up says why at the end.
std::string last_line(const std::string& text) {
  std::istringstream stream(text);
  std::string last;
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) last = line;
  return last;
}

// Ends by itself, not by a signal, and its last line has all of `words`.
void expect_refusal(Program& program, const std::vector<std::string>& words) {
  const auto code = program.wait_exit();
  ASSERT_TRUE(code) << "still running\n" << program.err();
  EXPECT_GT(*code, 0);
  EXPECT_LT(*code, 128) << program.err();
  const std::string sentence = last_line(program.err());
  for (const std::string& word : words)
    EXPECT_NE(sentence.find(word), std::string::npos) << "\"" << word << "\" is missing in: " << program.err();
  EXPECT_EQ(program.err().find("assertion failed"), std::string::npos) << program.err();
  EXPECT_EQ(program.err().find("terminate called"), std::string::npos) << program.err();
}

void expect_up_refuses(System& system, const std::vector<std::string>& words) {
  system.start();
  expect_refusal(system.up(), words);
  EXPECT_TRUE(system.bus_files().empty());
}

TEST(SystemRefusal, TooSmallTmpfs) {
  VD_NEED_MODEL_AND_CLIP();
  const TempFolder folder(fs::temp_directory_path());
  if (!mount_tmpfs(folder.path(), "2m")) GTEST_SKIP() << "mounting a tmpfs of one's own takes root";
  System system({.cameras = {{"front", moving_clip()}}, .bus_dir = folder.path()});
  expect_up_refuses(system, {"front/frames", "MiB", "free"});
}

TEST(SystemRefusal, BusDirectoryNotInATmpfs) {
  VD_NEED_MODEL_AND_CLIP();
  const TempFolder folder(VEDETTE_BUILD_DIR);
  System system({.cameras = {{"front", moving_clip()}}, .bus_dir = folder.path()});
  expect_up_refuses(system, {folder.path(), "tmpfs"});
}

TEST(SystemRefusal, CorruptModel) {
  VD_NEED_MODEL_AND_CLIP();
  const TempFolder folder(fs::temp_directory_path());
  const std::string garbage = folder.write("garbage.onnx", std::string(10'000, '\x7f'));
  System system({.cameras = {{"front", moving_clip()}}, .set = {"detect.model=" + garbage}});
  expect_up_refuses(system, {"detect", "garbage.onnx"});
}

TEST(SystemRefusal, HalfAModel) {
  VD_NEED_MODEL_AND_CLIP();
  const TempFolder folder(fs::temp_directory_path());
  const std::string whole = read_file(default_model());
  const std::string half = folder.write("half.onnx", whole.substr(0, whole.size() / 2));
  System system({.cameras = {{"front", moving_clip()}}, .set = {"detect.model=" + half}});
  expect_up_refuses(system, {"detect", "half.onnx"});
}

TEST(SystemRefusal, MissingModel) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", moving_clip()}}, .set = {"detect.model=/nowhere/model.onnx"}});
  expect_up_refuses(system, {"detect", "/nowhere/model.onnx"});
}

TEST(SystemRefusal, EmptyVideo) {
  VD_NEED_MODEL_AND_CLIP();
  const TempFolder folder(fs::temp_directory_path());
  System system({.cameras = {{"front", folder.write("empty.mp4", "")}}});
  expect_up_refuses(system, {"capture/front", "empty.mp4"});
}

TEST(SystemRefusal, MissingVideo) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", "/nowhere/clip.mp4"}}});
  expect_up_refuses(system, {"capture/front", "/nowhere/clip.mp4", "No such file"});
}

TEST(SystemRefusal, PortInUse) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", moving_clip()}}});
  const UniqueFd taken(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(system.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(taken.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ASSERT_EQ(::bind(taken.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(taken.get(), 1), 0);
  expect_up_refuses(system, {"127.0.0.1", std::to_string(system.port()), "in use"});
  const auto gateway = system.run("vedette-gateway");
  expect_refusal(*gateway, {std::to_string(system.port()), "another program"});
}

TEST(SystemRefusal, TwoCapturesOfOneCameraAndTwoUps) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", moving_clip()}}});
  system.start();
  ASSERT_TRUE(system.wait_ready()) << system.up().err();
  const auto stages = system.stages();
  const auto capture = system.run("vedette-capture", {"--camera", "front"});
  expect_refusal(*capture, {"front/frames", std::to_string(system.stage("vedette-capture").value())});
  const auto detect = system.run("vedette-detect");
  expect_refusal(*detect, {"front/detections"});
  const auto control = system.run("vedette-control");
  expect_refusal(*control, {"front/"});
  const auto up = system.run("vedette", {"--set", "gateway.port=" + std::to_string(free_port())});
  expect_refusal(*up, {system.bus_path(), "--bus-dir"});

  EXPECT_EQ(system.stages(), stages) << "the first ones were disturbed\n" << system.up().err();
  FrameWatch frames(system.bus(), "front");
  DetectionWatch detections(system.bus(), "front");
  const auto frame = frames.since(monotonic_ns());
  ASSERT_TRUE(frame);
  EXPECT_TRUE(detections.since(frame->captured_at_ns));
}

TEST(SystemRefusal, UnknownKey) {
  System system({.cameras = {{"front", "clip.mp4"}}});
  const std::string config =
      system.folder().write("typo.yaml", "cameras:\n  front:\n    url: clip.mp4\ndetect:\n  treshold: 0.5\n");
  for (const std::string program : {"vedette-capture", "vedette-detect", "vedette-control", "vedette-record", "vedette-encode",
                                    "vedette-gateway", "vedette-supervise"}) {
    std::vector<std::string> arguments{binary(program), "-c", config};
    if (program == "vedette-capture") arguments.insert(arguments.end(), {"--camera", "front"});
    Program refused(arguments, system.folder().file(program));
    expect_refusal(refused, {"typo.yaml:5:3", "treshold", "threshold"});
  }
  const auto by_flag = system.run("vedette", {"--set", "detect.treshold=0.5"});
  expect_refusal(*by_flag, {"--set", "treshold"});
}

TEST(SystemRefusal, UnknownCameraMissingConfigurationUnknownOption) {
  System system({.cameras = {{"front", "clip.mp4"}}});
  const auto camera = system.run("vedette-capture", {"--camera", "rear"});
  expect_refusal(*camera, {"rear", "vedette.yaml"});
  Program no_config({binary("vedette"), "up", "-c", "/nowhere/vedette.yaml"}, system.folder().file("no_config"));
  expect_refusal(no_config, {"/nowhere/vedette.yaml"});
  const auto option = system.run("vedette", {"--sekonds", "3"});
  expect_refusal(*option, {});
  EXPECT_NE(option->err().find("--sekonds"), std::string::npos) << option->err();
}

}  // namespace
}  // namespace vedette::test
