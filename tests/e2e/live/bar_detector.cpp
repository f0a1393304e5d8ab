// vedette-test-bar-detector BUS_DIR CAMERA [EVERY]: plays detect for a camera that films the test pattern. Its one "person" is
// the bar that moves (vision/test_pattern.h): where that is on a frame is known from the number in its pixels, so that a browser
// test can tell from one picture alone whether a box is that of the frame it is drawn on. EVERY: it looks at every so many-th
// frame only. Until SIGTERM.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "bus/ring.h"
#include "schema/frame.h"
#include "stage/topics.h"
#include "vision/image_view.h"
#include "vision/test_pattern.h"

namespace {

using namespace vedette;

volatile sig_atomic_t over = 0;

int fail(const Error& error) {
  std::fprintf(stderr, "bar detector: %s\n", error.text.c_str());
  return 1;
}

// As test_pattern.cpp draws it.
Detection bar_of(std::uint64_t number, std::uint32_t width) {
  constexpr std::uint64_t kPeriod = 90;
  const std::uint32_t bar = width / 16;
  const auto left = static_cast<std::uint32_t>((width - bar) * (number % kPeriod) / (kPeriod - 1));
  const auto part = [width](std::uint32_t x) { return static_cast<float>(x) / static_cast<float>(width); };
  constexpr float kTop = 0.74f;
  return {part(left), kTop, part(bar), 1.0f - kTop, 0.9f, 0, 0};
}

void look(const bus::Lease& lease, bus::RingWriter& detections, std::uint64_t every) {
  FrameInfo info;
  std::memcpy(&info, lease.bytes().data(), sizeof info);  // capture's own: a slot holds at least that
  const auto picture = vision::image_view(info, lease.bytes());
  if (!picture) return;
  const auto stamp = vision::read_test_pattern(picture.value());
  if (!stamp || stamp->number % every != 0) return;
  auto loan = detections.loan();
  if (!loan) return;
  DetectionsInfo found;
  found.mutate_frame_id(info.frame_id());
  found.mutate_captured_at_ns(info.captured_at_ns());
  found.mutate_published_at_ns(monotonic_ns());
  found.mutate_source_width(info.source_width());
  found.mutate_source_height(info.source_height());
  const Detection bar = bar_of(stamp->number, info.source_width());
  const std::size_t bytes = write_detections(loan->bytes(), found, {&bar, 1});
  detections.publish(std::move(*loan), info.frame_id(), bytes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: vedette-test-bar-detector BUS_DIR CAMERA [EVERY]\n"), 2;
  const std::uint64_t every = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  std::signal(SIGTERM, [](int) { over = 1; });
  const auto dir = bus::BusDir::open(argv[1]);
  if (!dir) return fail(dir.error());
  auto detections = bus::RingWriter::open(dir.value(), {argv[2], "detections"}, stage::detections_ring({}, "person\ncar"));
  if (!detections) return fail(detections.error());
  bus::Subscriber frames(dir.value(), {argv[2], "frames"}, kFrameSchema, bus::Demand::every_pixel());
  while (over == 0) {
    detections.value().beat();
    frames.wait(std::chrono::milliseconds(100));
    const bus::Taken taken = frames.take_newest();
    if (taken) look(taken.lease, detections.value(), every == 0 ? 1 : every);
  }
}
