// vedette-test-scene: see scene.h. `--stream codec=h264,size=640x360+320x240,gop=10,b=0,delay=0,wrap=bare,to=/path`, any number
// of them. SIGUSR1: next size; SIGUSR2: noise instead of coded pictures, and back; SIGTERM ends it. Stopped by SIGSTOP it goes on
// with the pictures that are due then. `--frames 60`: so many, at once, and the end.
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>

#include "base/clock.h"
#include "support/cameras/encoder.h"
#include "support/cameras/sinks.h"

namespace {

using namespace vedette;
using namespace vedette::test;

volatile sig_atomic_t size_changes = 0, garbage_changes = 0;
void on_size(int) { size_changes = size_changes + 1; }
void on_garbage(int) { garbage_changes = garbage_changes + 1; }

struct Stream {
  std::unique_ptr<SceneEncoder> encoder;
  std::unique_ptr<SceneSink> sink;
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
    if (key == "damage") stream.damage = std::stoi(value);
    if (key == "damage_kind") stream.damage_kind = std::stoi(value);
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
    stream.sink = open_sink(asked, *stream.encoder);
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

void encode_all(std::vector<Stream>& streams, std::uint64_t number, std::uint64_t at_ns) {
  for (Stream& stream : streams) {
    stream.encoder->encode(number, at_ns, [&](SceneRecord record) {
      if (stream.delay_ns == 0)
        stream.sink->write(record);
      else
        stream.late.emplace_back(at_ns + stream.delay_ns, std::move(record));
    });
  }
}

void film(std::vector<Stream>& streams, double fps) {
  const double period_ns = 1e9 / fps;
  const std::uint64_t start = monotonic_ns();
  int sizes_done = 0;
  for (std::uint64_t number = 1;; ++number) {
    send_until(streams, start + static_cast<std::uint64_t>(period_ns * static_cast<double>(number)));
    const std::uint64_t at = monotonic_ns();
    // After a stop of the whole program: on with what is due now.
    number = std::max(number, static_cast<std::uint64_t>(static_cast<double>(at - start) / period_ns));
    const bool next_size = sizes_done != size_changes;
    if (next_size) ++sizes_done;
    for (Stream& stream : streams) {
      if (next_size) stream.encoder->next_size();
      stream.encoder->set_garbage(garbage_changes % 2 == 1);
    }
    encode_all(streams, number, at);
  }
}

// At once, for files: the stamps are those of a film that began at 0.
void film_fast(std::vector<Stream>& streams, double fps, std::uint64_t frames) {
  for (std::uint64_t number = 1; number <= frames; ++number)
    encode_all(streams, number, static_cast<std::uint64_t>(1e9 / fps * static_cast<double>(number)));
  for (Stream& stream : streams) stream.encoder->flush([&](SceneRecord record) { stream.sink->write(record); });
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
  std::uint64_t frames = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--fps") options.fps = std::stod(argv[i + 1]);
    if (std::string(argv[i]) == "--frames") frames = std::stoull(argv[i + 1]);
    if (std::string(argv[i]) == "--stream") options.streams.push_back(stream_of(argv[i + 1]));
  }
  for (const SceneStream& stream : options.streams) {
    if (!stream.sizes.empty() && !stream.to.empty()) continue;
    std::fprintf(stderr, "a stream needs size= and to=\n");
    return 2;
  }
  std::vector<Stream> streams = open_streams(options);
  if (frames > 0) return film_fast(streams, options.fps, frames), 0;
  std::printf("filming\n");
  std::fflush(stdout);
  film(streams, options.fps);
}
