// A broker that hangs (SIGSTOP) while a thousand events happen: none is lost, their order stays, and a camera on the same machine
// keeps its rate. The connection breaks and is tried again on the way.
#include <csignal>
#include <set>

#include "process/notify/notify_fixture.h"
#include "process/system/expectations.h"

namespace vedette::test {
namespace {

constexpr int kEvents = 1000;
constexpr int kPauseSeconds = 60;
constexpr std::size_t kMostTwice = 16;  // of each broken connection: what was on its way

TEST_F(NotifyTest, ABrokerThatHangsCostsNoEventAndNoFrame) {
  Broker broker(folder_);
  Listener listener({.port = broker.port(), .topics = {"vedette/front/events"}});
  configure(broker.port(), "  keepalive: 5s\n");
  folder_.write("yard.yaml",
                "cameras:\n  yard:\n    url: \"synthetic:?size=320x240&fps=30\"\nbus:\n  dir: " + folder_.file("bus") + "\n");
  Program camera({binary("vedette-capture"), "--config", folder_.file("yard.yaml"), "--camera", "yard"}, folder_.file("capture"));
  FrameWatch frames(*dir_, "yard");
  start();
  ASSERT_TRUE(wait_log("MQTT: connected"));
  ASSERT_TRUE(frames.since(1)) << camera.err();

  broker.signal(SIGSTOP);
  const std::uint64_t began = monotonic_ns();
  int told = 0;
  RateCheck rate(frames);
  rate.run([&] {
    const double passed = static_cast<double>(age_ns(began)) / (1e9 * kPauseSeconds);
    while (told < kEvents && told < passed * kEvents) stages_->tell({.text = std::to_string(told++)});
    return passed >= 1.0 && told == kEvents;
  });
  broker.signal(SIGCONT);
  rate.expect_held(0.5 * kPauseSeconds);

  ASSERT_TRUE(listener.wait([](const auto& heard) {
    return !heard.empty() && Json::parse(heard.back().payload)["text"] == std::to_string(kEvents - 1);
  })) << log();
  const auto heard = listener.payloads("vedette/front/events");
  std::set<int> seen;
  for (const std::string& payload : heard) {
    const int number = std::stoi(Json::parse(payload)["text"].get<std::string>());
    if (!seen.insert(number).second) continue;  // it came twice
    EXPECT_EQ(number, static_cast<int>(seen.size()) - 1) << "out of order";
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kEvents));
  const int breaks = count_log("MQTT: connected") - 1;
  EXPECT_LE(heard.size() - seen.size(), kMostTwice * static_cast<std::size_t>(breaks)) << log();
  std::cout << breaks << " broken connections, " << heard.size() - seen.size() << " events twice, " << 100.0 * rate.share()
            << " % of the camera's frames" << std::endl;
}

}  // namespace
}  // namespace vedette::test
