// Opened again and again, whatever it was that failed: no file, no thread, no memory is left behind. Within one process, so that
// a thousand times don't wait for a thousand back-offs.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "capture/slots.h"
#include "capture/source.h"
#include "conformance/sources/rig.h"

extern "C" {
#include <libavutil/log.h>
}

namespace vedette::test {
namespace {

struct Reopened {
  Kind kind;
  int times = 1000;
};
void PrintTo(const Reopened& reopened, std::ostream* out) { *out << reopened.kind.name; }

struct Usage {
  std::ptrdiff_t files = 0;
  std::ptrdiff_t threads = 0;
  std::ptrdiff_t heap_bytes = 0;
};

std::ptrdiff_t entries_of(const char* folder) {
  const std::filesystem::directory_iterator entries(folder);
  return std::distance(begin(entries), end(entries));
}
Usage usage() {
  return {entries_of("/proc/self/fd"), entries_of("/proc/self/task"), static_cast<std::ptrdiff_t>(::mallinfo2().uordblks)};
}

class Reopening : public Rig, public ::testing::WithParamInterface<Reopened> {
 protected:
  Reopening() { av_log_set_level(AV_LOG_QUIET); }  // of streams that are joined anywhere it says much
  void open_often(int times) {
    capture::SourceOptions options;
    options.camera = "front";
    options.url = url_;
    options.timeout = std::chrono::seconds(20);
    capture::Slots slots(dir_, {topic("front/frames"), 16, 2, true, false});
    capture::Sources sources(options, dir_, slots, [] { return true; });
    int given_up = 0;  // opened in vain: a datagram too few, a server that was busy
    for (int i = 0; i < times;) {
      const auto source = sources.open();
      const bool gives = source.ok() && (*source)->read() == capture::Source::Read::kPacket;
      if (fails_) {
        ASSERT_FALSE(source.ok());
      }
      if (gives || fails_) {
        ++i;
        continue;
      }
      ASSERT_TRUE(server_) << (source.ok() ? (*source)->error().text : source.error().text);
      server_->mend();
      ASSERT_LT(++given_up, 10) << (source.ok() ? (*source)->error().text : source.error().text);
    }
  }
  void expect_nothing_left(int times) {
    open_often(std::max(2, times / 10));  // what is made once, at first
    const Usage before = usage();
    open_often(times);
    const Usage after = usage();
    EXPECT_EQ(after.files, before.files);
    EXPECT_EQ(after.threads, before.threads);
    // A thousand times not even a hundred bytes each; a dozen times less than one of libav's contexts each.
    EXPECT_LT(after.heap_bytes - before.heap_bytes, times >= 1000 ? times * 100 : times * 20'000) << "bytes of heap";
  }
  bool fails_ = false;
};

TEST_P(Reopening, LeavesNothingBehind) {
  fps_ = 200;
  gop_ = 2;
  size_ = {128, 96};
  if (!make_source(GetParam().kind)) GTEST_SKIP() << why_not();
  expect_nothing_left(GetParam().times);
}
const Reopened kReopened[] = {
    {{"file_mp4_h264", Way::kFile, "h264", ".mp4"}}, {{"folder_of_jpegs", Way::kFolder, "mjpeg"}},
    {{"synthetic", Way::kSynthetic, "mjpeg"}},       {{"http_mjpeg", Way::kHttpMjpeg, "mjpeg"}},
    {{"tcp_ts_h264", Way::kTcpTs, "h264"}, 30},      {{"rtsp_tcp_mjpeg", Way::kRtspTcp, "mjpeg"}, 15},
    {{"rtsp_udp_h264", Way::kRtspUdp, "h264"}, 12},  {{"rtmp_h264", Way::kRtmp, "h264"}, 3},
    {{"udp_ts_h264", Way::kUdpTs, "h264"}, 30},      {{"ingest_post", Way::kIngestPost, "mjpeg"}, 100},
};
INSTANTIATE_TEST_SUITE_P(All, Reopening, ::testing::ValuesIn(kReopened), [](const auto& param) { return param.param.kind.name; });

TEST_F(Reopening, NobodyThereLeavesNothingBehind) {
  fails_ = true;
  for (const char* scheme : {"rtsp", "http", "rtmp", "tcp"}) {
    url_ = std::string(scheme) + "://127.0.0.1:" + std::to_string(free_tcp_port()) + "/x";
    expect_nothing_left(1000);
  }
}

TEST_F(Reopening, AFileOfRubbishLeavesNothingBehind) {
  fails_ = true;
  std::string rubbish(5000, '\0');
  for (std::size_t i = 0; i < rubbish.size(); ++i) rubbish[i] = static_cast<char>((i * 7919 + 13) % 251);
  url_ = folder_.write("rubbish.mp4", rubbish);
  expect_nothing_left(1000);
}

}  // namespace
}  // namespace vedette::test
