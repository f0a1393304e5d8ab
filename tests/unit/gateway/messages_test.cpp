#include "gateway/messages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace vedette::gateway {
namespace {

using Json = nlohmann::json;

TEST(Messages, PicturePrefixIsALengthAndAHeader) {
  Picture picture;
  picture.frame_id = 1'800'000'000ull << 20;
  picture.captured_at_ns = 5'000'250'000;
  picture.width = 768;
  picture.height = 576;
  const std::string prefix = picture_prefix(picture, 5'012'500'000);
  ASSERT_GT(prefix.size(), 4u);
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length |= static_cast<std::size_t>(static_cast<unsigned char>(prefix[i])) << (8 * i);
  ASSERT_EQ(length, prefix.size() - 4);
  const Json json = Json::parse(prefix.substr(4));
  EXPECT_EQ(json["type"], "frame");
  EXPECT_EQ(json["frame_id"], picture.frame_id);
  EXPECT_EQ(json["captured_at_ms"], 5000.25);
  EXPECT_EQ(json["age_ms"], 12.25);
  EXPECT_EQ(json["width"], 768);
  EXPECT_EQ(json["height"], 576);
  EXPECT_EQ(json["codec"], "jpeg");
}

TEST(Messages, DetectionsCarryTheirFrameAndClassNames) {
  Detections detections;
  detections.info.mutate_frame_id(42);
  detections.info.mutate_captured_at_ns(1'000'000'000);
  detections.info.mutate_published_at_ns(1'031'500'000);
  detections.info.mutate_inference_ns(20'000'000);
  detections.boxes = {Detection(0.1f, 0.2f, 0.3f, 0.4f, 0.875f, 0, 0), Detection(0, 0, 1, 1, 0.5f, 7, 0)};
  const Json json = Json::parse(detections_json(detections, {"person"}));
  EXPECT_EQ(json["type"], "detections");
  EXPECT_EQ(json["frame_id"], 42);
  EXPECT_EQ(json["latency_ms"], 31.5);
  EXPECT_EQ(json["inference_ms"], 20.0);
  ASSERT_EQ(json["boxes"].size(), 2u);
  EXPECT_EQ(json["boxes"][0], Json::parse(R"({"x":0.1,"y":0.2,"width":0.3,"height":0.4,"score":0.875,"class":"person"})"));
  EXPECT_EQ(json["boxes"][1]["class"], "7") << "an id beyond the names";
}

TEST(Messages, StateSaysNullForWhatIsNotKnown) {
  StateReport report;
  report.stages = judge({}, true, 1);
  Json json = Json::parse(state_json(report, 29.97));
  EXPECT_EQ(json["type"], "state");
  EXPECT_TRUE(json["mode"].is_null());
  EXPECT_TRUE(json["mode_since_ms"].is_null());
  EXPECT_TRUE(json["latency_ms"]["p50"].is_null());
  EXPECT_EQ(json["fps"]["sent"], 30.0);
  EXPECT_EQ(json["still"], false);
  EXPECT_EQ(json["stages"][1], Json::parse(R"({"name":"detect","status":"missing","age_ms":null})"));

  report.mode = Mode::Tracking;
  report.mode_since_ms = 1234;
  report.latency_p50_ms = 31.25;
  report.latency_p99_ms = 60.0;
  report.targets = 2;
  report.dropped = 3;
  report.still = true;
  json = Json::parse(state_json(report, 0.0));
  EXPECT_EQ(json["mode"], "tracking");
  EXPECT_EQ(json["mode_since_ms"], 1234);
  EXPECT_EQ(json["latency_ms"]["p50"], 31.25);
  EXPECT_EQ(json["targets"], 2);
  EXPECT_EQ(json["dropped"], 3);
  EXPECT_EQ(json["still"], true);
  EXPECT_EQ(json["detecting"], true);
}

TEST(Messages, EventAndHello) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateEventDirect(builder, 9, schema::EventKind::CameraLost, 1, 1'700'000'000'123'000'000, 5, "person",
                                           0.5f, "camera \"front\" \xFF lost"));
  const Json event = Json::parse(event_json(*flatbuffers::GetRoot<schema::Event>(builder.GetBufferPointer())));
  EXPECT_EQ(event["type"], "event");
  EXPECT_EQ(event["id"], 9);
  EXPECT_EQ(event["kind"], "camera_lost");
  EXPECT_EQ(event["wall_ms"], 1'700'000'000'123);
  EXPECT_EQ(event["frame_id"], 5);
  EXPECT_EQ(event["phase"], "once");
  EXPECT_EQ(event["label"], "person");
  EXPECT_EQ(event["zone"], "");
  EXPECT_EQ(event["text"], "camera \"front\" \xEF\xBF\xBD lost") << "a byte that isn't UTF-8";

  const Json hello = Json::parse(hello_json("front", {"person", "car"}));
  EXPECT_EQ(hello["type"], "hello");
  EXPECT_EQ(hello["camera"], "front");
  EXPECT_EQ(hello["classes"], Json({"person", "car"}));
  EXPECT_EQ(hello["stale_after_ms"], 1500);
  EXPECT_TRUE(hello["version"].is_string());
}

}  // namespace
}  // namespace vedette::gateway
