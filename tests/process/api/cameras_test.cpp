// Cameras and their settings: what is commanded over HTTP reaches control, and can be read back.
#include "process/api/api_fixture.h"

namespace vedette::test {
namespace {

TEST_F(ApiTest, CommandsReachControl) {
  configure();
  start_control();
  start_gateway();
  const auto front = [&] { return json("/api/cameras/front"); };
  ASSERT_TRUE(wait_until([&] { return front()["mode"] == "standby"; }));
  EXPECT_EQ(front()["url"], "rtsp://***@camera/main");
  EXPECT_EQ(front()["has_detect"], true);
  EXPECT_EQ(front()["stages"].size(), 3u);
  EXPECT_EQ(json("/api/cameras")["cameras"][1]["name"], "yard");

  EXPECT_EQ(ask("PUT", "/api/cameras/front/mode", R"({"mode":"tracking"})").status, 204);
  EXPECT_TRUE(wait_until([&] { return front()["mode"] == "tracking"; }));
  EXPECT_EQ(ask("PUT", "/api/cameras/front/mode", R"({"mode":"auto"})").status, 204);
  EXPECT_EQ(ask("POST", "/api/cameras/front/pause").status, 204);
  EXPECT_TRUE(wait_until([&] { return front()["paused"] == true; }));
  EXPECT_EQ(ask("POST", "/api/cameras/front/resume").status, 204);
  EXPECT_TRUE(wait_until([&] { return front()["paused"] == false; }));
  EXPECT_EQ(ask("PUT", "/api/cameras/front/detection", R"({"enabled":false})").status, 204);
  EXPECT_TRUE(wait_until([&] { return json("/api/cameras/front/state")["detecting"] == false; }));

  control_->signal(SIGTERM);
  ASSERT_EQ(control_->wait_exit(), 0);
  const HttpAnswer away = ask("POST", "/api/cameras/front/pause");
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.headers.at("content-type"), "application/problem+json");
  EXPECT_EQ(away.headers.at("retry-after"), "1");
}

TEST_F(ApiTest, SettingsThereAndBack) {
  configure("    zones: [{name: door, polygon: \"0,0 0.3,0 0.3,0.2\"}]\n    threshold: 0.55\n");
  start_control();
  start_gateway();
  const std::string settings = "/api/cameras/front/settings";
  const Json all = json(settings);
  EXPECT_EQ(all["threshold"], Json::parse(R"({"value":0.55,"overridden":false})"));
  EXPECT_EQ(all["zones"]["value"], Json::parse(R"([{"name":"door","polygon":"0,0 0.3,0 0.3,0.2"}])"));
  EXPECT_EQ(all["masks"]["value"], Json::array());
  EXPECT_EQ(json("/api/cameras/yard/settings/threshold")["value"], 0.5) << "that of the sentry";

  // More than a record of the bus holds.
  Json zones = Json::array();
  for (int i = 0; i < 16; ++i) {
    zones.push_back({{"name", "zone" + std::to_string(i)},
                     {"polygon", "0,0 0.5,0 0.5,0.5 0." + std::to_string(101 + 2 * i) + ",0.75"},
                     {"objects", {"person", "${HOME}" + std::string(400, 'x')}}});
  }
  HttpAnswer put = ask("PUT", settings + "/zones", Json{{"value", zones}}.dump());
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(Json::parse(put.body)["value"], zones) << "nothing of it was replaced from the environment";
  EXPECT_EQ(Json::parse(put.body)["overridden"], true);
  EXPECT_EQ(json(settings + "/zones")["value"], zones);
  EXPECT_EQ(json("/api/config")["overridden"], Json::array({"cameras.front.zones"}));

  const HttpAnswer bad =
      ask("PUT", settings + "/zones",
          R"({"value":[{"name":"a","polygon":"0,0 1,1"},{"name":"b","polygon":"0,0 1,0 1,1","colour":"red"}]})");
  EXPECT_EQ(bad.status, 422);
  const Json errors = Json::parse(bad.body)["errors"];
  ASSERT_EQ(errors.size(), 2u) << bad.body;
  EXPECT_EQ(errors[0]["pointer"], "/value/0/polygon");
  EXPECT_EQ(errors[1]["pointer"], "/value/1/colour");
  EXPECT_EQ(json(settings + "/zones")["value"], zones) << "as it was";

  const HttpAnswer gone = ask("DELETE", settings + "/zones");
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(Json::parse(gone.body), all["zones"]);
  EXPECT_EQ(ask("PUT", settings + "/colour", R"({"value":1})").status, 404);
}

// Other masks are a new session: capture starts again and reads them.
TEST_F(ApiTest, MasksAskForANewSession) {
  configure();
  start_control();
  start_gateway();
  bus::Subscriber control(bus_, {"front", "control"}, kControlSchema);
  const auto session = [&] {
    std::uint64_t number = 0;
    wait_until([&] {
      RecordBuffer buffer;
      const bus::Taken taken = control.take_newest();
      if (!taken) return false;
      const auto read = copy_record<schema::Control>(taken.lease.bytes(), buffer);
      if (read) number = (*read)->session();
      return true;
    });
    return number;
  };
  const std::uint64_t before = session();
  const HttpAnswer put = ask("PUT", "/api/cameras/front/settings/masks", R"({"value":["0,0 0.3,0 0.3,0.2"]})");
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(Json::parse(put.body), Json::parse(R"({"value":["0,0 0.3,0 0.3,0.2"],"overridden":true})"));
  EXPECT_TRUE(wait_until([&] { return session() > before; }));
}

}  // namespace
}  // namespace vedette::test
