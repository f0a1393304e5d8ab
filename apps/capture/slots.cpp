#include "capture/slots.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "stage/topics.h"

namespace vedette::capture {
namespace {

// FFmpeg's SIMD reads and writes a little past a plane's end (avcodec's own pool adds 16 + its stride alignment).
constexpr std::size_t kPlanePadding = 128;
constexpr int kStrideAlign = 64;
// Beyond the decoder's own pictures: the one being copied or converted, and one on its way.
constexpr std::uint32_t kSpareSlots = 2;
constexpr std::uint64_t kGrowAgainNs = 5'000'000'000;

constexpr std::size_t align64(std::size_t bytes) { return (bytes + 63) & ~std::size_t{63}; }

// Where a decoder wants its planes: strides as its SIMD needs them, offsets from the start of the slot.
struct DecoderLayout {
  std::array<int, 4> stride{};
  std::array<std::size_t, 4> offset{};
  std::size_t slot_bytes = 0;
};

std::optional<DecoderLayout> decoder_layout(AVCodecContext& codec, const AVFrame& frame) {
  int width = frame.width;
  int height = frame.height;
  int alignment[AV_NUM_DATA_POINTERS] = {};
  avcodec_align_dimensions2(&codec, &width, &height, alignment);
  const auto format = static_cast<AVPixelFormat>(frame.format);
  DecoderLayout layout;
  // As avcodec's own pool: widen until every plane's stride is aligned; strides then stay in the ratio codecs count on.
  for (bool aligned = false; !aligned; width += aligned ? 0 : (width & ~(width - 1))) {
    if (av_image_fill_linesizes(layout.stride.data(), format, width) < 0) return std::nullopt;
    aligned = std::all_of(layout.stride.begin(), layout.stride.end(), [](int stride) { return stride % kStrideAlign == 0; });
  }
  std::array<std::ptrdiff_t, 4> strides{};
  std::copy(layout.stride.begin(), layout.stride.end(), strides.begin());
  std::array<std::size_t, 4> sizes{};
  if (av_image_fill_plane_sizes(sizes.data(), format, height, strides.data()) < 0) return std::nullopt;
  std::size_t end = kFramePixelsOffset;
  for (std::size_t plane = 0; plane < sizes.size() && sizes[plane] > 0; ++plane) {
    layout.offset[plane] = end;
    end = align64(end + sizes[plane] + kPlanePadding);
  }
  layout.slot_bytes = end;
  return layout;
}

vision::MutableImageView view_of(const FrameLayout& layout, PixelFormat format, PictureSize size, std::span<std::byte> slot) {
  vision::MutableImageView view{format, size.width, size.height, {}};
  auto* base = reinterpret_cast<std::uint8_t*>(slot.data());
  for (std::size_t plane = 0; plane < layout.planes.size(); ++plane)
    view.planes[plane] = {base + layout.planes[plane].offset, layout.planes[plane].stride};
  return view;
}

// Where the planes lie, for readers.
void describe_layout(const FrameLayout& layout, FrameInfo& info) {
  for (std::size_t plane = 0; plane < layout.planes.size(); ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    info.mutable_plane_offset()->Mutate(index, layout.planes[plane].offset);
    info.mutable_plane_stride()->Mutate(index, layout.planes[plane].stride);
  }
}

// Pictures a decoder may have out at once: reference and reorder pictures, one in work, one handed out.
std::uint32_t decoder_pictures(const AVCodecContext& codec) {
  constexpr int kInWorkAndHandedOut = 3;
  int pictures = std::max(codec.refs, 0) + std::max(codec.has_b_frames, 0) + kInWorkAndHandedOut;
  // HEVC and VP9 don't tell `refs`: what streams of common levels use (HEVC's DPB of 6 + output, VP9's 8 references).
  if (codec.codec_id == AV_CODEC_ID_HEVC || codec.codec_id == AV_CODEC_ID_VP9)
    pictures = std::max(pictures, 10 + codec.has_b_frames);
  if (codec.active_thread_type & FF_THREAD_FRAME) pictures += codec.thread_count;
  return static_cast<std::uint32_t>(pictures);
}

}  // namespace

struct Slots::Slot {
  Slots* owner = nullptr;
  std::span<std::byte> bytes;
  std::size_t used = 0;
  std::variant<bus::Loan, bus::Held> state;
};

Slots::Slots(const bus::BusDir& dir, SlotsOptions options) : dir_(dir), options_(std::move(options)) {}

Slots::~Slots() { VD_ASSERT(lent_.empty(), "a decoder outlived the slots it decodes into"); }

bool Slots::decodes_into_slots(const AVCodecContext& codec) {
  if (codec.codec == nullptr || !(codec.codec->capabilities & AV_CODEC_CAP_DR1)) return false;
  switch (codec.codec_id) {
    // These give every picture a buffer of its own and leave it alone afterwards. Others (palette and screen codecs) keep one
    // picture and change it in place as soon as nobody else refers to it: readers would see that.
    case AV_CODEC_ID_MJPEG:
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_MPEG4:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_H263:
    case AV_CODEC_ID_FLV1:
    case AV_CODEC_ID_MSMPEG4V1:
    case AV_CODEC_ID_MSMPEG4V2:
    case AV_CODEC_ID_MSMPEG4V3:
    case AV_CODEC_ID_WMV1:
    case AV_CODEC_ID_VP8:
    case AV_CODEC_ID_VP9:
      return true;
    default:
      return false;
  }
}

int Slots::get_buffer(AVCodecContext* codec, AVFrame* frame, int flags) {
  auto* slots = static_cast<Slots*>(codec->opaque);
  return slots->options_.may_lend && slots->lend(*codec, *frame) ? 0 : avcodec_default_get_buffer2(codec, frame, flags);
}

bool Slots::lend(AVCodecContext& codec, AVFrame& frame) {
  if (!layout_of(static_cast<AVPixelFormat>(frame.format))) return false;
  const auto layout = decoder_layout(codec, frame);
  if (!layout) return false;
  const std::lock_guard lock(mutex_);
  if (!ensure_ring(layout->slot_bytes, decoder_pictures(codec) + kSpareSlots).ok()) return false;
  auto loan = writer_->loan();
  if (!loan) return false;
  const auto bytes = loan->bytes();
  auto slot = std::unique_ptr<Slot>(new Slot{this, bytes, layout->slot_bytes, std::move(*loan)});
  auto* base = reinterpret_cast<std::uint8_t*>(bytes.data());
  frame.buf[0] = av_buffer_create(base, layout->slot_bytes, on_released, slot.get(), 0);
  if (frame.buf[0] == nullptr) return false;
  for (std::size_t plane = 0; plane < 4 && layout->offset[plane] != 0; ++plane) {
    frame.data[plane] = base + layout->offset[plane];
    frame.linesize[plane] = layout->stride[plane];
  }
  frame.extended_data = frame.data;
  lent_.push_back(slot.release());
  return true;
}

void Slots::on_released(void* opaque, std::uint8_t*) {
  const std::unique_ptr<Slot> slot(static_cast<Slot*>(opaque));
  const std::lock_guard lock(slot->owner->mutex_);
  std::erase(slot->owner->lent_, slot.get());
}

// mutex_ is held. A ring of the same or a larger size is used as it is.
Result<> Slots::ensure_ring(std::size_t slot_bytes, std::uint32_t writer_slots) {
  if (writer_ && slot_bytes <= writer_->options().slot_bytes) return {};
  if (planned_ && slot_bytes <= planned_->slot_bytes) return Error{ErrorCode::kBusy, "planned already"};
  if (ring_error_) return *ring_error_;
  const bus::RingOptions ring = stage::frames_ring({options_.readers, options_.held_per_reader}, slot_bytes, writer_slots);
  if (options_.plan_only) {
    planned_ = ring;
    return Error{ErrorCode::kBusy, "nothing is published: only the ring is planned"};
  }
  if (writer_) return grow(ring);
  auto opened = bus::RingWriter::open(dir_, options_.topic, ring);
  if (!opened.ok()) {
    ring_error_ = opened.error();
    return *ring_error_;
  }
  writer_ = std::make_unique<bus::RingWriter>(std::move(opened).value());
  return {};
}

// mutex_ is held. Without the memory for it the ring stays as it is, for pictures that fit.
Result<> Slots::grow(const bus::RingOptions& ring) {
  const std::uint64_t now = monotonic_ns();
  if (growth_error_ && now < next_growth_ns_) return *growth_error_;
  next_growth_ns_ = now + kGrowAgainNs;
  growth_error_.reset();
  auto resized = writer_->resize(ring);
  if (!resized.ok()) growth_error_ = resized.error();
  return resized;
}

// mutex_ is held. Ok if it is the picture that is too large, for a ring that is there; it is dropped.
Result<> Slots::drop(const Error& why) {
  if (!writer_) return why;
  writer_->count_drop();
  ++counters_.dropped;
  return {};
}

std::optional<Error> Slots::growth_error() const {
  const std::lock_guard lock(mutex_);
  return growth_error_;
}

Slots::Slot* Slots::slot_of(const AVFrame& frame) const {
  if (frame.buf[0] == nullptr) return nullptr;
  // The pointer means something only if it is one of ours.
  auto* candidate = static_cast<Slot*>(av_buffer_get_opaque(frame.buf[0]));
  const auto found = std::find(lent_.begin(), lent_.end(), candidate);
  return found == lent_.end() ? nullptr : *found;
}

// The record of a picture whose planes lie in `slot`; none if they can't be told by it.
std::optional<FrameInfo> Slots::describe(const AVFrame& frame, const Slot& slot, FrameInfo info) const {
  const auto layout = layout_of(static_cast<AVPixelFormat>(frame.format));
  if (!layout) return std::nullopt;
  const auto* base = reinterpret_cast<const std::uint8_t*>(slot.bytes.data());
  info.mutate_format(layout->format);
  for (int plane = 0; plane < plane_count(layout->format); ++plane) {
    const std::ptrdiff_t offset = frame.data[plane] - base;
    const int stride = frame.linesize[plane] * (layout->skip_chroma_rows && plane > 0 ? 2 : 1);
    if (offset < 0 || static_cast<std::size_t>(offset) >= slot.bytes.size() || stride <= 0) return std::nullopt;
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    info.mutable_plane_offset()->Mutate(index, static_cast<std::uint32_t>(offset));
    info.mutable_plane_stride()->Mutate(index, static_cast<std::uint32_t>(stride));
  }
  if (!check_frame(info, slot.used).ok()) return std::nullopt;
  return info;
}

namespace {

bool is_interlaced(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
  return (frame.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return frame.interlaced_frame != 0;
#endif
}

}  // namespace

Result<> Slots::publish(const AVFrame& frame, FrameInfo info) {
  info.mutate_width(static_cast<std::uint32_t>(frame.width));
  info.mutate_height(static_cast<std::uint32_t>(frame.height));
  info.mutate_range(range_of(frame));
  info.mutate_matrix(matrix_of(frame));
  const std::lock_guard lock(mutex_);
  Slot* slot = slot_of(frame);
  // A picture shown twice is published already; one from before the ring grew lies in the old files; the second field of
  // an interlaced one may still be to come.
  const auto* loan = slot != nullptr ? std::get_if<bus::Loan>(&slot->state) : nullptr;
  const bool direct = loan != nullptr && writer_->owns(*loan) && !is_interlaced(frame);
  const auto described = direct ? describe(frame, *slot, info) : std::nullopt;
  if (!described) return publish_copy(frame, info);
  FrameInfo record = *described;
  record.mutate_published_at_ns(monotonic_ns());
  std::memcpy(slot->bytes.data(), &record, sizeof record);
  slot->state = writer_->publish_held(std::move(std::get<bus::Loan>(slot->state)), record.frame_id(), slot->used);
  ++counters_.direct;
  return {};
}

// mutex_ is held.
Result<> Slots::publish_copy(const AVFrame& frame, FrameInfo info) {
  const auto known = layout_of(static_cast<AVPixelFormat>(frame.format));
  const PixelFormat format = known ? known->format : PixelFormat::I420;
  const FrameLayout layout = frame_layout(format, info.width(), info.height());
  if (const auto ring = ensure_ring(layout.slot_bytes + kPlanePadding, kSpareSlots); !ring.ok()) return drop(ring.error());
  auto loan = writer_->loan();
  if (!loan) return drop({});
  info.mutate_format(format);
  describe_layout(layout, info);
  const bool filled =
      known ? fill(frame, format, layout, loan->bytes())
            : convert_picture(frame, view_of(layout, format, {info.width(), info.height()}, loan->bytes()), scaler_);
  if (!filled) return {};  // swscale doesn't know this format: already told at open
  info.mutate_published_at_ns(monotonic_ns());
  std::memcpy(loan->bytes().data(), &info, sizeof info);
  writer_->publish(std::move(*loan), info.frame_id(), layout.slot_bytes);
  ++(known ? counters_.copied : counters_.converted);
  return {};
}

Result<std::unique_ptr<SlotPicture>> Slots::borrow(PixelFormat format, PictureSize size, PictureSize largest,
                                                   std::uint32_t writer_slots) {
  const FrameLayout full = frame_layout(format, std::max(size.width, largest.width), std::max(size.height, largest.height));
  return borrow(frame_layout(format, size.width, size.height), format, size, full.slot_bytes + kPlanePadding, writer_slots);
}

Result<std::unique_ptr<SlotPicture>> Slots::borrow_for_device(PixelFormat format, PictureSize size, std::uint32_t stride,
                                                              std::size_t image_bytes, std::uint32_t buffers) {
  constexpr std::uint32_t kPage = 4096;
  FrameLayout layout;
  std::uint32_t offset = kPage;
  for (int plane = 0; plane < plane_count(format); ++plane) {
    PlaneGeometry extent = plane_extent(format, plane, size.width, size.height);
    extent.offset = offset;
    extent.stride = stride;
    offset += stride * extent.rows;
    layout.planes.push_back(extent);
  }
  layout.slot_bytes = std::max<std::size_t>(offset, kPage + image_bytes);
  const std::size_t bytes = layout.slot_bytes;
  return borrow(std::move(layout), format, size, bytes, buffers + kSpareSlots);
}

Result<std::unique_ptr<SlotPicture>> Slots::borrow(FrameLayout layout, PixelFormat format, PictureSize size,
                                                   std::size_t slot_bytes, std::uint32_t writer_slots) {
  const std::lock_guard lock(mutex_);
  const auto ring = ensure_ring(slot_bytes, std::max(writer_slots, kSpareSlots));
  auto loan = ring.ok() ? writer_->loan() : std::nullopt;
  if (!loan) {
    VD_TRY(drop(ring.ok() ? Error{} : ring.error()));
    return std::unique_ptr<SlotPicture>();
  }
  const vision::MutableImageView view = view_of(layout, format, size, loan->bytes());
  return std::make_unique<SlotPicture>(SlotPicture{std::move(*loan), view, std::move(layout)});
}

void Slots::publish(std::unique_ptr<SlotPicture> picture, FrameInfo info) {
  const vision::MutableImageView& view = picture->view;
  info.mutate_width(view.width);
  info.mutate_height(view.height);
  info.mutate_format(view.format);
  describe_layout(picture->layout, info);
  info.mutate_published_at_ns(monotonic_ns());
  std::memcpy(picture->loan.bytes().data(), &info, sizeof info);
  const std::lock_guard lock(mutex_);
  writer_->publish(std::move(picture->loan), info.frame_id(), picture->layout.slot_bytes);
  ++counters_.direct;
}

bool Slots::fill(const AVFrame& frame, PixelFormat format, const FrameLayout& layout, std::span<std::byte> bytes) {
  const auto source = layout_of(static_cast<AVPixelFormat>(frame.format));
  for (int plane = 0; plane < plane_count(format); ++plane) {
    const PlaneGeometry& geometry = layout.planes[static_cast<std::size_t>(plane)];
    const int source_stride = frame.linesize[plane] * (source->skip_chroma_rows && plane > 0 ? 2 : 1);
    av_image_copy_plane(reinterpret_cast<std::uint8_t*>(bytes.data()) + geometry.offset, static_cast<int>(geometry.stride),
                        frame.data[plane], source_stride, static_cast<int>(geometry.row_bytes), static_cast<int>(geometry.rows));
  }
  return true;
}

void Slots::beat() {
  const std::lock_guard lock(mutex_);
  if (writer_) writer_->beat();
}

bus::Demand Slots::demand() const {
  const std::lock_guard lock(mutex_);
  return writer_ ? writer_->demand() : bus::Demand::every_pixel();
}

SlotCounters Slots::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

bool Slots::has_published() const {
  const SlotCounters so_far = counters();
  return so_far.direct + so_far.copied + so_far.converted > 0;
}

}  // namespace vedette::capture
