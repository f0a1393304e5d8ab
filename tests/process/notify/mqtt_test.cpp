// vedette-notify at a real broker: what it publishes, and what it does when the broker is away, slow, back, or refuses it.
#include <algorithm>
#include <csignal>
#include <fstream>

#include <sys/stat.h>

#include "process/notify/notify_fixture.h"

namespace vedette::test {
namespace {

class Mqtt : public NotifyTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(Mqtt, TellsStateEventsAndAvailability) {
  Broker broker(folder_);
  Listener listener(broker.port());
  configure(broker.port(), std::string("  protocol: ") + GetParam() + "\n");
  stages_->publish(Played{.mode = Mode::Tracking, .targets = 2, .counts = {{"door", "person", 2}, {"driveway", "car", 0, 3, 1}}});
  stages_->publish_source(schema::SourceStatus::Open);
  start();
  EXPECT_TRUE(listener.wait_last("vedette/availability/test-1", "online"));
  EXPECT_TRUE(listener.wait_last("vedette/front/availability", "online"));
  ASSERT_TRUE(listener.wait_topic("vedette/front/state"));
  const Json state = Json::parse(*listener.last("vedette/front/state"));
  EXPECT_EQ(state["mode"], "tracking");
  EXPECT_EQ(state["targets"], 2);
  EXPECT_EQ(state["camera"], "open");
  EXPECT_EQ(state["counts"].size(), 2u);
  EXPECT_TRUE(listener.wait_last("vedette/front/count/door/person", "2"));
  EXPECT_TRUE(listener.wait_last("vedette/front/count/all/person", "0"));
  EXPECT_TRUE(listener.wait_last("vedette/front/count/driveway/car/into", "3"));
  EXPECT_TRUE(listener.wait_last("vedette/front/count/driveway/car/out_of", "1"));
  EXPECT_TRUE(listener.wait_last("vedette/front/occupancy/door", "ON"));
  EXPECT_TRUE(listener.wait_last("vedette/front/occupancy/all", "OFF"));

  stages_->publish(Played{});
  EXPECT_TRUE(listener.wait_last("vedette/front/count/door/person", "0"));
  EXPECT_TRUE(listener.wait_last("vedette/front/occupancy/door", "OFF"));

  const std::uint64_t id = stages_->tell({});
  ASSERT_TRUE(listener.wait_topic("vedette/front/events"));
  const Json event = Json::parse(*listener.last("vedette/front/events"));
  EXPECT_EQ(event["id"], id);
  EXPECT_EQ(event["phase"], "start");
  EXPECT_EQ(event["kind"], "object");
  EXPECT_EQ(event["camera"], "front");
  EXPECT_EQ(event["rule"], "person at the door");
  EXPECT_EQ(event["zone"], "door");
  EXPECT_EQ(event["label"], "person");
  EXPECT_EQ(event["score"], 0.875);
  EXPECT_EQ(event["track_id"], 7);
  EXPECT_EQ(event["box"]["width"], 0.5);

