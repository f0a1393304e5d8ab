// What stands around vedette-detect in its benchmarks, each a program of its own that bench/detect_run.py starts:
//   bench_detect bare MODEL THREADS           ONNX Runtime alone: time of a run, ms
//   bench_detect bare_cpu MODEL               the same on one thread, its processor time
//   bench_detect alone MODEL THREADS CACHE    pixel pass + inference + postprocess of one picture, each alone: ms
//   bench_detect latency BUS CAMERA           publishes frames one by one: from right before a frame is handed over until the
//                                             sleeping reader of <camera>/detections holds what was found on it; median, ms
//   bench_detect throughput BUS CAMERA        publishes more frames than can be looked at: mean time from one result to the
//                                             next, ms
//   bench_detect still BUS CAMERA FPS         publishes the same picture so many times a second, until SIGTERM
//   bench_detect gate BUS CAMERA SECONDS      looks at each frame with the motion gate: its CPU time a second, ms
//   bench_detect spared BUS CAMERA            waits for a frame whose motion record says that the model was spared it
// Those that print a number print it as bench/support/result.h has it. Each is one thread; all end with who started them.
#include <sys/prctl.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <thread>

#include "base/clock.h"
#include "bench/detect/camera.h"
#include "bench/detect/model_loops.h"
#include "bench/support/one_process.h"
#include "schema/frame.h"
#include "schema/motion.h"
#include "vision/motion.h"

