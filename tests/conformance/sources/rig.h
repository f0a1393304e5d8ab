// One kind of source, the real vedette-capture that reads it, and readers of its topics. All that the suite demands is demanded
// of every kind in kinds(), by what its row says.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "bus/log.h"
#include "conformance/sources/decode.h"
#include "support/bus_fixture.h"
#include "support/cameras/cameras.h"

namespace vedette::test {

enum class Way {
  kFile,
  kFolder,
  kSynthetic,
  kRtspTcp,
  kRtspUdp,
  kRtmp,
  kHttpMjpeg,
  kHttpTs,
  kTcpTs,
  kTcpBare,
  kUdpTs,
  kIngestPost,
  kIngestWebSocket
};

struct Kind {
  std::string name;
  Way way = Way::kFile;
  std::string codec = "h264";  // h264, h265, mjpeg, "" (raw pictures: no packets)
  std::string ending;          // of a file; a synthetic camera's format
  int b_frames = 0;
  std::string audio = "none";
  std::vector<std::string> more;  // arguments of the server
  std::string auth = "none";      // that it asks for: basic, digest
};
void PrintTo(const Kind& kind, std::ostream* out);

bool is_live(const Kind& kind);    // has a server, which can die
bool is_film(const Kind& kind);    // has an end
bool is_pushed(const Kind& kind);  // by HTTP: however long nothing comes, there is nothing to be opened again
std::vector<Kind> kinds();
std::vector<Kind> live_kinds();
std::vector<Kind> film_kinds();
std::vector<Kind> file_kinds();

inline constexpr double kFps = 20;
inline constexpr std::uint64_t kPeriodNs = 50'000'000;
inline constexpr int kFilmPictures = 60;
inline constexpr SceneSize kSize{320, 240};
inline constexpr SceneSize kOtherSize{480, 272};

struct SeenFrame {
  FrameInfo info;
  std::optional<vision::TestStamp> stamp;
  std::uint64_t missed = 0;
};
struct SeenPacket {
  PacketInfo info;
  std::vector<std::byte> config;
  std::vector<std::byte> data;
  std::uint64_t missed = 0;
  PacketView view() const { return {info, config, data}; }
};

// Thread-bound; several may be at work in one process.
class Rig : public BusFixture {
 public:
  Rig();
  ~Rig() override;

  // The source of this kind; for live ones scene and server are running afterwards. False: it can't be had here (skipped),
  // why_not() says why.
  bool make_source(const Kind& kind);
  const std::string& why_not() const { return why_not_; }

 protected:
  void TestBody() override {}
  // vedette-capture on `url` with more lines for the camera ("timeout: 1s").
  void start_capture(const std::vector<std::string>& lines = {});
  void start_capture_of(const std::string& camera_yaml, const std::string& input = "");
  Program& capture() { return *capture_; }
  std::string log() const { return capture_->err(); }
  std::size_t count_in_log(const std::string& text) const;

  // The next frame; none: the watchdog came first, or capture ended.
  std::optional<SeenFrame> next_frame(std::chrono::seconds watchdog = std::chrono::seconds(60));
  // The next record of packets.
  std::optional<SeenPacket> next_packet(std::chrono::seconds watchdog = std::chrono::seconds(60));
  // A frame drawn at `at_ns` or later.
  std::optional<SeenFrame> frame_drawn_after(std::uint64_t at_ns);
  // Waits for a line of the log with this text, looking at no more than what came after the first `from` bytes.
  bool wait_for_log(const std::string& text, std::size_t from = 0);

  TempFolder folder_{"/tmp"};
  Kind kind_;
  std::string why_not_;
  std::string user_ = "us er", password_ = "p@ss:w/rd%?#x";  // that the camera knows, if it asks for one
  double fps_ = kFps;                                        // of make_source()'s scene
  int gop_ = 10;
  SceneSize size_ = kSize;
  int damage_ = 0;  // of make_source()'s scene: see SceneStream
  int damage_kind_ = -1;
  std::string url_;
  std::unique_ptr<Scene> scene_;
  std::unique_ptr<CameraPart> server_;
  std::unique_ptr<Program> capture_;
  const int failures_before_;
  bus::Subscriber frames_;
  bus::LogSubscriber packets_;
};

// Scenario::run() with each of these sources, as it is after make_source(), several at once: they mostly wait. One that can't be
// had here is named; skipped if that goes for all. VEDETTE_KIND=rtsp in the environment: only those with that in their name.
template <class Scenario>
void for_all(std::vector<Kind> sources) {
  const char* const only = std::getenv("VEDETTE_KIND");
  const auto is_left_out = [&](const Kind& kind) { return only != nullptr && kind.name.find(only) == std::string::npos; };
  sources.erase(std::remove_if(sources.begin(), sources.end(), is_left_out), sources.end());
  std::atomic<std::size_t> next{0}, skipped{0};
  const auto work = [&] {
    for (std::size_t i; (i = next++) < sources.size();) {
      SCOPED_TRACE(sources[i].name);
      Scenario scenario;
      if (scenario.make_source(sources[i])) {
        scenario.run();
      } else {
        std::printf("%s is left out: %s\n", sources[i].name.c_str(), scenario.why_not().c_str());
        ++skipped;
      }
    }
  };
  constexpr std::size_t kAtOnce = 6;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::min(kAtOnce, sources.size()); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  if (sources.empty()) GTEST_SKIP() << "VEDETTE_KIND is in the name of none of this test's kinds";
  if (skipped == sources.size()) GTEST_SKIP() << "none of these servers is there";
}

}  // namespace vedette::test
