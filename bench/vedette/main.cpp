// The bus in the benchmarks, through its public C++ API and with the products' geometry: what a stage pays. Contract:
// bench/support/result.h. Figures of two processes: bench/support/one_way.h.
#include <thread>

#include "bench/support/one_process.h"
#include "bench/vedette/jpeg.h"
#include "bench/vedette/motion.h"
#include "bench/vedette/pixels.h"
#include "bench/vedette/postprocess.h"
#include "bench/vedette/topic.h"
#include "bus/handshake.h"
#include "schema/frame.h"

namespace {

using namespace vedette::bench;
namespace bus = vedette::bus;

Value hand_over(const OneWay& plan, bool blocks = false) {
  const Bus directory;
  // Frames: four readers' slots, so that a round doesn't spend its time on making 200 MB of files.
  const bus::RingOptions options = frames_of(plan.bytes, plan.bytes > 4096 ? 4 : 16);
  return one_way(
      plan, [&] { return std::make_unique<Writer>(directory, options); },
      [&] { return std::make_unique<Reader>(directory, blocks); });
}

OneWay with_writing(OneWay plan) {
  plan.copy_is_timed = true;
  return plan;
}

// Take, copy FrameInfo out, check it, release: of a new frame each time, published right before in the same process.
Value take() {
  const Bus directory;
  Writer writer(directory, frames_of(vedette::frame_layout(vedette::PixelFormat::RGB24, 1920, 1080).slot_bytes, 2));
  const bus::BusDir dir = directory.open();
  bus::Subscriber topic(dir, kTopic, kSchema);
  (void)topic.take_newest();
  vedette::FrameInfo info;
  info.mutate_format(vedette::PixelFormat::RGB24);
  info.mutate_width(1920), info.mutate_height(1080), info.mutate_source_width(1920), info.mutate_source_height(1080);
  info.mutable_plane_offset()->Mutate(0, vedette::kFramePixelsOffset);
  info.mutable_plane_stride()->Mutate(0, 1920 * 3);
  const std::size_t bytes = vedette::kFramePixelsOffset + std::size_t{1920} * 1080 * 3;
  return time_each(
      [&] {
        std::memcpy(writer.loan(bytes).data(), &info, sizeof info);
        writer.publish();
      },
      [&] {
        const bus::Taken taken = topic.take_newest();
        if (!taken) fail("what was published isn't there");
        vedette::FrameInfo copy;
        std::memcpy(&copy, taken.lease.bytes().data(), sizeof copy);
        if (!vedette::check_frame(copy, taken.lease.bytes().size()).ok()) fail("a good frame was refused");
        keep(copy);
      });
}

Value pin() {
  struct alignas(64) Line {
    std::atomic<std::uint32_t> hazard{0};
  } line;
  alignas(64) bus::Descriptor descriptor{};
  bus::publish_slot(descriptor, 1, 1, 64);
  return time_batches([&] {
    if (bus::pin(line.hazard, descriptor, 3) == bus::kNotPinned) fail("nobody writes, but the pin failed");
    bus::unpin(line.hazard);
  });
}

// Loan, write, publish, take, check, read every box. The geometry of <cam>/detections.
Value detections(std::size_t count) {
  const Bus directory;
  bus::RingOptions options = frames_of(vedette::kDetectionsSlotBytes);
  options.keep = 64;
  options.policy = bus::SlotPolicy::kOldestFirst;
  const bus::BusDir dir = directory.open();
  auto writer = must(bus::RingWriter::open(dir, kTopic, options));
  bus::Subscriber topic(dir, kTopic, kSchema);
  (void)topic.take_next();
  std::vector<vedette::Detection> boxes(count, vedette::Detection(0.1f, 0.2f, 0.3f, 0.4f, 0.9f, 1, 0));
  vedette::DetectionsInfo info;
  vedette::Detections record;
  std::uint64_t frame_id = 0;
  return time_batches([&] {
    auto loan = writer.loan();
    if (!loan) fail("no free slot");
    const std::size_t bytes = vedette::write_detections(loan->bytes(), info, boxes);
    writer.publish(std::move(*loan), ++frame_id, bytes);
    const bus::Taken taken = topic.take_next();
    if (!taken || !vedette::read_detections(taken.lease.bytes(), record).ok())
      fail("what was published isn't there or isn't whole");
    std::uint64_t all = record.info.frame_id() ^ record.info.captured_at_ns() ^ record.info.trace().span_id();
    for (const vedette::Detection& box : record.boxes)
      all ^= every_field(box.x(), box.y(), box.width(), box.height(), box.score(), box.class_id());
    keep(all);
  });
}

// Publish 64 bytes, with readers that poll (one CPU's worth of them) or sleep; or loan, write and publish.
Value publish(int count, bool blocked, bool loan_too = false) {
  const Bus directory;
  Readers readers(count, [&](Board& board, Seat& seat) {
    Reader reader(directory, blocked);
    seat.ready = 1;
    while (board.stop.load(std::memory_order_relaxed) == 0) {
      if (!reader.take().empty()) {
        seat.received.store(reader.sequence(), std::memory_order_release);
        reader.release();
      }
      if (!blocked) std::this_thread::yield();
    }
  });
  Writer writer(directory, frames_of(64));
  readers.let_attach();
  std::uint64_t sequence = 0;
  const auto write = [&] { std::memcpy(writer.loan(64).data(), &++sequence, sizeof sequence); };
  return time_each(
      [&] {
        if (!blocked) spin_for_ns(20'000);
        if (blocked && !readers.await(sequence, 1'000'000'000)) fail("a reader did not wake within a second");
        if (blocked) spin_for_ns(500'000);  // all have gone back to sleep
        if (!loan_too) write();
      },
      [&] {
        if (loan_too) write();
        writer.publish();
      },
      blocked ? "us" : "ns", 300'000'000);
}

// A reader is killed while it holds the slot that the writer needs; until the writer has that slot again. All other slots are
// out.
Value reader_killed() {
  std::vector<std::uint64_t> taken;
  for (int round = 0; round < 11; ++round) {
    const Bus directory;
    Readers readers(1, [&](Board& board, Seat& seat) {
      Reader reader(directory);
      seat.ready = 1;
      while (reader.take().empty()) continue;
      seat.received = reader.sequence();
      while (board.stop == 0) ::usleep(1000);
    });
    Writer writer(directory, frames_of(64, 1, 1));
    readers.let_attach();
    writer.loan(64);
    writer.publish();
    if (!readers.await(1, 1'000'000'000)) fail("the reader did not take within a second");
    auto second = writer.ring().loan();  // of three slots one is leased and kept, two are free
    if (!second) fail("no free slot");
    auto third = writer.ring().loan();
    if (!third || writer.ring().loan()) fail("a slot was lent that a reader holds");
    writer.ring().publish(std::move(*third), 2, 64);  // the leased one isn't the newest any more
    const std::uint64_t before = stamp();
    readers.signal(0, SIGKILL);
    while (!writer.ring().loan()) spin_for_ns(20'000);
    taken.push_back(stamp() - before);
  }
  return from_ticks(median(taken), "ms");
}

// 100 frames, 16 sleeping readers, one of them stopped while it holds two: the writer's drops and what the others missed.
Value stopped_1_of_16() {
  const Bus directory;
  Readers readers(16, [&](Board& board, Seat& seat) {
    Reader reader(directory, true);
    seat.ready = 1;
    while (board.stop.load(std::memory_order_relaxed) == 0) {
      if (reader.take().empty()) continue;
      seat.missed = reader.missed();
      seat.received.store(reader.sequence(), std::memory_order_release);
      if (seat.index != 0) reader.release();  // the first holds its latest until it takes the next
    }
  });
  Writer writer(directory, frames_of(64));
  readers.let_attach();
  std::uint64_t dropped = 0;
  for (std::uint64_t sequence = 1; sequence <= 100; ++sequence) {
    if (sequence == 10) readers.signal(0, SIGSTOP);
    if (auto loan = writer.ring().loan())
      writer.ring().publish(std::move(*loan), sequence, 64);
    else
      ++dropped;
    // The next frame comes when all have this one, or a second later: that the machine is busy makes nobody miss anything.
    (void)readers.await(sequence - dropped, 1'000'000'000, sequence < 10 ? -1 : 0);
    spin_for_ns(1'000'000);
  }
  if (!readers.await(100 - dropped, 1'000'000'000, 0)) fail("the others did not get the last frame within a second");
  std::uint64_t missed = 0;
  for (int index = 1; index < 16; ++index) missed += readers.seat(index).missed;
  readers.signal(0, SIGCONT);
  return {static_cast<double>(dropped + missed), "count"};
}

}  // namespace

int main(int argc, char** argv) {
  std::thread([] {}).join();  // stages have threads: the library's counts are atomic in them, so they are here
  const Figure figures[] = {
      {"spin_64", [] { return hand_over(kSpin64); }},
      {"block_64", [] { return hand_over(kBlock64, true); }},
      {"frame_1080p", [] { return hand_over(kFrame1080p); }},
      {"vehicle_800x600", [] { return hand_over(kVehicle); }},
      {"vehicle_800x600_written", [] { return hand_over(with_writing(kVehicle)); }},
      {"take", take},
      {"pin", pin},
      {"detections_0", [] { return detections(0); }},
      {"detections_1", [] { return detections(1); }},
      {"detections_5", [] { return detections(5); }},
      {"detections_20", [] { return detections(20); }},
      {"detections_100", [] { return detections(100); }},
      {"publish_1_idle", [] { return publish(1, false); }},
      {"publish_16_idle", [] { return publish(16, false); }},
      {"publish_16_blocked", [] { return publish(16, true); }},
      {"loan_publish_1_idle", [] { return publish(1, false, true); }},
      {"loan_publish_16_idle", [] { return publish(16, false, true); }},
      {"reader_killed", reader_killed},
      {"stopped_1_of_16", stopped_1_of_16},
      {"tensor_detailed", [] { return jpeg_to_tensor(kDetailed); }},
      {"tensor_soft", [] { return jpeg_to_tensor(kSoft); }},
      {"planes_detailed", [] { return jpeg_to_planes(kDetailed); }},
      {"planes_soft", [] { return jpeg_to_planes(kSoft); }},
      {"planes_soft_seldom", [] { return jpeg_to_planes_seldom(kSoft); }},
      {"pixels_1080p_512", [] { return pixels_1080p({}); }},
      {"pixels_1080p_512_stretch", [] { return pixels_1080p({.fit = vedette::vision::Fit::kStretch}); }},
      {"pixels_1080p_512_nv12", [] { return pixels_1080p({.format = vedette::PixelFormat::NV12}); }},
      {"pixels_1080p_512_yuyv", [] { return pixels_1080p({.format = vedette::PixelFormat::YUYV}); }},
      {"pixels_1080p_512_rgb", [] { return pixels_1080p({.format = vedette::PixelFormat::RGB24}); }},
      {"pixels_1080p_384_stretch", [] { return pixels_1080p({.side = 384, .fit = vedette::vision::Fit::kStretch}); }},
      {"pixels_1080p_416_plain", [] { return pixels_1080p({.side = 416, .filter = vedette::vision::Filter::kBilinear}); }},
      {"motion_1080p", motion_1080p},
      {"motion_1080p_seldom", motion_1080p_seldom},
      {"postprocess_300x91", outputs_to_detections},
  };
  return run_figure(argc, argv, figures);
}
