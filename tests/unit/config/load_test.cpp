// The loader: each kind of mistake is told with file, line and column; all of them at once; layers lie over each other.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/cpu.h"
#include "config/config.h"
#include "config/loader.h"

namespace vedette {
namespace {

using config::Loader;

const std::string kCamera = "cameras:\n  front:\n    url: /dev/video0\n";  // lines 1 to 3

std::string core() { return std::to_string(online_cpus().back()); }  // one that this machine has

// The mistakes in kCamera followed by `more` (which starts in line 4).
std::string mistakes_in(const std::string& more, config::Environment environment = {}) {
  Loader loader("/etc/v.yaml", std::move(environment));
  loader.read_file(kCamera + more);
  const Result<Config> config = loader.finish();
  return config ? "" : config.error().text;
}
std::string mistakes_of_file(const std::string& text) {
  Loader loader("/etc/v.yaml", {});
  loader.read_file(text);
  const Result<Config> config = loader.finish();
  return config ? "" : config.error().text;
}

struct Case {
  std::string text;      // behind kCamera
  std::string expected;  // the whole error
};
class Mistake : public testing::TestWithParam<Case> {};

TEST_P(Mistake, IsTold) { EXPECT_EQ(mistakes_in(GetParam().text), GetParam().expected); }

const std::string kPortRange = "expected a whole number from 0 to 65535";
INSTANTIATE_TEST_SUITE_P(
    Load, Mistake,
    testing::Values(
        Case{"gateway:\n  prot: 1\n", "/etc/v.yaml:5:3: gateway.prot: unknown key; expected \"port\"?"},
        Case{"gatewy:\n  port: 1\n", "/etc/v.yaml:4:1: gatewy: unknown key; expected \"gateway\"?"},
        Case{"log:\n  zzzzzzz: 1\n", "/etc/v.yaml:5:3: log.zzzzzzz: unknown key; expected one of level"},
        Case{"gateway:\n  port: many\n", "/etc/v.yaml:5:9: gateway.port: \"many\"; " + kPortRange},
        Case{"gateway:\n  port: 65536\n", "/etc/v.yaml:5:9: gateway.port: \"65536\"; " + kPortRange},
        Case{"gateway:\n  port: 99999999999999999999\n",
             "/etc/v.yaml:5:9: gateway.port: \"99999999999999999999\"; " + kPortRange},
        Case{"gateway:\n  port: -1\n", "/etc/v.yaml:5:9: gateway.port: \"-1\"; " + kPortRange},
        Case{"gateway:\n  port: 80.5\n", "/etc/v.yaml:5:9: gateway.port: \"80.5\"; " + kPortRange},
        Case{"gateway:\n  port: [80]\n", "/etc/v.yaml:5:9: gateway.port: a list; " + kPortRange},
        Case{"gateway:\n  port: {a: 80}\n", "/etc/v.yaml:5:9: gateway.port: a map of keys; " + kPortRange},
        Case{"gateway:\n  port:\n", "/etc/v.yaml:5:3: gateway.port: no value; " + kPortRange},
        Case{"gateway:\n  port: 1\n  port: 2\n", "/etc/v.yaml:6:3: gateway.port: given twice; expected once (first in line 5)"},
        Case{"log:\n  level: info\nlog:\n  level: info\n", "/etc/v.yaml:6:1: log: given twice; expected once (first in line 4)"},
        Case{"log:\n  level: loud\n", "/etc/v.yaml:5:10: log.level: \"loud\"; expected one of debug, info, warning, error"},
        Case{"log:\n", "/etc/v.yaml:4:1: log: nothing; expected keys such as \"level:\" below it, or no \"log:\" at all"},
        Case{"log: info\n",
             "/etc/v.yaml:4:1: log: a single value; expected keys such as \"level:\" below it, or no \"log:\" at all"},
        Case{"detect:\n  threshold: 1.01\n", "/etc/v.yaml:5:14: detect.threshold: \"1.01\"; expected a number from 0 to 1"},
        Case{"detect:\n  threshold: .nan\n", "/etc/v.yaml:5:14: detect.threshold: \".nan\"; expected a number from 0 to 1"},
        Case{"detect:\n  threshold: nan\n", "/etc/v.yaml:5:14: detect.threshold: \"nan\"; expected a number from 0 to 1"},
        Case{"detect:\n  deadline: 500\n",
             "/etc/v.yaml:5:13: detect.deadline: \"500\"; expected a unit behind it: 500ms, 500s or 500m"},
        Case{"detect:\n  deadline: 5 parsecs\n",
             "/etc/v.yaml:5:13: detect.deadline: \"5 parsecs\"; expected a duration such as 500ms, 5s or 2m, from 10ms to 1m"},
        Case{"detect:\n  deadline: 2m\n",
             "/etc/v.yaml:5:13: detect.deadline: \"2m\"; expected a duration such as 500ms, 5s or 2m, from 10ms to 1m"},
        Case{"record:\n  most: 10\n", "/etc/v.yaml:5:9: record.most: \"10\"; expected a unit behind it: 10MB or 10GB"},
        Case{"record:\n  most: 10 GB\n",
             "/etc/v.yaml:5:9: record.most: \"10 GB\"; expected a size such as 500MB, 10GB or 2GiB, from 1MB to 1000TB"},
        Case{"record:\n  most: 1KB\n",
             "/etc/v.yaml:5:9: record.most: \"1KB\"; expected a size such as 500MB, 10GB or 2GiB, from 1MB to 1000TB"},
        Case{"record:\n  keep: 4000d\n",
             "/etc/v.yaml:5:9: record.keep: \"4000d\"; expected a duration such as 500ms, 5s or 2m, from 1s to 3660d"},
        Case{"sentry:\n  classes: person\n",
             "/etc/v.yaml:5:12: sentry.classes: \"person\"; expected a list of words such as [person, car]"},
        Case{"sentry:\n  classes: []\n",
             "/etc/v.yaml:5:12: sentry.classes: a list that is empty or has an empty item; expected a list of words such as "
             "[person, car]"},
        Case{"sentry:\n  classes: [person, [car]]\n", "/etc/v.yaml:5:21: sentry.classes: a list in the list; expected a word"},
        Case{"sentry:\n  standby_fps: 40\n",
             "/etc/v.yaml:5:16: sentry.standby_fps: 40; expected at most sentry.tracking_fps, 30"},
        Case{"supervise:\n  backoff_max: 100ms\n",
             "/etc/v.yaml:5:16: supervise.backoff_min: 200ms; expected at most supervise.backoff_max, 100ms"},
        Case{"gateway:\n  listen: 0.0.0.0\n",
             "/etc/v.yaml:5:11: gateway.listen: \"0.0.0.0\" is open to the network; expected users (`vedette user add`, "
             "gateway.users), or gateway.token or gateway.token_file to be set, or 127.0.0.1 here (or gateway.auth: none, for "
             "everybody who reaches it)"},
        Case{"gateway:\n  auth: none\n  token: a long token\n",
             "/etc/v.yaml:5:9: gateway.auth: none, but there is a gateway.token; expected auto, or none there"},
        Case{"gateway:\n  tls_cert: a.crt\n",
             "/etc/v.yaml:5:13: gateway.tls_cert: one without the other; expected gateway.tls_cert and gateway.tls_key"},
        Case{"gateway:\n  users: [{name: anna, password_hash: secret}, {name: an na}]\n",
             "/etc/v.yaml:5:39: gateway.users[0].password_hash: not a hash that is taken; expected an Argon2id hash as `vedette "
             "user hash` prints it\n"
             "/etc/v.yaml:5:48: gateway.users[1]: no \"password_hash:\"; expected it in each\n"
             "/etc/v.yaml:5:55: gateway.users[1].name: \"an na\"; expected a name of up to 64 letters, digits and . _ - @"},
        Case{"gateway:\n  listen: everywhere\n",
             "/etc/v.yaml:5:11: gateway.listen: \"everywhere\"; expected an IP address of this machine such as 127.0.0.1, "
             "0.0.0.0 (all) or ::1"},
        Case{"gateway:\n  token: short\n", "/etc/v.yaml:5:10: gateway.token: 5 bytes; expected at least 8"},
        Case{"gateway:\n  token: a long token\n  token_file: /etc/token\n",
             "/etc/v.yaml:6:15: gateway.token_file: \"/etc/token\"; expected a file that exists: /etc/token\n"
             "/etc/v.yaml:6:15: gateway.token_file: given together with token (line 5); expected only one of the two"},
        Case{"gateway:\n  web_root: ${VEDETTE_NOT_SET}\n",
             "/etc/v.yaml:5:13: gateway.web_root: ${VEDETTE_NOT_SET}; expected the environment variable VEDETTE_NOT_SET to be "
             "set"},
        Case{"  front:\n    url: x\n", "/etc/v.yaml:4:3: cameras.front: given twice; expected once (first in line 2)"},
        Case{"  Front:\n    url: x\n",
             "/etc/v.yaml:4:3: cameras: \"Front\" as a camera's name; expected 1 to 31 of the characters a-z 0-9 _ -"},
        Case{"  back:\n    loop: yes\n    url: x\n", "/etc/v.yaml:5:11: cameras.back.loop: \"yes\"; expected true or false"},
        Case{"  back:\n    loop: true\n",
             "/etc/v.yaml:4:3: cameras.back: no \"url:\"; expected a device, a file or a URL such as /dev/video0 or "
             "rtsp://camera/stream"},
        Case{"  back:\n    pace: slow\n    url: x\n",
             "/etc/v.yaml:5:11: cameras.back.pace: \"slow\"; expected one of source, fast"},
        Case{"detect:\n  wait: sometimes\n",
             "/etc/v.yaml:5:9: detect.wait: \"sometimes\"; expected block, spin, or hybrid with a time "
             "from 1us to 100ms in whole us or ms, such as hybrid(50us)"},
        Case{"detect:\n  wait: hybrid(50)\n",
             "/etc/v.yaml:5:9: detect.wait: \"hybrid(50)\"; expected block, spin, or hybrid with a time "
             "from 1us to 100ms in whole us or ms, such as hybrid(50us)"},
        Case{"control:\n  cpu: -1\n", "/etc/v.yaml:5:8: control.cpu: \"-1\"; expected any, or a core's number from 0 to 8191"},
        Case{"control:\n  cpu: none\n",
             "/etc/v.yaml:5:8: control.cpu: \"none\"; expected any, or a core's number from 0 to 8191"},
        Case{"gateway:\n  cpu: 8191\n",
             "/etc/v.yaml:5:8: gateway.cpu: 8191; expected a core that is online (" + text_of(online_cpus()) + "), or any"},
        Case{"control:\n  wait: spin\n",
             "/etc/v.yaml:5:9: control.wait: spin; expected control.cpu to name a core that nothing else uses, "
             "or block or hybrid(50us) here"},
        Case{"detect:\n  wait: spin\n  cpu: " + core() + "\ncontrol:\n  cpu: " + core() + "\n  wait: spin\n",
             "/etc/v.yaml:8:8: control.cpu: " + core() + ", where detect spins too; expected another core"},
        Case{"  back:\n    url: x\ngateway:\n  wait: spin\n  cpu: " + core() + "\n",
             "/etc/v.yaml:7:9: gateway.wait: spin; expected block or hybrid(50us): the gateway reads each of the 2 cameras in a "
             "thread of "
             "its own, and all of them run on gateway.cpu"}));

TEST(Load, TakesHowStagesWaitAndWhere) {
  Loader loader("/etc/v.yaml", {{"VEDETTE_GATEWAY_WAIT", "hybrid(20us)"}});
  loader.read_file(kCamera + "detect:\n  wait: spin\n  cpu: " + core() + "\ncontrol:\n  wait: hybrid(2ms)\n");
  loader.read_environment("/");
  loader.read_overrides({"control.cpu=any"}, "/");
  const Result<Config> config = loader.finish();
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->detect.waiting, (WaitConfig{bus::WaitPolicy::spinning(), online_cpus().back()}));
  EXPECT_EQ(config->control.waiting, (WaitConfig{bus::WaitPolicy::hybrid(std::chrono::milliseconds(2)), std::nullopt}));
  EXPECT_EQ(config->gateway.waiting, (WaitConfig{bus::WaitPolicy::hybrid(std::chrono::microseconds(20)), std::nullopt}));
}

TEST(Load, TellsAllMistakesAtOnceInTheFilesOrder) {
  const std::string told = mistakes_in("supervise:\n  backoff_min: 5\ngateway:\n  port: x\n  fsp: 3\n  listen: 0.0.0.0\n");
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 3) << told;
  EXPECT_LT(told.find(":5:16: supervise.backoff_min"), told.find(":7:9: gateway.port"));
  EXPECT_LT(told.find(":7:9: gateway.port"), told.find(":8:3: gateway.fsp"));
  EXPECT_LT(told.find(":8:3: gateway.fsp"), told.find(":9:11: gateway.listen"));
}

