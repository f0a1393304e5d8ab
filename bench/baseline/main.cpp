// The copy-based baseline: how a camera pipeline hands frames over when each message is a FlatBuffer that is built in its
// builder's memory and then copied into one shared slot (slot.h). After the work that detr-mmap's benchmarks do, written anew.
//   frame write: pixels into the builder (first copy), finished buffer into the slot (second copy), sequence, queue
//   frame read: sequence, FlatBuffers verify, the fields; no pixel touched; sequence again
//   detections: a table for each box into a reused builder, into the slot; sequence, verify, every field of every box, sequence
#include <memory>

#include "baseline_generated.h"
#include "bench/baseline/jpeg.h"
#include "bench/baseline/postprocess.h"
#include "bench/baseline/slot.h"
#include "bench/support/one_process.h"
#include "bench/support/one_way.h"

namespace {

using namespace vedette::bench;
namespace baseline = vedette::baseline;

// --untraced: without a trace context, as detr-mmap runs with tracing off.
bool g_traced = true;

flatbuffers::Offset<baseline::Trace> create_trace(flatbuffers::FlatBufferBuilder& builder) {
  if (!g_traced) return 0;
  const std::uint8_t id[16] = {1, 2, 3, 4};
  const auto trace_id = builder.CreateVector(id, 16);
  const auto span_id = builder.CreateVector(id, 8);
  return baseline::CreateTrace(builder, trace_id, span_id, 1);
}

// Both ids, copied out.
std::uint64_t read_trace(const baseline::Trace* trace) {
  if (trace == nullptr) return 0;
  if (trace->trace_id()->size() != 16 || trace->span_id()->size() != 8) fail("a trace context of another size");
  std::uint64_t ids[3];
  std::memcpy(ids, trace->trace_id()->data(), 16);
  std::memcpy(ids + 2, trace->span_id()->data(), 8);
  return ids[0] ^ ids[1] ^ ids[2] ^ trace->flags();
}

constexpr std::size_t kSlotBytes = 8 << 20;
constexpr std::uint32_t kWidth = 1920, kHeight = 1080;

class FrameWriter {
 public:
  FrameWriter(baseline::Slot& slot, const baseline::Bell& bell) : slot_(slot), bell_(bell) {}
  std::span<std::byte> loan(std::size_t bytes) {
    builder_.Clear();
    std::uint8_t* pixels = nullptr;
    pixels_ = builder_.CreateUninitializedVector<std::uint8_t>(bytes, &pixels);
    return {reinterpret_cast<std::byte*>(pixels), bytes};
  }
  void publish() {
    const auto trace = create_trace(builder_);
    builder_.Finish(baseline::CreateFrame(builder_, ++frame_id_, 1, kWidth, kHeight, 1, pixels_, trace));
    slot_.write({builder_.GetBufferPointer(), builder_.GetSize()});
    bell_.ring();
  }

 private:
  baseline::Slot& slot_;
  const baseline::Bell& bell_;
  flatbuffers::FlatBufferBuilder builder_{kSlotBytes};
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> pixels_;
  std::uint64_t frame_id_ = 0;
};

// The slot's frame, verified; null: none that is whole.
const baseline::Frame* read_frame(const baseline::Slot& slot) {
  const std::uint64_t sequence = slot.sequence();
  if (sequence % 2 != 0) return nullptr;
  const std::span<const std::uint8_t> message = slot.message();
  flatbuffers::Verifier verifier(message.data(), message.size());
  if (!verifier.VerifyBuffer<baseline::Frame>(nullptr)) return nullptr;
  const auto* frame = flatbuffers::GetRoot<baseline::Frame>(message.data());
  if (frame->pixels() == nullptr || !slot.unchanged(sequence)) return nullptr;
  return frame;
}

class FrameReader {
 public:
  FrameReader(const baseline::Slot& slot, const baseline::Bell& bell) : slot_(slot), bell_(bell) {}
  std::span<const std::byte> take() {
    if (!bell_.rang()) return {};
    const baseline::Frame* frame = read_frame(slot_);
    if (frame == nullptr) return {};
    return std::as_bytes(std::span(frame->pixels()->data(), frame->pixels()->size()));
  }
  void release() {}