  stages_->publish_source(schema::SourceStatus::Failed, "no route to host");
  EXPECT_TRUE(listener.wait_last("vedette/front/availability", "offline"));

  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
  EXPECT_TRUE(listener.wait_last("vedette/availability/test-1", "offline"));
}
INSTANTIATE_TEST_SUITE_P(Protocols, Mqtt, ::testing::Values("5", "3.1.1"),
                         [](const auto& value) { return std::string(value.param) == "5" ? "V5" : "V311"; });

using MqttTest = NotifyTest;

TEST_F(MqttTest, RetainsWhatHoldsAndNotWhatHappened) {
  Broker broker(folder_);
  configure(broker.port());
  stages_->publish(Played{});
  start();
  Listener early(broker.port());
  stages_->tell({});
  ASSERT_TRUE(early.wait_topic("vedette/front/events"));
  ASSERT_TRUE(early.wait_topic("vedette/front/state"));
  Listener late(broker.port());
  EXPECT_TRUE(late.wait_topic("vedette/front/state"));
  EXPECT_TRUE(late.wait_last("vedette/availability/test-1", "online"));
  EXPECT_FALSE(late.last("vedette/front/events").has_value());
}

TEST_F(MqttTest, TheBrokerTellsThatItWasKilled) {
  Broker broker(folder_);
  Listener listener(broker.port());
  configure(broker.port());
  start();
  ASSERT_TRUE(listener.wait_last("vedette/availability/test-1", "online"));
  program_->signal(SIGKILL);
  EXPECT_TRUE(listener.wait_last("vedette/availability/test-1", "offline"));
}

TEST_F(MqttTest, ABrokerThatWasKilledGetsAllAgainAndEveryEventMeanwhileInOrder) {
  Broker broker(folder_);
  configure(broker.port());
  stages_->publish(Played{.mode = Mode::Validation});
  start();
  ASSERT_TRUE(wait_log("MQTT: connected"));
  broker.kill();
  ASSERT_TRUE(wait_log("tried again until it works"));
  for (int i = 0; i < 200; ++i) stages_->tell({.text = std::to_string(i)});
  broker.start();
  Listener listener(broker.port());
  ASSERT_TRUE(listener.wait([](const auto& heard) {
    return std::count_if(heard.begin(), heard.end(), [](const Heard& one) { return one.topic == "vedette/front/events"; }) >= 200;
  }));
  int next = 0;
  for (const std::string& payload : listener.payloads("vedette/front/events"))
    EXPECT_EQ(Json::parse(payload)["text"], std::to_string(next++));
  EXPECT_TRUE(listener.wait_last("vedette/availability/test-1", "online"));
  EXPECT_TRUE(listener.wait_topic("vedette/front/state"));
  EXPECT_TRUE(listener.wait([](const auto& heard) {
    return std::any_of(heard.begin(), heard.end(),
                       [](const Heard& one) { return one.topic.starts_with("homeassistant/device/"); });
  })) << "announced again: this broker has nothing kept";
  EXPECT_EQ(count_log("tried again until it works"), 1) << "one line, not one a try";
}

TEST_F(MqttTest, ItsSuccessorGoesOnWhereItWas) {
  Broker broker(folder_);
  Listener listener({.port = broker.port(), .topics = {"vedette/front/events"}});
  configure(broker.port());
  const auto wait_for = [&](const std::string& text) {
    return listener.wait([&](const auto& heard) { return !heard.empty() && Json::parse(heard.back().payload)["text"] == text; });
  };
  start();
  stages_->tell({.text = "first"});
  ASSERT_TRUE(wait_for("first"));
  program_->signal(SIGTERM);
  ASSERT_EQ(program_->wait_exit(), 0);
  stages_->tell({.text = "while it was away"});
  start();
  ASSERT_TRUE(wait_for("while it was away"));
  stages_->tell({.text = "last"});
  ASSERT_TRUE(wait_for("last"));
  EXPECT_EQ(listener.heard().size(), 3u) << "nothing twice";
}

TEST_F(MqttTest, WhatTheBrokerDidNotGetIsToldByItsSuccessor) {
  const std::uint16_t port = free_port();
  const std::string path = folder_.write("tell", "#!/bin/sh\necho run >> " + folder_.file("runs") + "\n");
  ::chmod(path.c_str(), 0755);
  configure(port, "", "notify:\n  hooks: [{exec: [" + path + "]}]\n");
  start();
  ASSERT_TRUE(wait_log("tried again until it works"));
  const std::uint64_t id = stages_->tell({.text = "first"});
  stages_->publish_media(id, schema::MediaKind::Snapshot, folder_.write("s.jpg", "x"));
  ASSERT_TRUE(wait_until([&] { return read_file(folder_.file("runs")) == "run\n"; }));
  program_->signal(SIGTERM);
  ASSERT_EQ(program_->wait_exit(), 0);
  EXPECT_EQ(count_log("2 messages haven't arrived"), 1) << log();
  stages_->tell({.text = "while it was away"});
  stages_->publish_media(id, schema::MediaKind::Clip, folder_.write("c.mp4", "x"));

  Broker broker(folder_, port);
  Listener listener({.port = port, .topics = {"vedette/front/events", "vedette/front/media"}});
  start();
  ASSERT_TRUE(listener.wait([](const auto& heard) { return heard.size() >= 4; })) << log();
  std::vector<std::string> texts, kinds;
  for (const auto& payload : listener.payloads("vedette/front/events")) texts.push_back(Json::parse(payload)["text"]);
  for (const auto& payload : listener.payloads("vedette/front/media")) kinds.push_back(Json::parse(payload)["kind"]);
  EXPECT_EQ(texts, (std::vector<std::string>{"first", "while it was away"}));
  EXPECT_EQ(kinds, (std::vector<std::string>{"snapshot", "clip"}));
  EXPECT_TRUE(wait_until([&] { return read_file(folder_.file("runs")) == "run\nrun\n"; }));
  program_->signal(SIGTERM);
  ASSERT_EQ(program_->wait_exit(), 0);
  EXPECT_EQ(read_file(folder_.file("runs")), "run\nrun\n") << "a program is run once an event";
  start();
  stages_->tell({.text = "last"});
  ASSERT_TRUE(listener.wait([](const auto& heard) { return Json::parse(heard.back().payload).value("text", "") == "last"; }));
  EXPECT_EQ(listener.heard().size(), 5u) << "nothing twice";
}

TEST_F(MqttTest, WhatTheBrokerRefusesIsCountedAndSaidOnce) {
  const std::string rights = folder_.write("rights", "topic deny vedette/front/events\ntopic readwrite #\n");
  // Without a bound, mosquitto 2.0.11 ends the connection after each refusal.
  Broker broker(folder_, free_port(), "allow_anonymous true\nmax_queued_messages 1000\nacl_file " + rights + "\n");
  Listener listener(broker.port());
  configure(broker.port());
  start();
  ASSERT_TRUE(wait_log("MQTT: connected"));
  for (int i = 0; i < 5; ++i) stages_->tell({});
  ASSERT_TRUE(wait_log("messages are refused, and counted: the broker says: Not authorized"));
  ASSERT_TRUE(listener.wait([](const auto& heard) {
    return std::any_of(heard.begin(), heard.end(), [](const Heard& one) {
      return one.topic == "vedette/notify/test-1" && Json::parse(one.payload)["refused"] == 5;
    });
  })) << log();
  EXPECT_EQ(Json::parse(*listener.last("vedette/notify/test-1"))["delivered"], 0);
  EXPECT_EQ(count_log("messages are refused"), 1);
}

TEST_F(MqttTest, AFullQueueDropsTheOldestAndCounts) {
  const std::uint16_t port = free_port();
  configure(port, "  queue: 50\n");
  start();
  ASSERT_TRUE(wait_log("tried again until it works"));
  for (int i = 0; i < 120; ++i) stages_->tell({.text = std::to_string(i)});
  ASSERT_TRUE(wait_log("the queue of 50 messages is full: 70 dropped so far"));
  Broker broker(folder_, port);
  Listener listener(broker.port());
  ASSERT_TRUE(listener.wait([](const auto& heard) {
    return std::count_if(heard.begin(), heard.end(), [](const Heard& one) { return one.topic == "vedette/front/events"; }) >= 50;
  }));
  int next = 70;
  for (const std::string& payload : listener.payloads("vedette/front/events"))
    EXPECT_EQ(Json::parse(payload)["text"], std::to_string(next++));
  EXPECT_EQ(next, 120);
  ASSERT_TRUE(listener.wait_topic("vedette/notify/test-1"));
  EXPECT_EQ(Json::parse(*listener.last("vedette/notify/test-1"))["dropped"], 70);
}

}  // namespace
}  // namespace vedette::test
