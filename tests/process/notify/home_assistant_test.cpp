// Home Assistant's side of MQTT: it is told of the camera at each start of either, of what is gone too, and its commands reach a
// real control.
#include <csignal>

#include "process/notify/notify_fixture.h"

namespace vedette::test {
namespace {

const std::string kConfigTopic = "homeassistant/device/test-1_front/config";

class HomeAssistant : public NotifyTest {
 protected:
  Json announced(const Listener& listener) {
    const auto payload = listener.last(kConfigTopic);
    return payload ? Json::parse(*payload, nullptr, false) : Json();
  }
};

TEST_F(HomeAssistant, IsToldAgainWhenItHasStarted) {
  Broker broker(folder_);
  Listener listener(broker.port());
  configure(broker.port());
  stages_->publish(Played{});
  start();
  ASSERT_TRUE(listener.wait_topic(kConfigTopic));
  const Json message = announced(listener);
  EXPECT_EQ(message["device"]["name"], "Front");
  EXPECT_EQ(message["components"]["occupancy_door"]["platform"], "binary_sensor");
  ASSERT_TRUE(listener.wait_topic("vedette/front/state"));

  listener.forget();
  listener.publish("homeassistant/status", "offline");
  listener.publish("homeassistant/status", "online");
  EXPECT_TRUE(listener.wait_topic(kConfigTopic));
  EXPECT_TRUE(listener.wait_topic("vedette/front/state"));
  EXPECT_TRUE(listener.wait_last("vedette/availability/test-1", "online"));
}

TEST_F(HomeAssistant, IsToldOfALineThatControlCounts) {
  Broker broker(folder_);
  Listener listener(broker.port());
  configure(broker.port());
  start();
  ASSERT_TRUE(listener.wait_topic(kConfigTopic));
  stages_->publish(Played{.counts = {{"driveway", "car", 0, 1, 0}}});
  EXPECT_TRUE(wait_until([&] { return announced(listener)["components"].contains("count_driveway_car_into"); }));
}

TEST_F(HomeAssistant, CamerasAndZonesThatAreGoneAreTakenBack) {
  Broker broker(folder_);
  Listener listener(broker.port());
  const std::string old_topic = "homeassistant/device/test-1_old/config";
  const std::string others_topic = "homeassistant/device/test-1_2_front/config";  // of client test-1_2
  const std::string others = R"({"availability": [{"topic": "vedette/availability/test-1_2"}], "components": {}})";
  listener.publish("vedette/old/state", "{}", true);
  listener.publish("vedette/old/image", "x", true);
  listener.publish("vedette/front/occupancy/shed", "ON", true);
  listener.publish(old_topic,
                   R"({"availability": [{"topic": "before/availability/test-1"}],
                       "components": {"a": {"platform": "sensor", "state_topic": "vedette/old/state"},
                                      "b": {"platform": "image", "image_topic": "vedette/old/image"},
                                      "c": {"platform": "sensor", "state_topic": "somebody/elses"}}})",
                   true);
  listener.publish(others_topic, others, true);
  listener.publish(kConfigTopic, R"({"components": {
      "occupancy_shed": {"platform": "binary_sensor", "state_topic": "vedette/front/occupancy/shed"},
      "was_there": {"platform": "sensor", "state_topic": "vedette/front/state"}}})",
                   true);
  ASSERT_TRUE(listener.wait_topic(kConfigTopic));
  stages_->publish(Played{});
  configure(broker.port());
  start();
  EXPECT_TRUE(listener.wait_last(old_topic, ""));
  EXPECT_TRUE(listener.wait_last("vedette/old/state", ""));
  EXPECT_TRUE(listener.wait_last("vedette/old/image", ""));
  EXPECT_TRUE(listener.wait_last("vedette/front/occupancy/shed", ""));
  EXPECT_TRUE(wait_until([&] {
    const Json message = announced(listener);
    return message.is_object() && message["components"].contains("occupancy_shed") &&
           message["components"]["occupancy_shed"] == Json({{"platform", "binary_sensor"}}) &&
           message["components"]["was_there"] == Json({{"platform", "sensor"}}) &&
           message["components"].contains("occupancy_door");
  }));
  EXPECT_FALSE(listener.last("somebody/elses").has_value());
  EXPECT_EQ(listener.last(others_topic), others);
  Listener late(broker.port());
  EXPECT_TRUE(late.wait_topic("vedette/front/state")) << "what others still read stays";
  EXPECT_FALSE(late.last(old_topic).has_value());
}

TEST_F(HomeAssistant, GetsTheEventsPictureAndItsFiles) {
  Broker broker(folder_);
  Listener listener(broker.port());
  configure(broker.port());
  start();
  ASSERT_TRUE(wait_log("MQTT: connected"));
  const std::uint64_t id = stages_->tell({});
  const std::string picture("\xff\xd8\0 picture", 11);
  stages_->publish_media(id, schema::MediaKind::Snapshot, folder_.write("s.jpg", picture));
  EXPECT_TRUE(listener.wait_last("vedette/front/image", picture));
  ASSERT_TRUE(listener.wait_topic("vedette/front/media"));
  EXPECT_EQ(Json::parse(*listener.last("vedette/front/media"))["path"], folder_.file("s.jpg"));
  stages_->tell({.id = id, .phase = schema::EventPhase::End});
  ASSERT_TRUE(
      listener.wait([](const auto& heard) { return heard.back().payload.find("\"phase\":\"end\"") != std::string::npos; }));
  EXPECT_EQ(Json::parse(*listener.last("vedette/front/events"))["snapshot"], folder_.file("s.jpg"));
}

