// The keys of cameras: their values, inputs with roles, what doesn't go together; each mistake at its own line and column.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/config.h"
#include "config/loader.h"

namespace vedette {
namespace {

using config::Loader;

Result<Config> load(const std::string& text, const std::vector<std::string>& overrides = {},
                    config::Environment environment = {}) {
  Loader loader("/etc/v.yaml", std::move(environment));
  loader.read_file(text);
  loader.read_overrides(overrides, "/home");
  return loader.finish();
}

const std::string kCamera = "cameras:\n  front:\n    url: /dev/video0\n";  // lines 1 to 3

struct Case {
  std::string text;      // keys of a camera, from line 4 on
  std::string expected;  // the whole error
};

class CameraMistake : public testing::TestWithParam<Case> {};

TEST_P(CameraMistake, IsTold) {
  const Result<Config> config = load(kCamera + GetParam().text);
  EXPECT_EQ(config ? "" : config.error().text, GetParam().expected);
}

const std::string kAPoint = "expected a point such as 0.3,0.2 (from the left, from the top), both from 0 to 1";
const std::string kPoints = "expected at least 3 points, such as \"0,0 0.3,0 0.3,0.2\"";
const std::string kAControl =
    "expected a control's name as `vedette cameras` lists it and a whole number or a menu item's name, such as "
    "exposure_time_absolute=200 "
    "or "
    "auto_exposure=manual_mode";
const std::string kASize = "expected auto, or width x height such as 1280x720, each from 1 to 16384";

INSTANTIATE_TEST_SUITE_P(
    Cameras, CameraMistake,
    testing::Values(
        Case{"    watchdog: 10\n",
             "/etc/v.yaml:4:15: cameras.front.watchdog: \"10\"; expected a unit behind it: 10ms, 10s or 10m"},
        Case{"    decode: gpu\n",
             "/etc/v.yaml:4:13: cameras.front.decode: \"gpu\"; expected one of auto, cpu, vaapi, v4l2m2m, cuda"},
        Case{"    device_format: jpeg\n",
             "/etc/v.yaml:4:20: cameras.front.device_format: \"jpeg\"; expected one of auto, mjpeg, yuyv, nv12, grey"},
        Case{"    device_size: 1280\n", "/etc/v.yaml:4:18: cameras.front.device_size: \"1280\"; " + kASize},
        Case{"    device_size: 0x720\n", "/etc/v.yaml:4:18: cameras.front.device_size: \"0x720\"; " + kASize},
        Case{"    device_size: 1280x-720\n", "/etc/v.yaml:4:18: cameras.front.device_size: \"1280x-720\"; " + kASize},
        Case{"    device_size: 1280x720p\n", "/etc/v.yaml:4:18: cameras.front.device_size: \"1280x720p\"; " + kASize},
        Case{"    device_fps: 5\n    standby_device_fps: 10\n",
             "/etc/v.yaml:5:25: cameras.front.standby_device_fps: 10; expected at most device_fps, 5"},
        Case{"    controls: gain=3\n",
             "/etc/v.yaml:4:15: cameras.front.controls: \"gain=3\"; expected a list such as [exposure_time_absolute=200]"},
        Case{"    controls: [gain=3, Brightness=1]\n",
             "/etc/v.yaml:4:24: cameras.front.controls: \"Brightness=1\"; " + kAControl},
        Case{"    controls: [gain=]\n", "/etc/v.yaml:4:16: cameras.front.controls: \"gain=\"; " + kAControl},
        Case{"    controls: [gain=-high]\n", "/etc/v.yaml:4:16: cameras.front.controls: \"gain=-high\"; " + kAControl},
        Case{"    controls: [gain]\n", "/etc/v.yaml:4:16: cameras.front.controls: \"gain\"; " + kAControl},
        Case{"    controls: [gain=3, gain=4]\n",
             "/etc/v.yaml:4:24: cameras.front.controls: \"gain=4\", where \"gain=3\" stands before; expected each control once"},
        Case{"    pre_roll: 11m\n",
             "/etc/v.yaml:4:15: cameras.front.pre_roll: \"11m\"; expected a duration such as 500ms, 5s or 2m, from 0s to 10m"},
        Case{"    max_mbit: 4.5\n", "/etc/v.yaml:4:15: cameras.front.max_mbit: \"4.5\"; expected a whole number from 0 to 10000"},
        Case{"    rotate: 45\n", "/etc/v.yaml:4:13: cameras.front.rotate: \"45\"; expected one of 0, 90, 180, 270"},
        Case{"    flip: sideways\n",
             "/etc/v.yaml:4:11: cameras.front.flip: \"sideways\"; expected one of none, horizontal, vertical, both"},
        Case{"    masks: 0,0 1,0 1,1\n",
             "/etc/v.yaml:4:12: cameras.front.masks: \"0,0 1,0 1,1\"; expected a list of polygons such as [\"0,0 0.3,0 "
             "0.3,0.2\"]"},
        Case{"    masks:\n      - 0,0 1,0 1,1\n      - 0,0 1,0\n",
             "/etc/v.yaml:6:9: cameras.front.masks: \"0,0 1,0\"; " + kPoints},
        Case{"    masks: [\"\"]\n", "/etc/v.yaml:4:13: cameras.front.masks: \"\"; " + kPoints},
        Case{"    masks: [\"0,0 1,0 1,1.01\"]\n", "/etc/v.yaml:4:13: cameras.front.masks: \"1,1.01\"; " + kAPoint},
        Case{"    masks: [\"0,0 -0.1,0 1,1\"]\n", "/etc/v.yaml:4:13: cameras.front.masks: \"-0.1,0\"; " + kAPoint},
        Case{"    masks: [\"0,0 nan,0 1,1\"]\n", "/etc/v.yaml:4:13: cameras.front.masks: \"nan,0\"; " + kAPoint},
        Case{"    masks: [\"0,0 1 1,1\"]\n", "/etc/v.yaml:4:13: cameras.front.masks: \"1\"; " + kAPoint},
        Case{"    masks: [\"0,0 1,0,1 1,1\"]\n", "/etc/v.yaml:4:13: cameras.front.masks: \"1,0,1\"; " + kAPoint},
        Case{"    masks: [[0, 0]]\n", "/etc/v.yaml:4:13: cameras.front.masks: a list in the list; expected a word"},
        Case{"    inputs: [{url: x, roles: [detect, record, live]}]\n",
             "/etc/v.yaml:3:10: cameras.front.url: given together with inputs (line 4); expected only one of the two"},
        Case{
            "  back:\n    url: \"ingest:back\"\n",
            "/etc/v.yaml:5:10: cameras.back.url: \"ingest:back\"; expected \"ingest:\" alone (or \"./ingest:back\" for a file of "
            "that name)"},
        Case{"  back:\n    url: \"v4l2:\"\n",
             "/etc/v.yaml:5:10: cameras.back.url: \"v4l2:\"; expected the device's name behind it, as `vedette cameras` lists "
             "it"}));

// Keys of a camera that has no url, from line 3 on.
class InputMistake : public testing::TestWithParam<Case> {};

TEST_P(InputMistake, IsTold) {
  const Result<Config> config = load("cameras:\n  front:\n" + GetParam().text);
  EXPECT_EQ(config ? "" : config.error().text, GetParam().expected);
}

const std::string kNoUrl = "no \"url:\"; expected a device, a file or a URL such as /dev/video0 or rtsp://camera/stream";
const std::string kNotCaptured =
    "nothing of this camera is captured here (url: \"bus:\"); expected no such key: the program that publishes it has to see to "
    "that";
INSTANTIATE_TEST_SUITE_P(
    Cameras, InputMistake,
    testing::Values(
        Case{"    inputs: []\n", "/etc/v.yaml:2:3: cameras.front: " + kNoUrl},
        Case{"    inputs: rtsp://cam/a\n",
             "/etc/v.yaml:3:13: cameras.front.inputs: \"rtsp://cam/a\"; expected a list of inputs in the file, such as [{url: "
             "rtsp://camera/main, roles: [record, live]}]"},
        Case{"    inputs:\n      - rtsp://cam/a\n",
             "/etc/v.yaml:4:9: cameras.front.inputs[0]: a single value; expected keys such as \"url:\"\n"
             "/etc/v.yaml:4:9: cameras.front.inputs[0]: " +
                 kNoUrl + "\n/etc/v.yaml:4:9: cameras.front.inputs[0]: no \"roles:\"; expected some of detect, record, live"},
        Case{"    inputs:\n      - {ulr: a, roles: [detect, record, live]}\n",
             "/etc/v.yaml:4:9: cameras.front.inputs[0]: " + kNoUrl +
                 "\n/etc/v.yaml:4:10: cameras.front.inputs[0].ulr: unknown key; expected \"url\"?"},
        Case{"    inputs:\n      - {url: rtsp://a, roles: [record, watch]}\n      - {url: rtsp://b, roles: []}\n",
             "/etc/v.yaml:4:41: cameras.front.inputs[0].roles: \"watch\"; expected one of detect, record, live\n"
             "/etc/v.yaml:5:32: cameras.front.inputs[1].roles: an empty list; expected some of detect, record, live"},
        Case{"    inputs:\n      - {url: rtsp://a, roles: detect}\n",
             "/etc/v.yaml:4:32: cameras.front.inputs[0].roles: \"detect\"; expected a list of roles such as [record, live]"},
        Case{"    inputs:\n      - {url: rtsp://a, roles: [live, live, detect, record]}\n",
             "/etc/v.yaml:4:39: cameras.front.inputs[0].roles: \"live\"; expected each role once"},
        Case{"    inputs:\n      - {url: rtsp://a, roles: [record]}\n      - {url: rtsp://b, roles: [live]}\n",
             "/etc/v.yaml:4:7: cameras.front.inputs: no input has the role detect; expected each role at one input, or detect: "
             "false"},
        Case{"    detect: false\n    inputs:\n      - {url: rtsp://a, roles: [record]}\n",
             "/etc/v.yaml:5:7: cameras.front.inputs: no input has the role live; expected each role at one input"},
        Case{"    inputs:\n      - {url: rtsp://a, roles: [record, live]}\n      - {url: rtsp://b, roles: [detect, live]}\n",
             "/etc/v.yaml:5:32: cameras.front.inputs[1].roles: live, which inputs[0] has too; expected each role at one input"},
        Case{"    inputs:\n      - {url: rtsp://a, roles: [record, live], name: a_b}\n"
             "      - {url: rtsp://b, roles: [detect], name: sub}\n",
             "/etc/v.yaml:5:48: cameras.front.inputs[1].name: \"sub\"; expected none: the topics of the input that detects are "
             "front/frames and front/packets"},
        Case{
            "    inputs:\n      - {url: rtsp://a, roles: [record], name: Main}\n      - {url: rtsp://b, roles: [detect, live]}\n",
            "/etc/v.yaml:4:48: cameras.front.inputs[0].name: \"Main\"; expected 1 to 23 of the characters a-z 0-9 _ - (\"\" for "
            "none)"},
        Case{"    inputs:\n      - {url: rtsp://a, roles: [record], name: live}\n      - {url: rtsp://b, roles: [live]}\n"
             "      - {url: rtsp://c, roles: [detect]}\n",
             "/etc/v.yaml:5:9: cameras.front.inputs[1].name: \"live\", the name of inputs[0] too; expected names that differ"},
        Case{"    inputs:\n      - {url: 'bus:', roles: [record, live, detect]}\n",
             "/etc/v.yaml:4:15: cameras.front.inputs[0].url: \"bus:\"; expected it as the camera's url, without inputs: another "
             "program publishes its topics"},
        Case{"    inputs:\n      - {url: 'ingest:', roles: [record, live]}\n      - {url: 'ingest:', roles: [detect]}\n",
             "/etc/v.yaml:5:15: cameras.front.inputs[1].url: \"ingest:\" again; expected it once a camera"},
        Case{"    inputs: [{}, {}, {}, {}]\n", "/etc/v.yaml:3:13: cameras.front.inputs: 4 items; expected at most 3"},
        Case{"    url: 'bus:'\n    fps: 0\n    rotate: 90\n    masks:\n      - 0,0 1,0 1,1\n",
             "/etc/v.yaml:5:13: cameras.front.rotate: " + kNotCaptured +
                 "\n/etc/v.yaml:7:7: cameras.front.masks: " + kNotCaptured}));

TEST(Cameras, TakesEveryKey) {
  const Result<Config> config = load(
      "cameras:\n  front:\n    url: \"v4l2:HD Webcam\"\n    watchdog: 3s\n    decode: vaapi\n    device_format: grey\n"
      "    device_size: 1280x720\n    device_fps: 30\n    standby_device_fps: 7.5\n    controls: [gain=3, pan_absolute=-3600, "
      "auto_exposure=manual_mode]\n"
      "    audio: false\n    pre_roll: 0s\n    keyframe_interval: 500ms\n    max_mbit: 20\n    record_unmasked: true\n"
      "    masks: [\"0,0 0.3,0  0.3,0.2\", \"1,1 0.5,1 0.5,0.5 1,.5\"]\n    rotate: 270\n    flip: both\n");
  ASSERT_TRUE(config) << config.error().text;
  CameraConfig expected{.name = "front", .url = "v4l2:HD Webcam"};
  expected.watchdog = Milliseconds{3000};
  expected.decode = "vaapi";
  expected.device_format = "grey";
  expected.device_size = {1280, 720};
  expected.device_fps = 30;
  expected.standby_device_fps = 7.5f;
  expected.controls = {"gain=3", "pan_absolute=-3600", "auto_exposure=manual_mode"};
  expected.audio = false;
  expected.pre_roll = Milliseconds{0};
  expected.keyframe_interval = Milliseconds{500};
  expected.max_mbit = 20;
  expected.masks = {{{0, 0}, {0.3f, 0}, {0.3f, 0.2f}}, {{1, 1}, {0.5f, 1}, {0.5f, 0.5f}, {1, 0.5f}}};
  expected.record_unmasked = true;
  expected.rotate = 270;
  expected.flip = "both";
  EXPECT_EQ(config->cameras.at(0), expected);
}

TEST(Cameras, UrlsStayAsTheyAreAndPathsBecomeAbsolute) {
  for (const std::string url :
       {"bus:", "ingest:", "synthetic:", "synthetic:?size=64x48", "v4l2:Cam", "tcp://0.0.0.0:8888", "/dev/video0"}) {
    const Result<Config> config = load("cameras: {a: {url: '" + url + "'}}");
    ASSERT_TRUE(config) << config.error().text;
    EXPECT_EQ(config->cameras.at(0).url, url);
  }
  const Result<Config> file = load("cameras: {a: {url: 'pictures/'}, b: {url: './bus:x'}}");
  ASSERT_TRUE(file) << file.error().text;
  EXPECT_EQ(file->cameras.at(0).url, "/etc/pictures/");
  EXPECT_EQ(file->cameras.at(1).url, "/etc/bus:x");
}

TEST(Cameras, InputsAreNamedByTheirRoles) {
  const Result<Config> config = load(
      "cameras:\n  front:\n    inputs:\n      - {url: rtsp://cam/main, roles: [live, record]}\n"
      "      - {url: clip.mp4, roles: [detect]}\n");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(inputs_of(config->cameras.at(0)), (std::vector<InputConfig>{{"record", "rtsp://cam/main", {false, true, true}},
                                                                        {"", "/etc/clip.mp4", {true, false, false}}}));
  const Result<Config> three = load(
      "cameras:\n  front:\n    inputs:\n      - {url: rtsp://a, roles: [live]}\n      - {url: rtsp://b, roles: [detect]}\n"
      "      - {url: rtsp://c, roles: [record], name: archive}\n");
  ASSERT_TRUE(three) << three.error().text;
  EXPECT_EQ(three->cameras.at(0).inputs.at(0).name, "live");
  EXPECT_EQ(three->cameras.at(0).inputs.at(2).name, "archive");
}

TEST(Cameras, WithoutDetectionTheInputToWatchHasTheTopicsWithoutAName) {
  const Result<Config> config = load(
      "cameras:\n  front:\n    detect: false\n    inputs:\n      - {url: rtsp://a, roles: [record]}\n"
      "      - {url: rtsp://b, roles: [live]}\n");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->cameras.at(0).inputs.at(0).name, "record");
  EXPECT_EQ(config->cameras.at(0).inputs.at(1).name, "");
}

TEST(Cameras, FlagsSetListsAndInputs) {
  const std::string two =
      "cameras:\n  front:\n    masks: [\"0,0 1,0 1,1\"]\n    controls: [gain=1]\n    inputs:\n"
      "      - {url: rtsp://a, roles: [record, live]}\n      - {url: rtsp://b, roles: [detect]}\n";
  const Result<Config> config =
      load(two, {"cameras.front.masks=0,0 0.1,0 0.1,0.1;0.5,0.5 0.6,0.5 0.6,0.6", "cameras.front.controls=gain=2,gamma=3",
                 "cameras.front.inputs[1].url=sub.mp4", "cameras.front.inputs[0].name=main"});
  ASSERT_TRUE(config) << config.error().text;
  const CameraConfig& camera = config->cameras.at(0);
  EXPECT_EQ(camera.masks.size(), 2u);
  EXPECT_EQ(camera.controls, (std::vector<std::string>{"gain=2", "gamma=3"}));
  EXPECT_EQ(camera.inputs.at(1).url, "/home/sub.mp4");
  EXPECT_EQ(camera.inputs.at(0).name, "main");

  const Result<Config> emptied = load(two, {"cameras.front.masks=", "cameras.front.controls=", "cameras.front.url=rtsp://c"});
  ASSERT_TRUE(emptied) << emptied.error().text;
  EXPECT_TRUE(emptied->cameras.at(0).masks.empty() && emptied->cameras.at(0).controls.empty());
  EXPECT_EQ(inputs_of(emptied->cameras.at(0)), (std::vector<InputConfig>{{"", "rtsp://c", {true, true, true}}}));

  const Result<Config> wrong = load(two, {"cameras.front.inputs[2].url=x", "cameras.front.inputs[0].roles=record,see"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().text,
            "--set: cameras.front.inputs[2].url: unknown key; expected \"cameras.front.inputs[0].url\"?\n"
            "--set: cameras.front.inputs[0].roles: \"see\"; expected one of detect, record, live");
}

TEST(Cameras, SecretsOfInputsAreListedAndVariablesStayHidden) {
  const std::string text =
      "cameras:\n  front:\n    inputs:\n      - {url: \"rtsp://u:${PW}@a\", roles: [record, live]}\n"
      "      - {url: rtsp://b, roles: [detect]}\n    controls: [";
  const config::Environment environment{{"PW", "hunter22"}};
  const Result<Config> config = load(text + "]\n", {}, environment);
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(secrets_of(*config), (std::vector<std::string>{"hunter22"}));
  const Result<Config> wrong = load(text + "\"${PW}\"]\n    masks: [\"0,0 ${PW} 1,1\"]\n", {}, environment);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().text.find("hunter22"), std::string::npos) << wrong.error().text;
}

}  // namespace
}  // namespace vedette
