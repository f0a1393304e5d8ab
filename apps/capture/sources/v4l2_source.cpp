#include "capture/sources/v4l2_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "capture/retouch.h"
#include "capture/slots.h"
#include "capture/v4l2/v4l2_find.h"
#include "vision/jpeg_planes.h"

namespace vedette::capture {
namespace {

constexpr auto kNap = std::chrono::milliseconds(100);
// So long a device that has gone is waited for before it is said again that it is away.
constexpr std::uint64_t kWaitForReturnNs = 10'000'000'000;
// A /dev that doesn't tell of changes (a bind mount into a container) is looked at so often.
constexpr std::uint64_t kLookAgainNs = 500'000'000;

V4l2Format format_of(const std::string& name) {
  if (name == "mjpeg") return V4l2Format::kMjpeg;
  if (name == "yuyv") return V4l2Format::kYuyv;
  if (name == "nv12") return V4l2Format::kNv12;
  if (name == "grey") return V4l2Format::kGrey;
  return V4l2Format::kAuto;
}

PixelFormat pixels_of(V4l2Format format) {
  switch (format) {
    case V4l2Format::kYuyv:
      return PixelFormat::YUYV;
    case V4l2Format::kNv12:
      return PixelFormat::NV12;
    case V4l2Format::kGrey:
      return PixelFormat::GRAY8;
    default:
      return PixelFormat::Unknown;
  }
}

// What a picture costs until its planes lie in a slot: what `auto` compares.
class Trial {
 public:
  void operator()(const V4l2Layout& layout, const V4l2Frame& frame) {
    if (layout.format != V4l2Format::kMjpeg) {
      copy_.assign(frame.bytes.begin(), frame.bytes.end());
    } else if (const auto header = decoder_->read_header(frame.bytes); header.ok()) {
      planes_.reshape(header->format, header->width, header->height);
      (void)decoder_->decode(frame.bytes, *header, 1, writable(planes_));  // a damaged one costs as much
    }
  }

