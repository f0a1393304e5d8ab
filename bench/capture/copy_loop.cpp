#include "bench/capture/copy_loop.h"

extern "C" {
#include <libavformat/avformat.h>
}

#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "bench/support/result.h"

namespace vedette::bench {
namespace {

// As much as capture keeps of 50 Mbit/s: packets go round in it, so that copying meets memory as cold as capture's.
constexpr std::size_t kRingBytes = 50'000'000 / 8 * 9;

class Ring {
 public:
  void copy(const AVPacket& packet) {
    const auto size = static_cast<std::size_t>(packet.size);
    if (size > bytes_.size()) fail("a packet larger than the ring");
    if (at_ + size > bytes_.size()) at_ = 0;
    std::memcpy(bytes_.data() + at_, packet.data, size);
    at_ += size;
  }

 private:
  std::vector<unsigned char> bytes_ = std::vector<unsigned char>(kRingBytes, 1);
  std::size_t at_ = 0;
};

}  // namespace

int copy_loop(const std::string& url) {
  avformat_network_init();
  AVFormatContext* format = nullptr;
  if (avformat_open_input(&format, url.c_str(), nullptr, nullptr) < 0 || avformat_find_stream_info(format, nullptr) < 0)
    fail("can't read " + url);
  const bool is_file = url.find("://") == std::string::npos;
  Ring ring;
  AVPacket* packet = av_packet_alloc();
  auto began = std::chrono::steady_clock::now();
  for (;;) {
    if (av_read_frame(format, packet) < 0) {
      if (!is_file || av_seek_frame(format, -1, 0, AVSEEK_FLAG_BACKWARD) < 0) fail(url + " ended");
      began = std::chrono::steady_clock::now();
      continue;
    }
    if (is_file) {
      const auto due = av_rescale_q(packet->dts, format->streams[packet->stream_index]->time_base, AVRational{1, 1'000'000});
      std::this_thread::sleep_until(began + std::chrono::microseconds(due));
    }
    ring.copy(*packet);
    av_packet_unref(packet);
  }
}

}  // namespace vedette::bench