TEST_F(HomeAssistant, DetrMmapsWordsAreToldIfWanted) {
  Broker broker(folder_);
  Listener listener(broker.port());
  configure(broker.port(), "  detr_mmap_topic: detr-mmap/controller/state\n");
  stages_->publish(Played{.mode = Mode::Tracking});
  start();
  ASSERT_TRUE(listener.wait_topic("vedette/front/state"));
  stages_->tell({.kind = schema::EventKind::Alarm, .phase = schema::EventPhase::Once});
  ASSERT_TRUE(listener.wait_topic("detr-mmap/controller/state"));
  const Json told = Json::parse(*listener.last("detr-mmap/controller/state"));
  EXPECT_EQ(told["device_id"], "front");
  EXPECT_EQ(told["event_type"], "human_detected");
  EXPECT_EQ(told["state"], "Tracking");
  EXPECT_EQ(told["previous_state"], "Standby") << "as control says";
}

class Commands : public HomeAssistant {
 protected:
  void SetUp() override {
    stages_.reset();  // a real control has its topics
    broker_.emplace(folder_);
    configure(broker_->port(), "", "sentry:\n  threshold: 0.5\n");
    control_ = std::make_unique<Program>(std::vector<std::string>{VEDETTE_CONTROL, "--config", folder_.file("vedette.yaml")},
                                         folder_.file("control"));
    listener_ = std::make_unique<Listener>(broker_->port());
    start();
    ASSERT_TRUE(listener_->wait_topic("vedette/front/state")) << control_->err();
  }
  bool wait_state(const std::string& field, const Json& value) {
    return wait_until([&] {
      const auto payload = listener_->last("vedette/front/state");
      return payload && Json::parse(*payload)[field] == value;
    });
  }
  std::optional<Broker> broker_;
  std::unique_ptr<Program> control_;
  std::unique_ptr<Listener> listener_;
};

TEST_F(Commands, ReachControlAndComeBackAsState) {
  listener_->publish("vedette/front/set/paused", "ON");
  EXPECT_TRUE(wait_state("paused", true)) << log();
  listener_->publish("vedette/front/set", R"({"paused": false, "mode": "tracking"})");
  EXPECT_TRUE(wait_state("paused", false));
  EXPECT_TRUE(wait_state("mode", "tracking"));
  listener_->publish("vedette/front/set/mode", "standby");
  EXPECT_TRUE(wait_state("mode", "standby"));
  EXPECT_TRUE(wait_state("forced", true));
  listener_->publish("vedette/front/set/mode", "auto");
  EXPECT_TRUE(wait_state("forced", false)) << "the choice of modes shows \"auto\" again";
  listener_->publish("vedette/front/set/detecting", "OFF");
  EXPECT_TRUE(wait_state("detecting", false));
  listener_->publish("vedette/front/set/threshold", "0.75");
  EXPECT_TRUE(wait_state("threshold", 0.75)) << control_->err();
  EXPECT_FALSE(listener_->last("vedette/front/set/error").has_value());
}

TEST_F(Commands, WhatIsWrongIsAnsweredAndCounted) {
  listener_->publish("vedette/front/set/paused", "perhaps");
  ASSERT_TRUE(listener_->wait_topic("vedette/front/set/error"));
  EXPECT_EQ(Json::parse(*listener_->last("vedette/front/set/error")),
            Json({{"command", "set/paused"}, {"error", "paused: \"perhaps\"; expected ON or OFF"}}));
  listener_->publish("vedette/front/set", std::string(5000, '{'));
  EXPECT_TRUE(
      listener_->wait([](const auto& heard) { return heard.back().payload.find("expected at most") != std::string::npos; }));
  listener_->publish("vedette/rear/set/paused", "ON");         // no such camera: perhaps another device's
  listener_->publish("vedette/front/set/paused", "ON", true);  // as we are subscribed it comes as a live one
  EXPECT_TRUE(wait_state("paused", true));
  listener_->publish("vedette/front/set/paused", "OFF");
  EXPECT_TRUE(wait_state("paused", false));
  program_.reset();
  start();
  EXPECT_TRUE(wait_log("refused what MQTT asked: a retained command")) << log();
  listener_->publish("vedette/front/set/paused", "", true);  // taken back
  EXPECT_TRUE(wait_state("paused", false));
}

TEST_F(Commands, AFloodOfBadOnesIsOneLineAndFewAnswers) {
  const auto answers = [&] { return listener_->payloads("vedette/front/set/error"); };
  for (int i = 0; i < 1000; ++i) listener_->publish("vedette/front/set/paused", "no " + std::to_string(i % 10));
  listener_->publish("vedette/front/set/paused", "ON");
  EXPECT_TRUE(wait_until([&] { return !answers().empty(); }));
  listener_->publish("vedette/front/set/paused", "ON");
  EXPECT_TRUE(wait_state("paused", true));
  EXPECT_LT(answers().size(), 1000u) << "those that come while one waits to be answered get none";
  EXPECT_LE(count_log("refused what MQTT asked"), 2) << "one in ten seconds";
}

TEST_F(Commands, WhileControlIsAwayTheyAreRefused) {
  control_.reset();
  listener_->publish("vedette/front/set/paused", "ON");
  ASSERT_TRUE(listener_->wait_topic("vedette/front/set/error"));
  EXPECT_NE(listener_->last("vedette/front/set/error")->find("nothing answers on"), std::string::npos)
      << *listener_->last("vedette/front/set/error");
  EXPECT_TRUE(listener_->wait_last("vedette/front/availability", "offline"));
}

}  // namespace
}  // namespace vedette::test