TEST(Load, RefusesWhatIsNoConfiguration) {
  EXPECT_EQ(mistakes_of_file(""), "/etc/v.yaml:1:1: nothing; expected sections such as \"cameras:\"");
  EXPECT_EQ(mistakes_of_file("- a\n"), "/etc/v.yaml:1:1: a list; expected sections such as \"cameras:\"");
  EXPECT_EQ(mistakes_of_file("log:\n  level: info\n"),
            "/etc/v.yaml:1:1: cameras: no camera; expected at least one, such as \"front:\" with its \"url:\"");
  EXPECT_EQ(mistakes_of_file("log:\n  level: info\ncameras: {}\n"),
            "/etc/v.yaml:3:1: cameras: no camera; expected at least one, such as \"front:\" with its \"url:\"");
  EXPECT_EQ(mistakes_of_file(kCamera + "---\n" + kCamera), "/etc/v.yaml:1:1: several YAML documents; expected one");
  EXPECT_EQ(mistakes_of_file("cameras:\n  front: [\n").find("/etc/v.yaml:3:1: not valid YAML ("), 0u);
  EXPECT_EQ(mistakes_of_file(std::string(config::kMaxFileBytes + 1, '#')).find("/etc/v.yaml:1:1: 1048577 bytes"), 0u);
}

