// The system view, the configuration, the documents and the metrics.
#include "process/api/api_fixture.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/clock.h"
#include "schema/frame.h"
#include "stage/topics.h"

namespace vedette::test {
namespace {

// One picture of another program's; its topic stays behind.
void publish_picture(const bus::BusDir& dir, const std::string& camera) {
  const FrameLayout layout = frame_layout(PixelFormat::I420, 320, 180);
  auto ring = bus::RingWriter::open(dir, {camera, "frames"}, stage::frames_ring({}, layout.slot_bytes, 1));
  ASSERT_TRUE(ring) << ring.error().text;
  auto loan = ring->loan();
  ASSERT_TRUE(loan);
  FrameInfo info;
  info.mutate_frame_id(ring->next_frame_id());
  info.mutate_captured_at_ns(monotonic_ns());
  info.mutate_published_at_ns(monotonic_ns());
  info.mutate_width(320), info.mutate_height(180);
  info.mutate_source_width(320), info.mutate_source_height(180);
  info.mutate_format(PixelFormat::I420);
  for (std::size_t plane = 0; plane < layout.planes.size(); ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    info.mutable_plane_offset()->Mutate(index, layout.planes[plane].offset);
    info.mutable_plane_stride()->Mutate(index, layout.planes[plane].stride);
  }
  std::memcpy(loan->bytes().data(), &info, sizeof info);
  ring->publish(std::move(*loan), info.frame_id(), layout.slot_bytes);
}

TEST_F(ApiTest, SystemKnowsWhoRuns) {
  configure();
  start();
  start_control();
  start_gateway();
  publish_picture(bus_, "yard");
  Json system;
  const auto runs = [&](const std::string& tag) {
    for (const Json& stage : system["stages"])
      if (stage["tag"] == tag) return stage["status"] == "ok" && stage["memory_bytes"].get<std::uint64_t>() > 0;
    return false;
  };
  ASSERT_TRUE(wait_until([&] {
    system = json("/api/system");
    return runs("control") && runs("gateway") && runs("record");
  })) << system.dump(2);
  EXPECT_GT(system["machine"]["memory_total_bytes"], system["machine"]["memory_used_bytes"]);
  EXPECT_GE(system["machine"]["cpu_percent"], 0.0);
  const Json yard = system["latency"][1];
  EXPECT_EQ(yard["camera"], "yard");
  ASSERT_EQ(yard["hops"].size(), 2u);
  EXPECT_EQ(yard["hops"][1]["name"], "published");
  EXPECT_GE(yard["hops"][1]["at_ms"], 0.0);
  const auto missing = std::count_if(system["stages"].begin(), system["stages"].end(), [](const Json& stage) {
    return stage["tag"] == "detect" && stage["status"] == "missing" && stage["pid"].is_null();
  });
  EXPECT_EQ(missing, 1) << system["stages"].dump();
  EXPECT_EQ(json("/api/cameras/yard")["size"], Json::parse(R"({"width":320,"height":180})"));
}

TEST_F(ApiTest, ConfigurationWithoutSecrets) {
  configure("    password: otherpass\n", "mqtt:\n  host: broker\n  username: us\n  password: mqttpass\n");
  start_gateway();
  const std::string text = get("/api/config").body;
  const Json config = Json::parse(text)["config"];
  EXPECT_EQ(config["cameras"]["front"]["url"], "rtsp://***@camera/main");
  EXPECT_EQ(config["cameras"]["front"]["password"], "***");
  EXPECT_EQ(config["record"]["post_roll"], "2s");
  for (const char* secret : {"s3cretpass", "otherpass", "mqttpass"}) EXPECT_EQ(text.find(secret), std::string::npos);
}

TEST_F(ApiTest, DocumentsOfItself) {
  configure();
  start_gateway();
  const Json document = json("/api/openapi.json");
  EXPECT_EQ(document["openapi"], "3.1.0");
  for (const char* path : {"/api/cameras", "/api/cameras/{camera}/mode", "/api/cameras/{camera}/settings/zones", "/api/events",
                           "/api/events/{camera}/{id}/clip.mp4", "/api/models", "/api/config", "/api/system", "/metrics"})
    EXPECT_TRUE(document["paths"].contains(path)) << path;
  const HttpAnswer page = get("/api/docs");
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("/api/cameras/{camera}/mode"), std::string::npos);
  EXPECT_EQ(get("/api/docs.css").headers.at("content-type"), "text/css; charset=utf-8");
}

// Read by Prometheus's own parser.
TEST_F(ApiTest, MetricsAreWhatPrometheusReads) {
  if (!std::filesystem::exists(PYTHON_TOOLS)) GTEST_SKIP() << "no Python tools: run scripts/fetch-python-tools";
  configure();
  start_control();
  start_gateway();
  get("/api/cameras/front");
  get("/nothing\"\\");
  const std::string command = std::string(PYTHON_TOOLS) + " " VEDETTE_SOURCE_DIR "/tests/process/api/read_metrics.py " +
                              folder_.write("metrics.txt", get("/metrics").body);
  FILE* pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string said;
  char chunk[4096];
  while (std::fgets(chunk, sizeof chunk, pipe) != nullptr) said += chunk;
  EXPECT_EQ(::pclose(pipe), 0) << said;
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace vedette::test
