#include "bench/detect/camera.h"

#include <cstring>

#include "base/clock.h"
#include "stage/topics.h"

namespace vedette::bench {
namespace {

constexpr auto kFormat = PixelFormat::I420;
constexpr std::uint32_t kWidth = kPictureWidth, kHeight = kPictureHeight;
// Some readers, not sixteen: a hundred megabytes of slots would be made in each round.
constexpr stage::Share kShare{.readers = 4, .held_per_reader = 2};

bus::RingWriter open_frames(const bus::BusDir& dir, const std::string& name) {
  const auto options = stage::frames_ring(kShare, frame_layout(kFormat, kWidth, kHeight).slot_bytes, 1);
  return must(bus::RingWriter::open(dir, {name, "frames"}, options));
}

void copy_planes(const vision::ImageView& from, const vision::MutableImageView& to) {
  for (int plane = 0; plane < plane_count(kFormat); ++plane) {
    const PlaneGeometry extent = plane_extent(kFormat, plane, kWidth, kHeight);
    const vision::MutablePlane& target = to.planes[static_cast<std::size_t>(plane)];
    for (std::uint32_t y = 0; y < extent.rows; ++y)
      std::memcpy(target.data + target.stride * y, from.row(plane, y), extent.row_bytes);
  }
}

// Black or white, 240 pixels a side, somewhere else with each number.
void draw_square(const vision::MutableImageView& image, std::uint64_t number) {
  constexpr std::uint32_t kSide = 240, kStep = 120;
  const auto x = static_cast<std::uint32_t>(number * kStep % (kWidth - kSide));
  const auto y = static_cast<std::uint32_t>(number / 5 * kStep % (kHeight - kSide));
  for (std::uint32_t row = y; row < y + kSide; ++row)
    std::memset(image.planes[0].data + image.planes[0].stride * row + x, number % 2 == 0 ? 235 : 16, kSide);
}

}  // namespace

Camera::Camera(const std::string& bus, const std::string& name)
    : dir_(must(bus::BusDir::open(bus))), name_(name), frames_(open_frames(dir_, name)) {}

std::uint64_t Camera::publish(bool moving) {
  frames_.beat();
  auto loan = frames_.loan();
  if (!loan) fail("no free slot");
  FrameInSlot frame(loan->bytes(), kFormat, kWidth, kHeight);
  copy_planes(picture_.view(), frame.image);
  if (moving) draw_square(frame.image, number_++);
  const std::uint64_t frame_id = frames_.next_frame_id();
  set_camera(frame.info, name_);
  frame.info.mutate_frame_id(frame_id);
  published_at_ns_ = monotonic_ns();
  frame.info.mutate_captured_at_ns(published_at_ns_);
  frame.info.mutate_published_at_ns(published_at_ns_);
  std::memcpy(loan->bytes().data(), &frame.info, sizeof frame.info);
  frames_.publish(std::move(*loan), frame_id, frame.bytes);
  return frame_id;
}

}  // namespace vedette::bench