TEST(Load, MissingFileAndFolderAreOneSentence) {
  const Result<Config> missing = load_config("/nowhere/v.yaml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_NE(missing.error().text.find("/nowhere/v.yaml"), std::string::npos);
  const Result<Config> folder = load_config("/tmp");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().text, "/tmp: a folder; expected a YAML file");
}

TEST(Load, ReplacesVariablesAndKeepsTheirValuesOutOfMistakes) {
  Loader loader("/etc/v.yaml", {{"HOST", "cam.local"}, {"PW", "p$w"}});
  loader.read_file("cameras:\n  front:\n    url: rtsp://${HOST}/a\n    password: ${PW}$${x}\n");
  const Result<Config> config = loader.finish();
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->cameras[0].url, "rtsp://cam.local/a");
  EXPECT_EQ(config->cameras[0].password.value, "p$w${x}");
  EXPECT_EQ(mistakes_in("gateway:\n  port: ${SECRET}\n", {{"SECRET", "hunter2"}}),
            "/etc/v.yaml:5:9: gateway.port: \"${SECRET}\"; " + kPortRange);
  EXPECT_NE(mistakes_in("gateway:\n  web_root: ${A B}\n").find("expected ${NAME}"), std::string::npos);
  EXPECT_NE(mistakes_in("gateway:\n  web_root: ${A\n").find("expected ${NAME}"), std::string::npos);
}