 private:
  const baseline::Slot& slot_;
  const baseline::Bell& bell_;
};

Value hand_over(const OneWay& plan) {
  baseline::Slot slot(kSlotBytes);
  const baseline::Bell bell;
  return one_way(
      plan, [&] { return std::make_unique<FrameWriter>(slot, bell); }, [&] { return std::make_unique<FrameReader>(slot, bell); });
}

// Frame read, of a frame that has been written anew each time (its pixels stay what they are: nobody looks at them).
Value take() {
  baseline::Slot slot(kSlotBytes);
  const baseline::Bell bell;
  FrameWriter writer(slot, bell);
  constexpr std::size_t kPixels = std::size_t{kWidth} * kHeight * 3;
  std::memset(writer.loan(kPixels).data(), 0x5a, kPixels);
  writer.publish();
  // The tables lie in front of the pixels: writing those again is what a new frame changes of what the reader looks at.
  const std::span<const std::uint8_t> message = slot.message();
  std::uint8_t head[192];
  std::memcpy(head, message.data(), sizeof head);
  return time_each([&] { slot.rewrite_head(head); },
                   [&] {
                     const baseline::Frame* frame = read_frame(slot);
                     if (frame == nullptr || frame->width() != kWidth || frame->height() != kHeight) fail("no whole frame");
                     keep(frame->frame_id() + frame->captured_at_ns() + frame->format() + frame->pixels()->size() +
                          read_trace(frame->trace()));
                   });
}

std::uint64_t read_boxes(const baseline::Slot& slot) {
  const std::uint64_t sequence = slot.sequence();
  const std::span<const std::uint8_t> message = slot.message();
  flatbuffers::Verifier verifier(message.data(), message.size());
  if (sequence % 2 != 0 || !verifier.VerifyBuffer<baseline::Detections>(nullptr)) fail("no whole detections");
  const auto* detections = flatbuffers::GetRoot<baseline::Detections>(message.data());
  std::uint64_t all = detections->frame_id() ^ detections->captured_at_ns() ^ read_trace(detections->trace());
  for (const baseline::Box* box : *detections->boxes())
    all ^= every_field(box->x(), box->y(), box->width(), box->height(), box->score(), box->class_id());
  if (!slot.unchanged(sequence)) fail("the detections changed");
  return all;
}

Value detections(std::size_t count) {
  baseline::Slot slot(1 << 20);
  flatbuffers::FlatBufferBuilder builder(1 << 16);
  std::vector<flatbuffers::Offset<baseline::Box>> boxes(count);
  std::uint64_t frame_id = 0;
  return time_batches([&] {
    builder.Clear();
    for (auto& box : boxes) box = baseline::CreateBox(builder, 0.1f, 0.2f, 0.3f, 0.4f, 0.9f, 1);
    const auto vector = builder.CreateVector(boxes);
    builder.Finish(baseline::CreateDetections(builder, ++frame_id, 1, vector, create_trace(builder)));
    slot.write({builder.GetBufferPointer(), builder.GetSize()});
    keep(read_boxes(slot));
  });
}

}  // namespace

int main(int argc, char** argv) {
  const Figure figures[] = {
      {"frame_1080p", [] { return hand_over(kFrame1080p); }},
      {"take", take},
      {"detections_0", [] { return detections(0); }},
      {"detections_1", [] { return detections(1); }},
      {"detections_5", [] { return detections(5); }},
      {"detections_20", [] { return detections(20); }},
      {"detections_100", [] { return detections(100); }},
      {"tensor_detailed", [] { return jpeg_to_tensor_by_rgb(kDetailed); }},
      {"tensor_soft", [] { return jpeg_to_tensor_by_rgb(kSoft); }},
      {"planes_detailed", [] { return jpeg_to_slot_by_rgb(kDetailed); }},
      {"planes_soft", [] { return jpeg_to_slot_by_rgb(kSoft); }},
      {"postprocess_300x91", best_class_of_each_query},
  };
  g_traced = argc < 3 || std::string_view(argv[1]) != "--untraced";
  return run_figure(argc, argv, figures);
}
