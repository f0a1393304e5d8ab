// The way of pictures into the ring <camera>/frames: a decoder's buffers, a JPEG's planes, a device's buffers *are* slots of it.
//
// JPEG and pictures: borrow() a slot, write its planes, publish() it. FFmpeg: the decoder asks for a buffer (get_buffer2), gets a
// loan, and decodes into shared memory; publishing copies nothing. While the decoder still refers to a published picture the slot
// is writer-held; its last reference gone, the slot is free again. Only codecs that never touch a picture after handing it out
// may do that (decodes_into_slots); all others, pixel formats of no use to readers, and a decoder that wants more buffers than
// the ring has, are copied or converted: counted. The ring is made when the first picture is, with what is known by then; a
// larger picture replaces it.
//
// lend() may be called from the decoder's threads; all else from one thread. If a reader dies or hangs, its slots come back
// by the ring's own rules. Outlives every AVFrame that came from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "bus/ring.h"
#include "config/config.h"
#include "libav/libav.h"
#include "libav/pixels.h"
#include "vision/image_view.h"

namespace vedette::capture {

struct SlotsOptions {
  bus::TopicName topic;
  std::uint32_t readers = 16;
  std::uint32_t held_per_reader = 2;
  bool may_lend = true;    // false: every decoder works in private memory (what it decodes must not be seen)
  bool plan_only = false;  // makes no ring: publish() fails, and planned() says what ring it would have been
};

// A slot on loan whose planes are to be written, or were by a device.
struct SlotPicture {
  bus::Loan loan;
  vision::MutableImageView view;
  FrameLayout layout;
};

struct SlotCounters {
  std::uint64_t direct = 0;     // published where they were decoded
  std::uint64_t copied = 0;     // planes copied into a slot
  std::uint64_t converted = 0;  // by swscale into a slot
  std::uint64_t dropped = 0;    // no free slot
};

class Slots {
 public:
  Slots(const bus::BusDir& dir, SlotsOptions options);
  ~Slots();
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  // True if this codec's decoder may work in slots.
  static bool decodes_into_slots(const AVCodecContext& codec);
  // get_buffer2 for such a codec (its `opaque` is this object); falls back to ordinary memory.
  static int get_buffer(AVCodecContext* codec, AVFrame* frame, int flags);

  // Publishes the picture; `info` has all but ids, layout and colours. An Error is the ring's (too small a tmpfs, a second
  // writer): nothing can be published. No free slot, or no memory for slots as large as it: dropped and counted, that is no
  // error.
  Result<> publish(const AVFrame& frame, FrameInfo info);

  // A slot for a picture of this format and size, in a ring whose slots hold `largest` too (0: no larger one); `writer_slots`: so
  // many are out at once. Null: none is free; counted as dropped. An Error is the ring's.
  Result<std::unique_ptr<SlotPicture>> borrow(PixelFormat format, PictureSize size, PictureSize largest = {},
                                              std::uint32_t writer_slots = 1);
  // A slot that a device is to fill: its rows are `stride` bytes apart and its planes lie one behind the other, from a page's
  // start.
  Result<std::unique_ptr<SlotPicture>> borrow_for_device(PixelFormat format, PictureSize size, std::uint32_t stride,
                                                         std::size_t image_bytes, std::uint32_t buffers);
  bool may_lend() const { return options_.may_lend && !options_.plan_only; }
  // Publishes it; `info` has all but times of publishing, layout and sizes other than the source's.
  void publish(std::unique_ptr<SlotPicture> picture, FrameInfo info);

  // Sign of life; nothing while there is no ring yet.
  void beat();
  // What readers ask for; every picture while there is no ring they could ask through.
  bus::Demand demand() const;
  bool has_published() const;
  // Why a picture that is larger than the ring's slots found no place: it and its like are dropped, it is tried again meanwhile.
  std::optional<Error> growth_error() const;
  // With plan_only, once a picture was there: the ring that it needs.
  const std::optional<bus::RingOptions>& planned() const { return planned_; }

  SlotCounters counters() const;  // any thread

 private:
  struct Slot;  // one picture buffer lent to the decoder
  static void on_released(void* opaque, std::uint8_t* data);

  bool lend(AVCodecContext& codec, AVFrame& frame);
  Result<> ensure_ring(std::size_t slot_bytes, std::uint32_t writer_slots);
  Result<> grow(const bus::RingOptions& ring);
  Result<> drop(const Error& why);
  Slot* slot_of(const AVFrame& frame) const;
  std::optional<FrameInfo> describe(const AVFrame& frame, const Slot& slot, FrameInfo info) const;
  Result<std::unique_ptr<SlotPicture>> borrow(FrameLayout layout, PixelFormat format, PictureSize size, std::size_t slot_bytes,
                                              std::uint32_t writer_slots);
  Result<> publish_copy(const AVFrame& frame, FrameInfo info);
  bool fill(const AVFrame& frame, PixelFormat format, const FrameLayout& layout, std::span<std::byte> bytes);

  const bus::BusDir& dir_;
  const SlotsOptions options_;
  mutable std::mutex mutex_;  // the decoder's threads lend and give back while the owner publishes
  std::unique_ptr<bus::RingWriter> writer_;
  std::vector<Slot*> lent_;
  std::optional<Error> ring_error_;
  std::optional<Error> growth_error_;
  std::uint64_t next_growth_ns_ = 0;
  std::optional<bus::RingOptions> planned_;
  ScalerPtr scaler_;
  SlotCounters counters_;
};

}  // namespace vedette::capture
