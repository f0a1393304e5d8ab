#include "conformance/sources/rig.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "base/clock.h"

namespace vedette::test {
namespace {

// Failures of this thread: of those at work at once, only a rig of which something failed shows its program's log.
thread_local int failures = 0;
class CountFailures : public ::testing::EmptyTestEventListener {
  void OnTestPartResult(const ::testing::TestPartResult& result) override { failures += result.failed() ? 1 : 0; }
};
const bool counts_failures = (::testing::UnitTest::GetInstance()->listeners().Append(new CountFailures), true);

std::unique_ptr<CameraPart> server_of(const Kind& kind, const Login& login, std::uint16_t port, const std::string& socket,
                                      const std::string& prefix, const std::string& bus_dir) {
  switch (kind.way) {
    case Way::kRtspTcp:
    case Way::kRtspUdp:
      return std::make_unique<RtspServer>(RtspOptions{{{"/live", kind.codec, socket}}, kind.audio, login, 0}, port, prefix);
    case Way::kRtmp:
      return std::make_unique<RtmpServer>(port, prefix);
    case Way::kHttpMjpeg:
      return std::make_unique<HttpServer>(HttpOptions{"mjpeg", socket, kind.more, login}, port, prefix);
    case Way::kHttpTs:
      return std::make_unique<HttpServer>(HttpOptions{"ts", socket, kind.more, login}, port, prefix);
    case Way::kTcpTs:
    case Way::kTcpBare:
      return std::make_unique<HttpServer>(HttpOptions{"tcp", socket, kind.more, login}, port, prefix);
    case Way::kUdpTs:
      return std::make_unique<PushingCamera>("udp", socket, port, prefix);
    case Way::kIngestPost:
    case Way::kIngestWebSocket: {
      const std::string by = kind.way == Way::kIngestPost ? "post" : "websocket";
      return std::make_unique<IngestServer>(IngestOptions{VEDETTE_BIN_DIR "/vedette-gateway", bus_dir, by, socket}, port, prefix);
    }
    default:
      return nullptr;
  }
}

std::string url_of(const Kind& kind, std::uint16_t port) {
  const std::string host = "://127.0.0.1:" + std::to_string(port);
  switch (kind.way) {
    case Way::kRtspTcp:
    case Way::kRtspUdp:
      return "rtsp" + host + "/live";
    case Way::kRtmp:
      return "rtmp" + host + "/live/camera";
    case Way::kHttpMjpeg:
      return "http" + host + "/video.mjpg";
    case Way::kHttpTs:
      return "http" + host + "/stream.ts";
    case Way::kUdpTs:
      return "udp" + host;
    case Way::kIngestPost:
    case Way::kIngestWebSocket:
      return "ingest:";
    default:
      return "tcp" + host;
  }
}

std::string wrap_of(Way way) {
  if (way == Way::kRtmp) return "flv";
  return way == Way::kHttpTs || way == Way::kTcpTs || way == Way::kUdpTs ? "ts" : "bare";
}

std::optional<std::string> missing_for(Way way) {
  if (way == Way::kRtspTcp || way == Way::kRtspUdp) return no_rtsp_server();
  return way == Way::kRtmp ? no_rtmp_server() : std::nullopt;
}

std::vector<Kind> kinds_that(bool (*fits)(const Kind&)) {
  std::vector<Kind> some = kinds();
  some.erase(std::remove_if(some.begin(), some.end(), [&](const Kind& kind) { return !fits(kind); }), some.end());
  return some;
}

}  // namespace

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

bool is_live(const Kind& kind) { return kind.way >= Way::kRtspTcp; }
bool is_film(const Kind& kind) { return kind.way == Way::kFile || kind.way == Way::kFolder; }
bool is_pushed(const Kind& kind) { return kind.way == Way::kIngestPost || kind.way == Way::kIngestWebSocket; }

std::vector<Kind> kinds() {
  return {
      {"file_mp4_h264", Way::kFile, "h264", ".mp4", 2},
      {"file_mkv_h265", Way::kFile, "h265", ".mkv", 2},
      {"file_ts_h264", Way::kFile, "h264", ".ts"},
      {"file_mkv_mjpeg", Way::kFile, "mjpeg", ".mkv"},
      {"file_bare_h264", Way::kFile, "h264", ".h264"},
      {"folder_of_jpegs", Way::kFolder, "mjpeg"},
      {"synthetic_mjpeg", Way::kSynthetic, "mjpeg"},
      {"synthetic_yuyv", Way::kSynthetic, "", "yuyv"},
      {"synthetic_nv12", Way::kSynthetic, "", "nv12"},
      {"rtsp_tcp_h264", Way::kRtspTcp, "h264", "", 0, "aac"},
      {"rtsp_tcp_h264_b_frames", Way::kRtspTcp, "h264", "", 2},
      {"rtsp_tcp_h265", Way::kRtspTcp, "h265", "", 0, "pcmu"},
      {"rtsp_udp_h264", Way::kRtspUdp, "h264"},
      {"rtsp_udp_mjpeg", Way::kRtspUdp, "mjpeg"},
      {"rtmp_h264", Way::kRtmp, "h264"},
      {"http_mjpeg", Way::kHttpMjpeg, "mjpeg"},
      {"http_mjpeg_without_lengths", Way::kHttpMjpeg, "mjpeg", "", 0, "none", {"--no-length", "--dashes", "--boundary", "--x y"}},
      {"http_ts_h264", Way::kHttpTs, "h264"},
      {"tcp_ts_h264", Way::kTcpTs, "h264"},
      {"tcp_bare_h264", Way::kTcpBare, "h264"},
      {"udp_ts_h264", Way::kUdpTs, "h264"},
      {"ingest_post", Way::kIngestPost, "mjpeg"},
      {"ingest_websocket", Way::kIngestWebSocket, "mjpeg"},
  };
}

std::vector<Kind> live_kinds() { return kinds_that(is_live); }
std::vector<Kind> file_kinds() {
  return kinds_that([](const Kind& kind) { return kind.way == Way::kFile; });
}
std::vector<Kind> film_kinds() { return kinds_that(is_film); }

Rig::Rig()
    : failures_before_(failures),
      frames_(dir_, topic("front/frames"), kFrameSchema, bus::Demand::every_pixel()),
      packets_(dir_, topic("front/packets"), kPacketsSchema, {.packets = true}, bus::LogFrom::kOldestKeyframe) {}

Rig::~Rig() {
  if (!capture_) return;
  if (counts_failures && failures > failures_before_) ADD_FAILURE() << "log of vedette-capture:\n" << log();
  capture_->signal(SIGTERM);
  (void)capture_->wait_exit(std::chrono::seconds(10));
}

bool Rig::make_source(const Kind& kind) {
  kind_ = kind;
  why_not_ = missing_for(kind.way).value_or("");
  if (!why_not_.empty()) return false;
  if (kind.way == Way::kSynthetic) {
    url_ = "synthetic:?size=320x240&fps=20&format=" + (kind.codec.empty() ? kind.ending : kind.codec);
    return true;
  }
  SceneStream stream;
  stream.codec = kind.codec;
  stream.sizes = {size_, kOtherSize};
  stream.gop = gop_;
  stream.b_frames = kind.b_frames;
  stream.damage = damage_;
  stream.damage_kind = damage_kind_;
  if (!is_live(kind)) {
    stream.wrap = kind.way == Way::kFolder ? "folder" : "file";
    url_ = stream.to = folder_.file("film" + kind.ending);
    if (kind.way == Way::kFolder) std::filesystem::create_directory(url_);
    const bool made = make_film(stream, fps_, kFilmPictures, folder_.file("scene"));
    if (!made) why_not_ = "the film can't be made";
    return made;
  }
  const std::uint16_t port = kind.way == Way::kUdpTs ? free_udp_port() : free_tcp_port();
  url_ = url_of(kind, port);
  stream.wrap = wrap_of(kind.way);
  stream.to = kind.way == Way::kRtmp ? url_ : folder_.file("scene.socket");
  const Login login{kind.auth, user_, password_};
  server_ = server_of(kind, login, port, stream.to, folder_.file("server"), path_);
  server_->start();
  scene_ = std::make_unique<Scene>(SceneOptions{fps_, {stream}}, folder_.file("scene"));
  scene_->start();
  return true;
}

void Rig::start_capture(const std::vector<std::string>& lines) {
  std::string yaml = "url: \"" + url_ + "\"\n";
  if (kind_.way == Way::kFolder) yaml += "fps: 20\n";
  if (kind_.way == Way::kRtspUdp) yaml += "rtsp_transport: udp\n";
  for (const std::string& line : lines) yaml += line + "\n";
  start_capture_of(yaml);
}

void Rig::start_capture_of(const std::string& camera_yaml, const std::string& input) {
  std::string text = "cameras:\n  front:\n";
  std::istringstream lines(camera_yaml);
  for (std::string line; std::getline(lines, line);) text += "    " + line + "\n";
  const std::string config = folder_.write("vedette" + input + ".yaml", text);
  std::vector<std::string> arguments{VEDETTE_BIN_DIR "/vedette-capture", "-c", config, "--camera", "front", "--bus-dir", path_};
  if (!input.empty()) arguments.insert(arguments.end(), {"--input", input});
  capture_ = std::make_unique<Program>(arguments, folder_.file("capture" + input));
}

std::size_t Rig::count_in_log(const std::string& text) const {
  const std::string all = log();
  std::size_t count = 0;
  for (std::size_t at = 0; (at = all.find(text, at)) != std::string::npos; at += text.size()) ++count;
  return count;
}

bool Rig::wait_for_log(const std::string& text, std::size_t from) {
  return wait_until([&] { return log().find(text, from) != std::string::npos; });
}

std::optional<SeenFrame> Rig::next_frame(std::chrono::seconds watchdog) {
  const std::uint64_t end = monotonic_ns() + static_cast<std::uint64_t>(watchdog.count()) * 1'000'000'000;
  for (bool last_look = false; !last_look;) {
    last_look = !capture_->running() || monotonic_ns() >= end;
    if (const auto taken = frames_.take_next()) {
      SeenFrame seen;
      std::memcpy(&seen.info, taken.lease.bytes().data(), sizeof seen.info);
      const auto good = check_frame(seen.info, taken.lease.bytes().size());
      EXPECT_TRUE(good.ok()) << (good.ok() ? "" : good.error().text);
      if (!good.ok()) return std::nullopt;
      seen.stamp = stamp_of(seen.info, taken.lease.bytes());
      seen.missed = taken.missed;
      return seen;
    }
    if (server_) server_->mend();
    if (!last_look) frames_.wait(std::chrono::milliseconds(50));
  }
  return std::nullopt;
}

std::optional<SeenPacket> Rig::next_packet(std::chrono::seconds watchdog) {
  std::vector<std::byte> record;
  const std::uint64_t end = monotonic_ns() + static_cast<std::uint64_t>(watchdog.count()) * 1'000'000'000;
  for (bool last_look = false; !last_look;) {
    last_look = !capture_->running() || monotonic_ns() >= end;
    if (const auto taken = packets_.take_next(record)) {
      const auto view = packet_view(record);
      EXPECT_TRUE(view.ok()) << (view.ok() ? "" : view.error().text);
      if (!view.ok()) return std::nullopt;
      return SeenPacket{
          view->info, {view->config.begin(), view->config.end()}, {view->data.begin(), view->data.end()}, taken.missed};
    }
    if (server_) server_->mend();
    if (!last_look) packets_.wait(std::chrono::milliseconds(50));
  }
  return std::nullopt;
}

std::optional<SeenFrame> Rig::frame_drawn_after(std::uint64_t at_ns) {
  while (auto frame = next_frame())
    if (frame->stamp && frame->stamp->at_ns >= at_ns) return frame;
  return std::nullopt;
}

}  // namespace vedette::test