namespace {

using namespace vedette;
using namespace vedette::bench;
using namespace std::chrono_literals;

constexpr std::uint64_t kDurationNs = 3'000'000'000;
constexpr std::size_t kLeastResults = 5;

int print(const Value& value) {
  std::printf("{\"value\": %.6g, \"unit\": \"%s\"}\n", value.number, value.unit);
  return 0;
}

// Publishes until the detector answers the first time, and takes that.
void await_detector(Camera& camera, bus::Subscriber& detections) {
  const std::uint64_t patience = clock_ns() + 30'000'000'000;
  for (;;) {
    camera.publish(true);
    const std::uint64_t again = clock_ns() + 2'000'000'000;
    while (clock_ns() < again) {
      camera.beat();
      if (detections.wait(200ms) == bus::Wait::kNew && detections.take_newest()) return;
    }
    if (clock_ns() > patience) fail("nothing was detected within 30 s");
  }
}

Value latency(Camera& camera) {
  bus::Subscriber detections(camera.dir(), {camera.name(), "detections"}, kDetectionsSchema);
  await_detector(camera, detections);
  std::vector<std::uint64_t> taken;
  Detections record;
  const std::uint64_t began = clock_ns();
  for (int round = 0; taken.size() < kLeastResults || clock_ns() - began < kDurationNs; ++round) {
    std::this_thread::sleep_for(2ms);  // everybody has gone back to sleep
    const std::uint64_t frame_id = camera.publish(true);
    const bus::Found found = detections.find(frame_id, 10s);
    if (!found.lease || !read_detections(found.lease.bytes(), record).ok()) fail("a frame wasn't looked at");
    if (round >= 3) taken.push_back(clock_ns() - camera.published_at_ns());
  }
  return {median(taken) / 1e6, "ms"};
}

Value throughput(Camera& camera) {
  bus::Subscriber detections(camera.dir(), {camera.name(), "detections"}, kDetectionsSchema);
  await_detector(camera, detections);
  Detections record;
  std::uint64_t first_ns = 0, last_ns = 0;
  std::size_t results = 0;
  const auto drain = [&] {
    while (const bus::Taken taken = detections.take_next()) {
      if (!read_detections(taken.lease.bytes(), record).ok()) fail("a result isn't whole");
      last_ns = record.info.published_at_ns();
      if (results++ == 0) first_ns = last_ns;
    }
  };
  const std::uint64_t began = clock_ns();
  while (results <= kLeastResults || clock_ns() - began < kDurationNs) {
    camera.publish(true);
    std::this_thread::sleep_for(5ms);
    drain();
    if (clock_ns() - began > 10 * kDurationNs) fail("too few frames were looked at");
  }
  return {static_cast<double>(last_ns - first_ns) / 1e6 / static_cast<double>(results - 1), "ms"};
}

int publish_at(Camera& camera, double fps, bool moving) {
  const auto period = std::chrono::nanoseconds(std::llround(1e9 / fps));
  for (auto due = std::chrono::steady_clock::now();; due += period) {
    while (std::chrono::steady_clock::now() < due) {
      std::this_thread::sleep_until(std::min(due, std::chrono::steady_clock::now() + 200ms));
      camera.beat();
    }
    camera.publish(moving);
  }
}

Value gate_alone(const std::string& bus, const std::string& name, double seconds) {
  const bus::BusDir dir = must(bus::BusDir::open(bus));
  bus::Subscriber frames(dir, {name, "frames"}, kFrameSchema, bus::Demand{.pixels = true, .fps = 30});
  vision::MotionGate gate({});
  std::uint64_t spent_ns = 0;
  std::size_t looks = 0;
  const auto look = [&] {
    if (frames.wait(100ms) != bus::Wait::kNew) return;
    const bus::Taken taken = frames.take_newest();
    if (!taken) return;
    FrameInfo info;
    std::memcpy(&info, taken.lease.bytes().data(), sizeof info);
    const vision::ImageView image = must(vision::image_view(info, taken.lease.bytes()));
    const std::uint64_t before = thread_cpu_ns();
    keep(gate.look(image, info.captured_at_ns()).moving);
    if (looks++ > 0) spent_ns += thread_cpu_ns() - before;  // the first learns the picture
  };
  const std::uint64_t patience = clock_ns() + 10'000'000'000;
  while (looks == 0 && clock_ns() < patience) look();
  const std::uint64_t began = clock_ns();
  while (static_cast<double>(clock_ns() - began) < seconds * 1e9) look();
  if (looks < 3) fail("too few frames came");
  return {static_cast<double>(spent_ns) / 1e6 / (static_cast<double>(clock_ns() - began) / 1e9), "ms"};
}

int await_spared(const std::string& bus, const std::string& name) {
  const bus::BusDir dir = must(bus::BusDir::open(bus));
  bus::Subscriber motion(dir, {name, "motion"}, kMotionSchema);
  Motion record;
  const std::uint64_t patience = clock_ns() + 5'000'000'000;
  while (clock_ns() < patience) {
    if (motion.wait(100ms) != bus::Wait::kNew) continue;
    const bus::Taken taken = motion.take_next();
    if (taken && read_motion(taken.lease.bytes(), record).ok() && record.info.model_skipped() != 0) return 0;
  }
  fail("the motion gate spared the model no frame within 5 s");
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  const auto is = [&](const char* verb, std::size_t count) { return words.size() == count && std::strcmp(words[1], verb) == 0; };
  const auto camera = [&] { return Camera(words[2], words[3]); };
  if (is("bare", 4)) return print(bare_loop(words[2], std::atoi(words[3]), Time::kClock));
  if (is("bare_cpu", 3)) return print(bare_loop(words[2], 1, Time::kProcessor));
  if (is("alone", 5)) return print(steps_alone(words[2], std::atoi(words[3]), words[4]));
  if (is("gate", 5)) return print(gate_alone(words[2], words[3], std::atof(words[4])));
  if (is("spared", 4)) return await_spared(words[2], words[3]);
  if (is("latency", 4)) {
    Camera frames = camera();
    return print(latency(frames));
  }
  if (is("throughput", 4)) {
    Camera frames = camera();
    return print(throughput(frames));
  }
  if (is("still", 5) || is("moving", 5)) {
    Camera frames = camera();
    return publish_at(frames, std::atof(words[4]), is("moving", 5));
  }
  fail("usage: see the head of bench/detect/main.cpp");
}