TEST(Load, EnvironmentAndOverridesLieOverTheFile) {
  Loader loader("/etc/v.yaml",
                {{"VEDETTE_GATEWAY_PORT", "1000"}, {"VEDETTE_SENTRY_CLASSES", "person,car"}, {"VEDETTE_OTHER", "x"}});
  loader.read_file(kCamera + "gateway:\n  port: 1\n  fps: 7\nsentry:\n  lose_frames: 4\n");
  loader.read_environment("/home");
  loader.read_overrides({"gateway.port=2000", "gateway.port=3000", "cameras.front.url=clip.mp4", "gateway.web_root=a=b"},
                        "/home");
  const Result<Config> config = loader.finish();
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->gateway.port, 3000);
  EXPECT_EQ(config->gateway.fps, 7.0f);
  EXPECT_EQ(config->sentry.lose_frames, 4u);
  EXPECT_EQ(config->sentry.classes, (std::vector<std::string>{"person", "car"}));
  EXPECT_EQ(config->cameras[0].url, "/home/clip.mp4");
  EXPECT_EQ(config->gateway.web_root, "/home/a=b");
}

TEST(Load, OverridesOfTheEnvironmentLieBetweenVariablesAndFlags) {
  Loader loader("/etc/v.yaml", {{"VEDETTE_GATEWAY_PORT", "1000"},
                                {"VEDETTE_SET", "\ngateway.port=2000\ngateway.fps=9\ncameras.front.url=rtsp://u:p=w@host/a"}});
  loader.read_file(kCamera);
  loader.read_environment("/home");
  loader.read_overrides({"gateway.fps=8"}, "/home");
  const Result<Config> config = loader.finish();
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->gateway.port, 2000);
  EXPECT_EQ(config->gateway.fps, 8.0f);
  EXPECT_EQ(config->cameras[0].url, "rtsp://u:p=w@host/a");

  Loader wrong("/etc/v.yaml", {{"VEDETTE_SET", "gateway.prt=1"}});
  wrong.read_file(kCamera);
  wrong.read_environment("/home");
  const Result<Config> refused = wrong.finish();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "VEDETTE_SET: gateway.prt: unknown key; expected \"port\"?");
}

