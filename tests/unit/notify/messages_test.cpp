// What is told, in JSON and in a webhook's own words; and when a webhook tries again.
#include "notify/messages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "notify/file_book.h"
#include "notify/notice.h"
#include "notify/webhook.h"

namespace vedette::notify {
namespace {

using Json = nlohmann::json;

Event event() {
  Event event;
  event.camera = "front";
  event.id = 1234;
  event.kind = schema::EventKind::Object;
  event.phase = schema::EventPhase::Start;
  event.wall_at_ns = 1'764'158'400'123'000'000;
  event.rule = "person at the door";
  event.label = "person";
  event.score = 0.87654f;
  event.text = "a \"person\"\nis there";
  return event;
}

TEST(Messages, AnEventIsJsonWhateverIsInIt) {
  Event odd = event();
  odd.label = "\xff\xfe";
  odd.text = std::string("a\0b", 3);
  const Json json = Json::parse(event_json(odd, {}));
  EXPECT_EQ(json["time"], "2025-11-26T12:00:00.123Z");
  EXPECT_EQ(json["label"], "\uFFFD\uFFFD");
  EXPECT_EQ(json["zone"], nullptr);
  EXPECT_EQ(json["box"], nullptr);
  EXPECT_EQ(json["started"], nullptr);
  EXPECT_EQ(json["snapshot"], nullptr);
  EXPECT_EQ(Json::parse(event_json(event(), {"/s.jpg", ""}))["snapshot"], "/s.jpg");
}

// Its fields, their words and its times are those of detr-mmap's controller, which tells of these two changes alone.
TEST(Messages, SpeaksAsDetrMmapDoes) {
  Event change = event();
  change.kind = schema::EventKind::Alarm;
  EXPECT_EQ(Json::parse(detr_mmap_json(change, Mode::Validation)), Json({{"device_id", "front"},
                                                                         {"timestamp", "2025-11-26T12:00:00.123Z"},
                                                                         {"state", "Tracking"},
                                                                         {"previous_state", "Validation"},
                                                                         {"event_type", "human_detected"}}));
  change.kind = schema::EventKind::Standby;
  const Json standby = Json::parse(detr_mmap_json(change, Mode::Tracking));
  EXPECT_EQ(standby["event_type"], "standby_resumed");
  EXPECT_EQ(standby["state"], "Standby");
  EXPECT_EQ(standby["previous_state"], "Tracking");
  EXPECT_EQ(mode_of(schema::EventKind::Alarm), Mode::Tracking);
  EXPECT_EQ(mode_of(schema::EventKind::Standby), Mode::Standby);
  EXPECT_FALSE(mode_of(event().kind).has_value());
}

TEST(Notice, FillsInABody) {
  const Notice notice{event(), {"/s.jpg", ""}};
  EXPECT_EQ(fill_in(R"({"say": "{{text}}", "who": "{{ label }} {{score}}", "at": "{{time}}"})", notice),
            R"({"say": "a \"person\"\nis there", "who": "person 0.877", "at": "2025-11-26T12:00:00.123Z"})");
  EXPECT_EQ(fill_in("{{json}}", notice), event_json(notice.event, notice.files));
  EXPECT_EQ(fill_in("no placeholders }} {", notice), "no placeholders }} {");
  for (const std::string_view name : kEventPlaceholders) EXPECT_NE(fill_in("{{" + std::string(name) + "}}|", notice), "") << name;
}

TEST(Notice, ChoosesByKindPhaseAndCamera) {
  EventChoice choice;
  EXPECT_TRUE(is_chosen(choice, event()));
  choice.phases = {"end"};
  EXPECT_FALSE(is_chosen(choice, event()));
  choice.phases = {"start"};
  choice.events = {"alarm"};
  EXPECT_FALSE(is_chosen(choice, event()));
  choice.events = {"alarm", "object"};
  choice.cameras = {"rear"};
  EXPECT_FALSE(is_chosen(choice, event()));
  choice.cameras = {"rear", "front"};
  EXPECT_TRUE(is_chosen(choice, event()));
}

TEST(Notice, EveryKindCanBeChosenByItsName) {
  std::vector<std::string_view> names;
  for (const schema::EventKind kind : schema::EnumValuesEventKind()) names.push_back(to_string(kind));
  EXPECT_EQ(names, (std::vector<std::string_view>(kEventKinds.begin(), kEventKinds.end())));
}

TEST(FileBook, RemembersTheNewest) {
  FileBook book;
  for (std::uint64_t id = 1; id <= 2000; ++id) {
    book.add({"front", id, schema::MediaKind::Snapshot, "/s" + std::to_string(id)});
    book.add({"front", id, schema::MediaKind::Clip, "/c" + std::to_string(id)});
  }
  EXPECT_EQ(book.of("front", 2000).snapshot, "/s2000");
  EXPECT_EQ(book.of("front", 2000).clip, "/c2000");
  EXPECT_EQ(book.of("front", 1001).clip, "/c1001");
  EXPECT_EQ(book.of("front", 1000).clip, "");
  EXPECT_EQ(book.of("rear", 2000).clip, "");
}

TEST(Webhook, KnowsWhenToTryAgain) {
  for (const long status : {408L, 425L, 429L, 500L, 502L, 503L, 504L}) EXPECT_TRUE(is_worth_another_try(status)) << status;
  for (const long status : {301L, 400L, 401L, 403L, 404L, 410L, 422L}) EXPECT_FALSE(is_worth_another_try(status)) << status;
  constexpr std::uint64_t kNow = 1'764'158'400'000'000'000;  // 2025-11-26T12:00:00Z
  using std::chrono::seconds;
  EXPECT_EQ(retry_after("120", kNow), seconds(120));
  EXPECT_EQ(retry_after("0", kNow), seconds(0));
  EXPECT_EQ(retry_after("Wed, 26 Nov 2025 12:00:30 GMT", kNow), seconds(30));
  EXPECT_EQ(retry_after("Wed, 26 Nov 2025 11:00:30 GMT", kNow), seconds(0));
  EXPECT_EQ(retry_after("9999999999999", kNow), std::chrono::minutes(30));
  for (const char* nonsense : {"", "-5", "soon", "12 parsecs"}) EXPECT_EQ(retry_after(nonsense, kNow), seconds(0)) << nonsense;
}

}  // namespace
}  // namespace vedette::notify
