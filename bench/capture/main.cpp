// What stands around vedette-capture in its benchmarks, each a program of its own that bench/capture_run.py starts:
//   bench_capture clip FILE WIDTH HEIGHT FPS SECONDS    writes a clip of MJPEG, the soft picture over and over
//   bench_capture picture FILE WIDTH HEIGHT             writes that picture as a JPEG
//   bench_capture copy URL                              the bare loop: reads packets as capture does, copies each once; until
//   SIGTERM bench_capture pixels BUS CAMERA FPS                 asks for so many pictures a second, takes and releases them;
//   until SIGTERM bench_capture mode_change BUS CAMERA FPS CHANGES    prints the longest time, in ms, from a demand's change to
//   the first picture
//                                                       drawn after it
//   bench_capture packets BUS SECONDS CAMERA…           prints the longest mean period, in ms, of a camera's packets
// Those that print a number print it as bench/support/result.h has it. Each is one thread; all end with who started them.
#include <sys/prctl.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "bench/capture/clip.h"
#include "bench/capture/copy_loop.h"
#include "bench/support/result.h"
#include "bus/log.h"
#include "schema/frame.h"
#include "schema/packet.h"
#include "vision/test_pattern.h"

namespace {

using namespace vedette;
using namespace vedette::bench;
using namespace std::chrono_literals;

int print(double value, const char* unit) {
  std::printf("{\"value\": %.6g, \"unit\": \"%s\"}\n", value, unit);
  return 0;
}

// A camera's pictures, as a stage reads them.
class Pictures {
 public:
  Pictures(const std::string& bus, const std::string& camera, const bus::Demand& demand)
      : dir_(must(bus::BusDir::open(bus))), topic_(dir_, {camera, "frames"}, kFrameSchema, demand) {}
  // The next one; empty: none within the time.
  std::span<const std::byte> take(std::chrono::nanoseconds timeout) {
    lease_.release();
    if (topic_.wait(timeout) != bus::Wait::kNew) return {};
    bus::Taken taken = topic_.take_newest();
    if (!taken) return {};
    lease_ = std::move(taken.lease);
    return lease_.bytes();
  }
  void ask(const bus::Demand& demand) { topic_.set_demand(demand); }

 private:
  bus::BusDir dir_;
  bus::Subscriber topic_;
  bus::Lease lease_;
};

int read_pixels(const std::string& bus, const std::string& camera, float fps) {
  Pictures pictures(bus, camera, bus::Demand::pixels_at(fps));
  for (;;) (void)pictures.take(100ms);
}

// The stamp drawn into a picture.
std::optional<vision::TestStamp> stamp_in(std::span<const std::byte> slot) {
  if (slot.size() < sizeof(FrameInfo)) return std::nullopt;
  FrameInfo info;
  std::memcpy(&info, slot.data(), sizeof info);
  return vision::read_test_pattern(must(vision::image_view(info, slot)));
}

// In standby for a while, then full rate: how long until there is a picture that was taken after that? At every phase of the
// camera.
int mode_change(const std::string& bus, const std::string& camera, double fps, int changes) {
  const auto standby = bus::Demand::pixels_at(3), tracking = bus::Demand::pixels_at(30);
  Pictures pictures(bus, camera, standby);
  const std::uint64_t patience = clock_ns() + 20'000'000'000;
  while (pictures.take(100ms).empty())
    if (clock_ns() > patience) fail("no picture within 20 s");
  const double period_ns = 1e9 / fps;
  double longest = 0;
  for (int change = 0; change < changes; ++change) {
    pictures.ask(standby);
    // Some pictures at the low rate, then on to another phase of the camera's period.
    const auto until = clock_ns() + 400'000'000 + static_cast<std::uint64_t>(period_ns * change / changes);
    while (clock_ns() < until)
      (void)pictures.take(std::chrono::nanoseconds(std::min<std::uint64_t>(until - clock_ns(), 50'000'000)));
    const std::uint64_t began = clock_ns();
    pictures.ask(tracking);
    for (;;) {
      const auto slot = pictures.take(100ms);
      const auto stamp = slot.empty() ? std::nullopt : stamp_in(slot);
      if (stamp && stamp->at_ns > began) break;
      if (clock_ns() - began > 5'000'000'000) fail("no fresh picture within 5 s of a change");
    }
    longest = std::max(longest, static_cast<double>(clock_ns() - began) / 1e6);
  }
  return print(longest, "ms");
}

struct Count {
  bus::LogSubscriber topic;
  std::uint64_t packets = 0;
  std::uint64_t first_ns = 0, last_ns = 0;  // published
};

int count_packets(const std::string& bus, double seconds, std::span<char*> cameras) {
  const bus::BusDir dir = must(bus::BusDir::open(bus));
  std::vector<Count> counts;
  for (const char* camera : cameras)
    counts.push_back(
        {bus::LogSubscriber(dir, {camera, "packets"}, kPacketsSchema, bus::Demand{.packets = true}, bus::LogFrom::kNext)});
  std::vector<std::byte> record;
  const std::uint64_t began = clock_ns(), length = static_cast<std::uint64_t>(seconds * 1e9);
  while (clock_ns() - began < length) {
    for (Count& count : counts)
      while (count.topic.take_next(record)) {
        count.last_ns = must(packet_view(record)).info.published_at_ns();
        if (count.packets++ == 0) count.first_ns = count.last_ns;
      }
    std::this_thread::sleep_for(20ms);
  }
  double longest = 0;
  for (const Count& count : counts) {
    if (count.packets < 2) fail("a camera sends no packets");
    longest =
        std::max(longest, static_cast<double>(count.last_ns - count.first_ns) / 1e6 / static_cast<double>(count.packets - 1));
  }
  return print(longest, "ms");
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  const auto is = [&](const char* verb, std::size_t least) { return words.size() >= least && std::strcmp(words[1], verb) == 0; };
  const auto number = [&](std::size_t index) { return std::atof(words[index]); };
  const auto whole = [&](std::size_t index) { return std::atoi(words[index]); };
  if (is("clip", 7)) return write_clip(words[2], {whole(3), whole(4), number(5), number(6)});
  if (is("picture", 5)) return write_picture(words[2], whole(3), whole(4));
  if (is("copy", 3)) return copy_loop(words[2]);
  if (is("pixels", 5)) return read_pixels(words[2], words[3], static_cast<float>(number(4)));
  if (is("mode_change", 6)) return mode_change(words[2], words[3], number(4), whole(5));
  if (is("packets", 5)) return count_packets(words[2], number(3), words.subspan(4));
  fail("usage: see the head of bench/capture/main.cpp");
}