TEST(Load, OverridesAreCheckedLikeTheFile) {
  Loader loader("/etc/v.yaml", {{"VEDETTE_GATEWAY_PROT", "1"}, {"VEDETTE_GATEWAY_PORT", "tcp"}});
  loader.read_file(kCamera);
  loader.read_environment("/");
  loader.read_overrides(
      {"gateway.fps=fast", "gatway.port=1", "cameras.frnt.url=x", "port", "gateway.token=short", "gateway.prt=1"}, "/");
  const Result<Config> config = loader.finish();
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().text, "VEDETTE_GATEWAY_PORT: gateway.port: \"tcp\"; " + kPortRange +
                                     "\n"
                                     "VEDETTE_GATEWAY_PROT: unknown key; expected \"VEDETTE_GATEWAY_PORT\"?\n"
                                     "--set: gateway.fps: \"fast\"; expected a number from 0.1 to 1000\n"
                                     "--set: gatway.port: unknown key; expected \"gateway.port\"?\n"
                                     "--set: cameras.frnt.url: unknown key; expected \"cameras.front.url\"?\n"
                                     "--set: \"port\"; expected section.key=value\n"
                                     "--set: gateway.token: 5 bytes; expected at least 8\n"
                                     "--set: gateway.prt: unknown key; expected \"port\"?");
}

TEST(Load, SecretsComeFromFiles) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("vedette-config-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "token") << "a token of the file\r\n";
  std::ofstream(folder / "empty") << "\n";
  std::ofstream(folder / "v.yaml") << kCamera << "    password_file: token\n"
                                   << "gateway:\n  listen: 0.0.0.0\n  token_file: " << (folder / "token").string() << "\n";
  const Result<Config> config = load_config((folder / "v.yaml").string());
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->gateway.token.value, "a token of the file");
  EXPECT_EQ(config->cameras[0].password.value, "a token of the file");
  std::ofstream(folder / "v.yaml") << kCamera << "gateway:\n  token_file: empty\n";
  const Result<Config> empty = load_config((folder / "v.yaml").string());
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().text.find("expected a file with the secret in it; it is empty"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(Load, SecretsAreNeverQuotedAndAreListed) {
  EXPECT_EQ(mistakes_in("gateway:\n  token: [hunter2hunter2]\n").find("hunter2"), std::string::npos);
  Loader loader("/etc/v.yaml", {});
  loader.read_file(
      "cameras:\n  a:\n    url: rtsp://u:in-url@host/x?channel=1&token=in-query\n  b:\n    url: x\n    password: "
      "in-key\ngateway:\n  token: a long "
      "token\n");
  const Result<Config> config = loader.finish();
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(secrets_of(*config), (std::vector<std::string>{"in-url", "in-query", "in-key", "a long token"}));
}

TEST(Load, RelativePathsAreAgainstTheFilesFolder) {
  Loader loader("/etc/vedette/v.yaml", {});
  loader.read_file("cameras:\n  a:\n    url: ../clip.mp4\n  b:\n    url: 'bus:'\ndetect:\n  model: m/x.onnx\n");
  const Result<Config> config = loader.finish();
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->cameras[0].url, "/etc/clip.mp4");
  EXPECT_EQ(config->cameras[1].url, kExternalCamera);
  EXPECT_EQ(config->detect.model, "/etc/vedette/m/x.onnx");
}

TEST(Load, WithoutAFileThereAreDefaultsAndWhatLiesOverThem) {
  const Result<Config> config = load_settings({"detect.threads=3"});
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->detect.threads, 3u);
  EXPECT_EQ(config->detect.threshold, DetectConfig{}.threshold);
  EXPECT_TRUE(config->cameras.empty());
  const Result<Config> wrong = load_settings({"detect.threads=-3"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().text.substr(0, 33), "--set: detect.threads: \"-3\"; expe");
}

}  // namespace
}  // namespace vedette
