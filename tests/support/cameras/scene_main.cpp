// vedette-test-scene: see scene.h. `--stream codec=h264,size=640x360+320x240,gop=10,b=0,delay=0,wrap=bare,to=/path`, any number of
// them. SIGUSR1: next size; SIGUSR2: noise instead of coded pictures, and back; SIGTERM ends it. Stopped by SIGSTOP it goes on with the
// pictures that are due then.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "base/clock.h"
#include "support/cameras/encoder.h"

namespace {

using namespace vedette;
using namespace vedette::test;

volatile sig_atomic_t size_changes = 0, garbage_changes = 0;
void on_size(int) { size_changes = size_changes + 1; }
void on_garbage(int) { garbage_changes = garbage_changes + 1; }

// Where records go.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(const SceneRecord& record) = 0;
};

// Everybody who is connected to the socket.
class SocketSink : public Sink {
 public:
  explicit SocketSink(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) fail("socket path too long: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size());
    ::unlink(path.c_str());
    listener_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 16) != 0)
      fail(path + ": " + std::strerror(errno));
  }

  void write(const SceneRecord& record) override {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) readers_.push_back({fd, false});
    std::vector<std::uint8_t> message(sizeof record.head);
    std::memcpy(message.data(), &record.head, sizeof record.head);
    message.insert(message.end(), record.bytes.begin(), record.bytes.end());
    for (Reader& reader : readers_) {
      if (record.head.keyframe == 0 && !reader.in_step) continue;
      const ssize_t sent = ::send(reader.fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      reader.in_step = sent >= 0;
      if (sent >= 0 || errno == EAGAIN) continue;
      if (errno == EMSGSIZE) fail("a picture is too large for the socket");
      ::close(std::exchange(reader.fd, -1));
    }
    readers_.erase(std::remove_if(readers_.begin(), readers_.end(), [](const Reader& r) { return r.fd < 0; }), readers_.end());
  }

 private:
  [[noreturn]] static void fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
  }
  struct Reader {
    int fd;
    bool in_step;
  };
  int listener_ = -1;
  std::vector<Reader> readers_;
};

// An RTMP server, tried again and again.
class RtmpSink : public Sink {
 public:
  RtmpSink(std::string url, const SceneEncoder& encoder) : url_(std::move(url)), encoder_(encoder) {}
  ~RtmpSink() override { close(); }

  void write(const SceneRecord& record) override {
    if (muxer_ == nullptr && (record.head.keyframe == 0 || !open())) return;
    AVPacket* packet = av_packet_alloc();
    av_new_packet(packet, static_cast<int>(record.bytes.size()));
    std::memcpy(packet->data, record.bytes.data(), record.bytes.size());
    packet->pts = static_cast<std::int64_t>(record.head.pts_ns - first_ns_) / 1'000'000;
    packet->dts = static_cast<std::int64_t>(record.head.dts_ns - first_ns_) / 1'000'000;
    packet->flags = record.head.keyframe != 0 ? AV_PKT_FLAG_KEY : 0;
    if (av_write_frame(muxer_, packet) < 0 || muxer_->pb->error < 0) close();
    av_packet_free(&packet);
  }

 private:
  bool open() {
    avformat_alloc_output_context2(&muxer_, nullptr, "flv", nullptr);
    AVStream* stream = avformat_new_stream(muxer_, nullptr);
    avcodec_parameters_from_context(stream->codecpar, &encoder_.codec());
    stream->codecpar->codec_tag = 0;
    stream->time_base = {1, 1000};
    muxer_->flush_packets = 1;
    first_ns_ = monotonic_ns() - 1'000'000'000;  // no stamp before 0
    const bool ok = avio_open2(&muxer_->pb, url_.c_str(), AVIO_FLAG_WRITE, nullptr, nullptr) >= 0 &&
                    avformat_write_header(muxer_, nullptr) >= 0;
    if (!ok) close();
    return ok;
  }
  void close() {
    if (muxer_ == nullptr) return;
    if (muxer_->pb != nullptr) avio_closep(&muxer_->pb);
    avformat_free_context(std::exchange(muxer_, nullptr));
  }

  const std::string url_;
  const SceneEncoder& encoder_;
  AVFormatContext* muxer_ = nullptr;
  std::uint64_t first_ns_ = 0;
};

