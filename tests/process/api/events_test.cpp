// Events over HTTP: lists, files in parts, marking and removing, with a recorder that runs.
#include "process/api/api_fixture.h"

#include <filesystem>
#include <set>

namespace vedette::test {
namespace {

using schema::EventPhase;

constexpr const char* kX264 = "libx264 -preset ultrafast -g 30 -keyint_min 30 -sc_threshold 0";

TEST_F(ApiTest, NothingRecordedYetIsAnEmptyList) {
  configure();
  start_gateway();
  EXPECT_EQ(json("/api/events"), Json::parse(R"({"events":[],"next":null})"));
  EXPECT_EQ(get("/api/events/front/7").status, 404);
  EXPECT_EQ(ask("DELETE", "/api/events/front/7").status, 404);
}

TEST_F(ApiTest, AnEventWithItsFiles) {
  const auto packets = packets_of({"formats-h264-silent", kX264, ""});
  if (packets.empty()) GTEST_SKIP() << "this ffmpeg can't make H.264";
  configure();
  Source source(bus_);
  source.begin(12);
  source.publish(packets, 12);
  source.tell({.id = 1, .at = 6, .started = 6, .best = 6.5});
  source.tell({.id = 1, .phase = EventPhase::End, .at = 8, .started = 6, .best = 6.5});
  start();
  const auto done = wait_done(1);
  ASSERT_TRUE(done) << log();
  start_gateway();
  const Json list = json("/api/events?camera=front&label=person&zone=door&limit=5");
  ASSERT_EQ(list["events"].size(), 1u);
  EXPECT_EQ(list["next"], nullptr);
  EXPECT_EQ(list["events"][0], json("/api/events/front/1"));
  EXPECT_EQ(list["events"][0]["zones"], Json::array({"door"}));
  EXPECT_EQ(json("/api/events?label=car")["events"].size(), 0u);

  const std::string path = store::Tree(storage()).clip(done->key, done->started_at_ms, 1);
  const std::string content = read_file(path);
  const HttpAnswer clip = get("/api/events/front/1/clip.mp4");
  EXPECT_EQ(clip.headers.at("content-type"), "video/mp4");
  EXPECT_TRUE(clip.body == content);
  const HttpAnswer part = get("/api/events/front/1/clip.mp4", "Range: bytes=100-299\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_TRUE(part.body == content.substr(100, 200));
  EXPECT_EQ(ask("HEAD", "/api/events/front/1/clip.mp4").headers.at("content-length"), std::to_string(content.size()));
  EXPECT_EQ(get("/api/events/front/1/clip.mp4?part=2").status, 404);
  const std::string url = "http://127.0.0.1:" + std::to_string(port_) + "/api/events/front/1/clip.mp4";
  EXPECT_EQ(probe(url, "stream=codec_name", "-read_intervals 5%+#1"), "h264\n") << "players seek in it";
  for (const char* picture : {"snapshot.jpg", "boxed.jpg", "crop.jpg"}) {
    const HttpAnswer answer = get(std::string("/api/events/front/1/") + picture);
    EXPECT_EQ(answer.status, 200) << picture;
    EXPECT_EQ(answer.body.substr(0, 2), "\xff\xd8") << picture;
    EXPECT_EQ(get(std::string("/api/events/front/1/") + picture, "If-None-Match: " + answer.headers.at("etag") + "\r\n").status,
              304);
  }

  const HttpAnswer marked = ask("PATCH", "/api/events/front/1", R"({"favourite":true})");
  EXPECT_EQ(marked.status, 200) << marked.body;
  EXPECT_EQ(Json::parse(marked.body)["favourite"], true);
  EXPECT_EQ(json("/api/events?favourites=true")["events"].size(), 1u);
  EXPECT_EQ(ask("DELETE", "/api/events/front/1").status, 204);
  EXPECT_EQ(get("/api/events/front/1").status, 404);
  EXPECT_EQ(get("/api/events/front/1/clip.mp4").status, 404);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ApiTest, PagesGoThroughAllOnce) {
  configure();
  {
    auto store = store::Store::open(storage());
    ASSERT_TRUE(store) << store.error().text;
    for (std::uint64_t id = 1; id <= 25; ++id) {
      store::Event event;
      event.key = {id % 5 == 0 ? "yard" : "front", id};
      event.kind = "object", event.label = "person", event.text = "<b>a person</b>";
      event.started_at_ms = 1'700'000'000'000 + static_cast<std::int64_t>(id / 3) * 1000;  // some at the same time
      event.ended_at_ms = event.started_at_ms + 500;
      event.state = store::EventState::kDone;
      ASSERT_TRUE(store->put(event));
    }
  }
  start_gateway();
  std::set<std::uint64_t> seen;
  std::string before;
  int pages = 0;
  for (;; ++pages) {
    const Json page = json("/api/events?limit=7" + (before.empty() ? "" : "&before=" + before));
    for (const Json& event : page["events"]) EXPECT_TRUE(seen.insert(event["id"].get<std::uint64_t>()).second);
    if (page["next"].is_null()) break;
    before = page["next"];
  }
  EXPECT_EQ(seen.size(), 25u);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(json("/api/events?camera=yard")["events"].size(), 5u);
  EXPECT_EQ(json("/api/events?since=1700000008000")["events"].size(), 2u);
  EXPECT_EQ(json("/api/events?until=1700000001000")["events"].size(), 2u);
  for (const char* bad :
       {"before=x", "before=1.2", "limit=0", "limit=501", "since=-1", "camera=", "colour=red", "favourites=maybe"})
    EXPECT_EQ(get(std::string("/api/events?") + bad).status, 400) << bad;
}

}  // namespace
}  // namespace vedette::test
