// Webhooks at a real HTTP server, and programs that are run: what they get, and what happens when they fail.
#include <csignal>
#include <sstream>

#include <sys/stat.h>

#include "process/notify/notify_fixture.h"

namespace vedette::test {
namespace {

// tests/process/notify/web_server.py
class WebServer {
 public:
  WebServer(const TempFolder& folder, const std::string& plan)
      : log_(folder.write("requests", "")),
        program_({"/usr/bin/python3", std::string(VEDETTE_SOURCE_DIR) + "/tests/process/notify/web_server.py", log_, plan},
                 folder.file("web_server")) {
    VD_ASSERT(wait_until([this] { return program_.out().ends_with('\n'); }), program_.err().c_str());
  }
  std::string url(const std::string& path) const {
    std::string port = program_.out();
    port.pop_back();
    return "http://127.0.0.1:" + port + path;
  }
  std::vector<Json> requests() const {
    std::vector<Json> requests;
    std::istringstream lines(read_file(log_));
    for (std::string line; std::getline(lines, line);) requests.push_back(Json::parse(line));
    return requests;
  }
  bool wait(std::size_t requests_) const {
    return wait_until([&] { return requests().size() >= requests_; });
  }

 private:
  std::string log_;
  Program program_;
};

class Webhooks : public NotifyTest {
 protected:
  // A webhook with these keys; no broker.
  void configure_webhook(const std::string& keys) { configure_without_broker("notify:\n  webhooks: [{" + keys + "}]\n"); }
  void configure_hook(const std::string& keys) { configure_without_broker("notify:\n  hooks: [{" + keys + "}]\n"); }
  std::string script(const std::string& name, const std::string& text) {
    const std::string path = folder_.write(name, "#!/bin/sh\n" + text);
    ::chmod(path.c_str(), 0755);
    return path;
  }
};

TEST_F(Webhooks, GetTheEventAsJsonWithTheirHeaders) {
  const WebServer server(folder_, "");
  configure_webhook("url: \"" + server.url("/in?x=1") +
                    "\", headers: [\"Authorization: Bearer ${HOOK_TOKEN}\"], events: [object]");
  ::setenv("HOOK_TOKEN", "open-sesame-9", 1);
  start();
  stages_->tell({.kind = schema::EventKind::Alarm, .phase = schema::EventPhase::Once});  // not chosen
  const std::uint64_t id = stages_->tell({});
  stages_->tell({.id = id, .phase = schema::EventPhase::Update});  // not chosen
  ASSERT_TRUE(server.wait(1));
  const Json request = server.requests()[0];
  EXPECT_EQ(request["path"], "/in?x=1");
  EXPECT_EQ(request["headers"]["Authorization"], "Bearer open-sesame-9");
  EXPECT_EQ(request["headers"]["Content-Type"], "application/json");
  const Json event = Json::parse(request["body"].get<std::string>());
  EXPECT_EQ(event["id"], id);
  EXPECT_EQ(event["phase"], "start");
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(log().find("open-sesame-9"), std::string::npos);
}

TEST_F(Webhooks, GetABodyOfTheirOwn) {
  const WebServer server(folder_, "");
  configure_webhook("url: \"" + server.url("/") +
                    R"(", body: '{"say": "{{text}}", "on": "{{camera}}"}', headers: ["Content-Type: text/plain"])");
  start();
  stages_->tell({.text = "a \"friend\""});
  ASSERT_TRUE(server.wait(1));
  EXPECT_EQ(server.requests()[0]["body"], R"({"say": "a \"friend\"", "on": "front"})");
  EXPECT_EQ(server.requests()[0]["headers"]["Content-Type"], "text/plain");
}

TEST_F(Webhooks, WaitForThePictureAndSendIt) {
  const WebServer server(folder_, "");
  configure_webhook("url: \"" + server.url("/") + "\", snapshot: true");
  start();
  const std::uint64_t id = stages_->tell({});
  stages_->tell({.kind = schema::EventKind::CameraLost, .phase = schema::EventPhase::Once});
  ASSERT_TRUE(wait_log("tells of"));
  const std::string picture = "\xff\xd8 a picture \xff\xd9";
  stages_->publish_media(id, schema::MediaKind::Snapshot, folder_.write("s.jpg", picture));
  ASSERT_TRUE(server.wait(1));
  const std::string body = server.requests()[0]["body"];
  EXPECT_NE(body.find("name=\"event\""), std::string::npos) << body;
  EXPECT_NE(body.find("name=\"snapshot\"; filename=\"s.jpg\""), std::string::npos) << body;
  EXPECT_NE(server.requests()[0].dump().find(" a picture "), std::string::npos);
  EXPECT_NE(body.find("\"snapshot\":\"" + folder_.file("s.jpg")), std::string::npos) << body;
}

TEST_F(Webhooks, TryAgainAndKeepTheOrder) {
  const WebServer server(folder_, "drop 500 503:2 200");
  configure_webhook("url: \"" + server.url("/") + "\", timeout: 2s");
  start();
  stages_->tell({.text = "first"});
  stages_->tell({.text = "second"});
  ASSERT_TRUE(server.wait(5));
  std::vector<std::string> texts;
  for (const Json& request : server.requests()) texts.push_back(Json::parse(request["body"].get<std::string>())["text"]);
  EXPECT_EQ(texts, (std::vector<std::string>{"first", "first", "first", "first", "second"}));
  EXPECT_GE(server.requests()[3]["time"].get<double>() - server.requests()[2]["time"].get<double>(), 2.0) << "Retry-After: 2";
  EXPECT_TRUE(wait_log("takes events again"));
  EXPECT_EQ(count_log("tried again, up to"), 1);
}

TEST_F(Webhooks, GiveUpWhatIsRefusedForGood) {
  const WebServer server(folder_, "404 200");
  configure_webhook("url: \"" + server.url("/") + "\"");
  start();
  stages_->tell({.text = "first"});
  stages_->tell({.text = "second"});
  ASSERT_TRUE(server.wait(2));
  EXPECT_EQ(Json::parse(server.requests()[1]["body"].get<std::string>())["text"], "second");
  EXPECT_TRUE(wait_log("is given up after 1 try: HTTP 404"));
  EXPECT_EQ(count_log("tried again"), 0) << log();
}

TEST_F(Webhooks, AServerThatNeverAnswersEndsWithTheProgram) {
  const WebServer server(folder_, "mute");
  configure_webhook("url: \"" + server.url("/") + "\", timeout: 5m");
  start();
  stages_->tell({});
  ASSERT_TRUE(server.wait(1));
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
}

TEST_F(Webhooks, ProgramsGetTheEvent) {
  const std::string path = script("tell", "cat > " + folder_.file("input") + "\nenv | grep ^VEDETTE_ | sort > " +
                                              folder_.file("env") + "\necho told \"$1\"\necho on stderr >&2\nmv " +
                                              folder_.file("env") + " " + folder_.file("done") + "\nexit 3\n");
  configure_hook("exec: [" + path + ", \"an argument\"]");
  start();
  const std::uint64_t id = stages_->tell({.text = "two\nlines"});
  ASSERT_TRUE(wait_until([&] { return !read_file(folder_.file("done")).empty(); }));
  EXPECT_EQ(Json::parse(read_file(folder_.file("input")))["id"], id);
  const std::string variables = read_file(folder_.file("done"));
  EXPECT_NE(variables.find("VEDETTE_CAMERA=front\n"), std::string::npos) << variables;
  EXPECT_NE(variables.find("VEDETTE_KIND=object\n"), std::string::npos);
  EXPECT_NE(variables.find("VEDETTE_PHASE=start\n"), std::string::npos);
  EXPECT_NE(variables.find("VEDETTE_ID=" + std::to_string(id) + "\n"), std::string::npos);
  EXPECT_TRUE(wait_log("hook tell: told an argument"));
  EXPECT_TRUE(wait_log("hook tell: on stderr"));
  EXPECT_TRUE(wait_log("hook tell: ended with 3"));
}

TEST_F(Webhooks, ProgramsInheritNoConnection) {
  Broker broker(folder_);
  const std::string path = script("files", "ls -l /proc/self/fd | grep -c socket: > " + folder_.file("sockets") + "\nmv " +
                                               folder_.file("sockets") + " " + folder_.file("done") + "\n");
  configure(broker.port(), "", "notify:\n  hooks: [{exec: [" + path + "]}]\n");
  start();
  ASSERT_TRUE(wait_log("MQTT: connected"));
  stages_->tell({});
  ASSERT_TRUE(wait_until([&] { return !read_file(folder_.file("done")).empty(); }));
  EXPECT_EQ(read_file(folder_.file("done")), "0\n");
}

TEST_F(Webhooks, WhatWaitsAtTheEndIsSaid) {
  const WebServer server(folder_, "500");
  configure_webhook("url: \"" + server.url("/") + "\"");
  start();
  for (int i = 0; i < 3; ++i) stages_->tell({});
  ASSERT_TRUE(server.wait(1));
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
  EXPECT_EQ(count_log("3 events weren't delivered"), 1) << log();
}

TEST_F(Webhooks, AProgramThatHangsIsKilledWithItsChildren) {
  const std::string path = script("hang", "sleep 1000 &\necho $! > " + folder_.file("child") + "\nwait\n");
  configure_hook("exec: [" + path + "], timeout: 500ms");
  start();
  stages_->tell({});
  EXPECT_TRUE(wait_log("hook hang: killed after 500 ms"));
  const pid_t child = std::atoi(read_file(folder_.file("child")).c_str());
  ASSERT_GT(child, 0);
  EXPECT_TRUE(wait_until([&] { return has_ended(child); }));
}

TEST_F(Webhooks, AProgramThatIsNotThereOrFloodsIsSaid) {
  const std::string path = script("flood", "yes | head -c 10000000\n");
  configure_without_broker("notify:\n  hooks: [{exec: [/nowhere/tell]}, {exec: [" + path + "]}]\n");
  start();
  stages_->tell({});
  EXPECT_TRUE(wait_log("can't run /nowhere/tell: No such file or directory"));
  EXPECT_TRUE(wait_log("hook flood: the rest of what it prints is left out"));
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
  EXPECT_EQ(count_log("hook flood: y\n"), 16);
}

}  // namespace
}  // namespace vedette::test