struct Stream {
  std::unique_ptr<SceneEncoder> encoder;
  std::unique_ptr<Sink> sink;
  std::uint64_t delay_ns = 0;
  std::deque<std::pair<std::uint64_t, SceneRecord>> late;  // when it is to be sent
};

std::vector<SceneSize> sizes_of(const std::string& text) {
  std::vector<SceneSize> sizes;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, '+');) {
    SceneSize size;
    if (std::sscanf(part.c_str(), "%dx%d", &size.width, &size.height) != 2) continue;
    sizes.push_back(size);
  }
  return sizes;
}

SceneStream stream_of(const std::string& text) {
  SceneStream stream;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t equals = part.find('=');
    const std::string key = part.substr(0, equals), value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (key == "codec") stream.codec = value;
    if (key == "size") stream.sizes = sizes_of(value);
    if (key == "gop") stream.gop = std::stoi(value);
    if (key == "b") stream.b_frames = std::stoi(value);
    if (key == "delay") stream.delay_ms = std::stoi(value);
    if (key == "wrap") stream.wrap = value;
    if (key == "to") stream.to = value;
  }
  return stream;
}

std::vector<Stream> open_streams(const SceneOptions& options) {
  std::vector<Stream> streams;
  for (const SceneStream& asked : options.streams) {
    Stream stream;
    stream.encoder = std::make_unique<SceneEncoder>(asked, options.fps);
    if (asked.wrap == "flv")
      stream.sink = std::make_unique<RtmpSink>(asked.to, *stream.encoder);
    else
      stream.sink = std::make_unique<SocketSink>(asked.to);
    stream.delay_ns = static_cast<std::uint64_t>(asked.delay_ms) * 1'000'000;
    streams.push_back(std::move(stream));
  }
  return streams;
}

// Sends what is due until `until_ns`.
void send_until(std::vector<Stream>& streams, std::uint64_t until_ns) {
  for (;;) {
    std::uint64_t now = monotonic_ns(), next = until_ns;
    for (Stream& stream : streams) {
      while (!stream.late.empty() && stream.late.front().first <= now) {
        stream.sink->write(stream.late.front().second);
        stream.late.pop_front();
      }
      if (!stream.late.empty()) next = std::min(next, stream.late.front().first);
    }
    now = monotonic_ns();
    if (now >= until_ns) return;
    if (next <= now) continue;
    const timespec rest{static_cast<time_t>((next - now) / 1'000'000'000), static_cast<long>((next - now) % 1'000'000'000)};
    ::nanosleep(&rest, nullptr);
  }
}

void film(std::vector<Stream>& streams, double fps) {
  const double period_ns = 1e9 / fps;
  const std::uint64_t start = monotonic_ns();
  int sizes_done = 0, garbage_done = 0;
  for (std::uint64_t number = 1;; ++number) {
    send_until(streams, start + static_cast<std::uint64_t>(period_ns * static_cast<double>(number)));
    const bool next_size = sizes_done != size_changes;
    if (next_size) ++sizes_done;
    garbage_done = garbage_changes;
    const std::uint64_t at = monotonic_ns();
    // After a stop of the whole program: on with what is due now.
    number = std::max(number, static_cast<std::uint64_t>(static_cast<double>(at - start) / period_ns));
    for (Stream& stream : streams) {
      if (next_size) stream.encoder->next_size();
      stream.encoder->set_garbage(garbage_done % 2 == 1);
      stream.encoder->encode(number, at, [&](SceneRecord record) {
        if (stream.delay_ns == 0)
          stream.sink->write(record);
        else
          stream.late.emplace_back(at + stream.delay_ns, std::move(record));
      });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  struct sigaction action {};
  action.sa_handler = on_size;
  ::sigaction(SIGUSR1, &action, nullptr);
  action.sa_handler = on_garbage;
  ::sigaction(SIGUSR2, &action, nullptr);
  av_log_set_level(AV_LOG_QUIET);
  avformat_network_init();
  SceneOptions options;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--fps") options.fps = std::stod(argv[i + 1]);
    if (std::string(argv[i]) == "--stream") options.streams.push_back(stream_of(argv[i + 1]));
  }
  for (const SceneStream& stream : options.streams) {
    if (!stream.sizes.empty() && !stream.to.empty()) continue;
    std::fprintf(stderr, "a stream needs size= and to=\n");
    return 2;
  }
  std::vector<Stream> streams = open_streams(options);
  std::printf("filming\n");
  std::fflush(stdout);
  film(streams, options.fps);
}