 private:
  std::shared_ptr<vision::JpegPlanesDecoder> decoder_ = std::make_shared<vision::JpegPlanesDecoder>();
  vision::Image planes_;
  std::vector<std::byte> copy_;
};

std::unique_ptr<V4l2Device> make_device(const SourceOptions& options, V4l2Format format, bool user_buffers, Idle idle) {
  V4l2Options device;
  device.device = options.url;
  device.wanted = {format, options.device.size.width, options.device.size.height, static_cast<double>(options.device.fps)};
  device.controls = options.device.controls;
  device.user_buffers = user_buffers;
  device.consume = Trial();
  device.idle = std::move(idle);
  return std::make_unique<V4l2Device>(std::move(device));
}

// Opens a device that was open before. While it is away its return is waited for, so that it is noticed at once.
Result<> open_again(V4l2Device& device, const Idle& idle) {
  auto watch = V4l2Watch::create();  // before the first look: nothing is missed between the two
  auto opened = device.open();
  const std::uint64_t since = monotonic_ns();
  std::uint64_t looked = since;
  while (!opened.ok() && opened.error().code == ErrorCode::kNotFound && watch.ok() && age_ns(since) < kWaitForReturnNs &&
         idle()) {
    if (!watch->changed(kNap) && age_ns(looked) < kLookAgainNs) continue;
    opened = device.open();
    looked = monotonic_ns();
  }
  return opened;
}

// Of the pictures that the driver fills; a reader's share comes on top.
constexpr std::uint32_t kBuffers = 4;

}  // namespace

V4l2Source::V4l2Source(const SourceOptions& options, V4l2Device& device, Slots& slots, Idle idle)
    : Source(Clock::kMonotonic), options_(options), device_(device), slots_(slots), idle_(std::move(idle)) {}

V4l2Source::~V4l2Source() {
  device_.close();
  (void)device_.take_user_cookies();  // their slots go back with lent_
}

Result<std::unique_ptr<Source>> V4l2Source::open(const SourceOptions& options, std::unique_ptr<V4l2Device>& device, Slots& slots,
                                                 Idle idle) {
  const bool first = !device;
  if (first) device = make_device(options, format_of(options.device.format), false, idle);
  VD_TRY(first ? device->open() : open_again(*device, idle));
  const V4l2Format chosen = device->layout().format;
  if (first && slots.may_lend() && chosen != V4l2Format::kMjpeg) {
    device->close();
    auto lent = make_device(options, chosen, true, idle);
    if (lent->open().ok()) device = std::move(lent);
    if (!device->is_open()) VD_TRY(device->open());
  }
  std::unique_ptr<V4l2Source> source(new V4l2Source(options, *device, slots, std::move(idle)));
  source->before_ = device->counters();
  source->describe();
  if (device->lends_user_buffers()) VD_TRY(source->lend_slots());
  return std::unique_ptr<Source>(std::move(source));
}

// The driver's buffers are slots of <camera>/frames from now on.
Result<> V4l2Source::lend_slots() {
  into_slots_ = true;
  while (lent_.size() < kBuffers) {
    const V4l2Layout& layout = device_.layout();
    VD_ASSIGN(auto slot, slots_.borrow_for_device(pixels_of(layout.format), {layout.width, layout.height}, layout.bytes_per_line,
                                                  layout.image_bytes, kBuffers));
    if (!slot) return Error{ErrorCode::kResourceExhausted, options_.url + ": no free slots for the device to fill"};
    VD_TRY(lend(std::move(slot)));
  }
  return {};
}

Result<> V4l2Source::lend(std::unique_ptr<SlotPicture> slot) {
  const std::uint64_t cookie = next_cookie_++;
  const std::size_t offset = slot->layout.planes.front().offset;
  VD_TRY(device_.queue_user(slot->loan.bytes().subspan(offset, device_.layout().image_bytes), cookie));
  lent_.emplace(cookie, std::move(slot));
  return {};
}

// A picture that nobody wanted: the driver may fill its slot again.
void V4l2Source::take_back_frame() {
  const auto found = into_slots_ ? lent_.find(frame_.cookie) : lent_.end();
  if (found == lent_.end()) return;
  std::unique_ptr<SlotPicture> slot = std::move(found->second);
  lent_.erase(found);
  frame_.cookie = 0;
  if (const auto lent = lend(std::move(slot)); !lent.ok()) error_ = lent.error();
}

void V4l2Source::describe() {
  const V4l2Layout& layout = device_.layout();
  video_.codec = layout.format == V4l2Format::kMjpeg ? Codec::MJPEG : Codec::Unknown;
  video_.width = layout.width;
  video_.height = layout.height;
  video_.frame_duration_ns = layout.fps > 0 ? static_cast<std::int64_t>(1e9 / layout.fps) : 0;
  video_.description = device_.description();
}

Source::Read V4l2Source::read() {
  const std::uint64_t since = monotonic_ns();
  take_back_frame();
  while (idle_()) {
    if (!waiting_.empty()) {
      frame_ = waiting_.front();
      waiting_.pop_front();
      describe_packet(frame_);
      return Read::kPacket;
    }
    const auto frames = device_.next(kNap);
    if (!frames.ok()) {
      error_ = frames.error();
      return Read::kFailed;
    }
    waiting_.assign(frames->begin(), frames->end());
    counters_.lost = device_.counters().lost - before_.lost;
    counters_.bad = device_.counters().damaged - before_.damaged;
    if (waiting_.empty() && age_ns(since) > to_ns(options_.timeout)) {
      error_ = Error{ErrorCode::kUnavailable, fmt::format("{}: gave nothing for {} ms", options_.url, options_.timeout.count())};
      return Read::kFailed;
    }
  }
  return Read::kStopped;
}

void V4l2Source::describe_packet(const V4l2Frame& frame) {
  const V4l2Layout& layout = device_.layout();
  packet_ = Packet{};
  packet_.kind = layout.format == V4l2Format::kMjpeg ? Packet::Kind::kVideo : Packet::Kind::kPicture;
  packet_.data = frame.bytes;
  packet_.captured_at_ns = frame.captured_at_ns;
  packet_.arrived_ns = monotonic_ns();
  packet_.pts_ns = packet_.dts_ns = static_cast<std::int64_t>(frame.captured_at_ns);
  packet_.duration_ns = static_cast<std::uint32_t>(std::clamp<std::int64_t>(video_.frame_duration_ns, 0, UINT32_MAX));
  packet_.format = pixels_of(layout.format);
  packet_.matrix = layout.matrix;
  packet_.range = layout.range;
  packet_.width = layout.width;
  packet_.height = layout.height;
  ++counters_.packets;
}

void V4l2Source::write_picture(const vision::MutableImageView& out) {
  const std::size_t stride = device_.layout().bytes_per_line;
  std::size_t from = 0;
  for (int plane = 0; plane < plane_count(out.format); ++plane) {
    const PlaneGeometry extent = plane_extent(out.format, plane, out.width, out.height);
    const vision::MutablePlane& to = out.planes[static_cast<std::size_t>(plane)];
    for (std::uint32_t row = 0; row < extent.rows; ++row)
      std::memcpy(to.data + row * to.stride, frame_.bytes.data() + from + row * stride, extent.row_bytes);
    from += stride * extent.rows;
  }
}

std::unique_ptr<SlotPicture> V4l2Source::take_slot() {
  const V4l2Layout& layout = device_.layout();
  auto fresh = slots_.borrow_for_device(packet_.format, {layout.width, layout.height}, layout.bytes_per_line, layout.image_bytes,
                                        kBuffers);
  const auto found = lent_.find(frame_.cookie);
  if (!fresh.ok() || !*fresh || found == lent_.end() || !lend(std::move(*fresh)).ok()) return nullptr;
  std::unique_ptr<SlotPicture> slot = std::move(found->second);
  lent_.erase(found);
  frame_.cookie = 0;
  return slot;
}

Result<> V4l2Source::set_standby(bool standby) {
  if (options_.device.standby_fps <= 0) return {};
  VD_ASSIGN(const double fps, device_.set_fps(static_cast<double>(standby ? options_.device.standby_fps : options_.device.fps)));
  video_.frame_duration_ns = fps > 0 ? static_cast<std::int64_t>(1e9 / fps) : 0;
  // The stream was stopped for it: what it had filled is gone, its buffers are ours again.
  waiting_.clear();
  frame_.cookie = 0;
  (void)device_.take_user_cookies();
  lent_.clear();
  return into_slots_ ? lend_slots() : Result<>();
}

}  // namespace vedette::capture
