#include "gateway/messages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace vedette::gateway {
namespace {

using Json = nlohmann::json;

Json header_of(const Picture& picture) {
  const std::string& head = picture.head();
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length |= static_cast<std::size_t>(static_cast<unsigned char>(head[i])) << (8 * i);
  EXPECT_EQ(length, head.size() - 4);
  return Json::parse(head.substr(4));
}

TEST(Messages, APicturesHeadIsALengthAndAHeader) {
  const auto video = std::make_shared<const Video>(Video{VideoSource::kPixels, Codec::MJPEG, "mjpeg", 768, 576, 0});
  const std::uint64_t id = 1'800'000'000ull << 20, taken = monotonic_ns() - 12'000'000;
  const auto picture = Picture::of_jpeg(video, id, taken, std::vector<std::byte>(10));
  const Json json = header_of(*picture);
  EXPECT_EQ(json["type"], "frame");
  EXPECT_EQ(json["frame_id"], id);
  EXPECT_NEAR(json["captured_at_ms"], static_cast<double>(taken) / 1e6, 0.001);
  EXPECT_GE(json["age_ms"], 12);
  EXPECT_EQ(json["width"], 768);
  EXPECT_EQ(json["height"], 576);
  EXPECT_EQ(json["codec"], "jpeg");
  EXPECT_EQ(picture->bytes(), 10u);
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

PicturePtr packet_of(Codec codec, std::string_view config, std::string_view data, std::int64_t pts_ns = 0, bool key = true) {
  PacketInfo info;
  info.mutate_frame_id(42);
  info.mutate_captured_at_ns(5'000'250'000);
  info.mutate_codec(codec);
  info.mutate_keyframe(key ? 1 : 0);
  info.mutate_pts_ns(pts_ns);
  info.mutate_width(1280);
  info.mutate_height(720);
  const auto config_bytes = bytes_of(config), data_bytes = bytes_of(data);
  std::vector<std::byte> record;
  for (const auto& piece : packet_pieces(info, config_bytes, data_bytes)) record.insert(record.end(), piece.begin(), piece.end());
  const auto view = packet_view(record);
  EXPECT_TRUE(view.ok());
  return Picture::of_packet(std::make_shared<const Video>(Video{VideoSource::kCamera, codec, "", 1280, 720, 7}),
                            std::move(record), *view);
}

std::string payload_of(const Picture& picture) {
  std::string all;
  for (const auto& part : picture.parts()) all.append(reinterpret_cast<const char*>(part.data()), part.size());
  return all;
}

TEST(Messages, APacketsHeadSaysHowToDecodeIt) {
  const auto key = packet_of(Codec::H264, "SPS", "slice", -40'000'000);
  EXPECT_EQ(payload_of(*key), "SPSslice") << "parameter sets stand in front of a keyframe";
  EXPECT_EQ(header_of(*key),
            Json::parse(R"({"type":"packet","frame_id":42,"captured_at_ms":5000.25,"pts_us":-40000,"key":true,"stream":7,
                            "codec":"h264","width":1280,"height":720})"));
  const auto delta = packet_of(Codec::H265, "", "slice", 1'000'000, false);
  EXPECT_EQ(header_of(*delta)["key"], false);
  EXPECT_EQ(header_of(*delta)["codec"], "h265");
  EXPECT_FALSE(delta->key());
}

TEST(Messages, ACamerasJpegIsAFrameAsIt) {
  const std::string file = "\xff\xd8\xff\xc4...";
  const auto picture = packet_of(Codec::MJPEG, "", file);
  EXPECT_EQ(payload_of(*picture), file);
  EXPECT_EQ(header_of(*picture)["type"], "frame");
  EXPECT_EQ(header_of(*picture)["codec"], "jpeg");
}

TEST(Messages, VideoSaysTheWayAndWhy) {
  const Video video{VideoSource::kEncoded, Codec::H264, "avc1.42c01f", 1920, 1080, 3};
  EXPECT_EQ(Json::parse(video_json(video, "so")),
            Json::parse(R"({"type":"video","path":"packets","source":"encoded","codec":"h264","codec_string":"avc1.42c01f",
                            "width":1920,"height":1080,"why":"so"})"));
  EXPECT_EQ(Json::parse(video_json(Video{}, ""))["path"], "jpeg");
}

TEST(Messages, TracksCarryTheirFrameAndMotion) {
  Tracks tracks;
  tracks.info.mutate_frame_id(42);
  tracks.info.mutate_captured_at_ns(1'000'000'000);
  Track track;
  track.mutate_id(9);
  track.mutate_x(0.25f);
  track.mutate_y(0.5f);
  track.mutate_width(0.125f);
  track.mutate_height(0.25f);
  track.mutate_velocity_x(-0.5f);
  track.mutate_velocity_y(0.75f);
  track.mutate_score(0.875f);
  track.mutate_phase(TrackPhase::Lost);
  tracks.tracks = {track};
  EXPECT_EQ(
      Json::parse(tracks_json(tracks, {"person"})),
      Json::parse(R"({"type":"tracks","frame_id":42,"captured_at_ms":1000.0,"tracks":[{"id":9,"x":0.25,"y":0.5,"width":0.125,
                            "height":0.25,"vx":-0.5,"vy":0.75,"score":0.875,"class":"person","phase":"lost","still":false}]})"));
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
  Json json = Json::parse(state_json(state_head(report), 29.97));
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
  json = Json::parse(state_json(state_head(report), 0.0));
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
