// Who is told of events: the keys of `mqtt` and `notify`, and what is wrong with them.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/config.h"
#include "config/loader.h"
#include "config/notify_binders.h"

namespace vedette {
namespace {

const std::string kCamera = "cameras:\n  front:\n    url: /dev/video0\n";  // lines 1 to 3

Result<Config> load(const std::string& more, config::Environment environment = {}) {
  config::Loader loader("/etc/v.yaml", std::move(environment));
  loader.read_file(kCamera + more);
  return loader.finish();
}

struct Case {
  std::string text;      // behind kCamera
  std::string expected;  // the whole error
};
class NotifyMistake : public testing::TestWithParam<Case> {};
TEST_P(NotifyMistake, IsTold) {
  const Result<Config> config = load(GetParam().text);
  EXPECT_EQ(config ? "" : config.error().text, GetParam().expected);
}

const std::string kTopic = "expected a topic such as home/vedette: no + # $ or spaces, no empty level";
INSTANTIATE_TEST_SUITE_P(
    Notify, NotifyMistake,
    testing::Values(
        Case{"mqtt:\n  host: mqtt://broker\n",
             "/etc/v.yaml:5:9: mqtt.host: \"mqtt://broker\"; expected a broker's name or address such as broker.local or "
             "192.168.1.2 (\"\" for none)"},
        Case{"mqtt:\n  base: a/+\n", "/etc/v.yaml:5:9: mqtt.base: \"a/+\"; " + kTopic},
        Case{"mqtt:\n  base: \"\"\n", "/etc/v.yaml:5:9: mqtt.base: \"\"; " + kTopic},
        Case{"mqtt:\n  base: /a\n", "/etc/v.yaml:5:9: mqtt.base: \"/a\"; " + kTopic},
        Case{"mqtt:\n  birth_topic: a//b\n", "/etc/v.yaml:5:16: mqtt.birth_topic: \"a//b\"; " + kTopic + " (\"\" for none)"},
        Case{"mqtt:\n  protocol: 4\n", "/etc/v.yaml:5:13: mqtt.protocol: \"4\"; expected one of 5, 3.1.1"},
        Case{"mqtt:\n  qos: 3\n", "/etc/v.yaml:5:8: mqtt.qos: \"3\"; expected a whole number from 0 to 2"},
        Case{"mqtt:\n  password: x\n", "/etc/v.yaml:5:13: mqtt.password: a password; expected mqtt.username with it"},
        Case{"mqtt:\n  tls_ca: /ca\n", "/etc/v.yaml:5:11: mqtt.tls_ca: \"/ca\" without mqtt.tls; expected mqtt.tls: true"},
        Case{"mqtt:\n  tls: true\n  tls_cert: /c\n",
             "/etc/v.yaml:6:13: mqtt.tls_cert: one without the other; expected mqtt.tls_cert and mqtt.tls_key"},
        Case{"notify:\n  webhooks: [{}]\n", "/etc/v.yaml:5:14: notify.webhooks[0]: no \"url:\"; expected it in each"},
        Case{"notify:\n  webhooks: [{url: ftp://x}]\n",
             "/etc/v.yaml:5:20: notify.webhooks[0].url: \"ftp://x\"; expected a URL such as https://host/path"},
        Case{"notify:\n  webhooks: [{url: http://x, events: [alarm, fire]}]\n",
             "/etc/v.yaml:5:46: notify.webhooks[0].events: \"fire\"; expected one of alarm, standby, camera_lost, camera_back, "
             "detector_lost, detector_back, object, crowd, recording_stopped, recording_back"},
        Case{"notify:\n  webhooks: [{url: http://x, phases: [start, start]}]\n",
             "/etc/v.yaml:5:46: notify.webhooks[0].phases: \"start\"; expected each once"},
        Case{"notify:\n  webhooks: [{url: http://x, cameras: [rear]}]\n",
             "/etc/v.yaml:5:39: notify.webhooks[0].cameras: \"rear\"; expected cameras that there are"},
        Case{"notify:\n  webhooks: [{url: http://x, headers: [\"no header\"]}]\n",
             "/etc/v.yaml:5:40: notify.webhooks[0].headers: not a header; expected a header such as \"Authorization: Bearer "
             "${TOKEN}\""},
        Case{"notify:\n  webhooks: [{url: http://x, body: \"{{lable}}\"}]\n",
             "/etc/v.yaml:5:36: notify.webhooks[0].body: {{lable}}; expected one of {{camera}}, {{kind}}, {{phase}}, {{id}}, "
             "{{rule}}, {{zone}}, {{label}}, {{score}}, {{track_id}}, {{text}}, {{time}}, {{frame_id}}, {{snapshot}}, {{json}}"},
        Case{"notify:\n  hooks: [{timeout: 5s}]\n", "/etc/v.yaml:5:11: notify.hooks[0]: no \"exec:\"; expected it in each"},
        Case{"notify:\n  hooks: [{exec: \"rm -rf\"}]\n",
             "/etc/v.yaml:5:18: notify.hooks[0].exec: \"rm -rf\"; expected a program and its arguments such as "
             "[/usr/local/bin/tell, \"--loud\"]"}));

TEST(NotifyConfig, TakesWebhooksAndHooks) {
  const Result<Config> config = load(
      "mqtt:\n  host: broker\n  password_file: \"\"\n"
      "notify:\n  webhooks:\n    - url: https://host/path\n      events: [object]\n      phases: [start, end]\n"
      "      headers: [\"Authorization: Bearer ${TOKEN}\", \"X-Plain: yes\"]\n      body: '{\"text\": \"{{ text }}\"}'\n"
      "  hooks:\n    - exec: [scripts/tell, ./x]\n    - exec: [logger, \"\"]\n",
      {{"TOKEN", "sesame-open"}});
  ASSERT_TRUE(config) << config.error().text;
  ASSERT_EQ(config->notify.webhooks.size(), 1u);
  EXPECT_EQ(config->notify.webhooks[0].choice, (EventChoice{{"object"}, {"start", "end"}, {}}));
  EXPECT_EQ(config->notify.webhooks[0].headers[0], "Authorization: Bearer sesame-open");
  ASSERT_EQ(config->notify.hooks.size(), 2u);
  EXPECT_EQ(config->notify.hooks[0].exec, (std::vector<std::string>{"/etc/scripts/tell", "./x"}));
  EXPECT_EQ(config->notify.hooks[1].exec, (std::vector<std::string>{"logger", ""}));
  const std::vector<std::string> secrets = secrets_of(*config);
  EXPECT_EQ(std::count(secrets.begin(), secrets.end(), "sesame-open"), 1);
  EXPECT_EQ(std::count(secrets.begin(), secrets.end(), "yes"), 0);
}

TEST(NotifyConfig, KnowsWhichHeadersAreSecret) {
  EXPECT_EQ(config::secret_in_header("authorization:Basic abc="), "abc=");
  EXPECT_EQ(config::secret_in_header("X-Api-Key:  abc "), "abc");
  EXPECT_EQ(config::secret_in_header("Content-Type: application/json"), "");
  EXPECT_EQ(config::secret_in_header("Authorization"), "");
}

}  // namespace
}  // namespace vedette
