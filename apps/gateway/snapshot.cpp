#include "gateway/snapshot.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "schema/class_names.h"
#include "vision/jpeg.h"
#include "vision/overlay.h"
#include "vision/shrink.h"

namespace vedette::gateway {
namespace {

constexpr int kQuality = 90;

std::string label_of(const Detection& box, const std::vector<std::string>& classes) {
  return class_name(classes, box.class_id()) + " " + std::to_string(std::lround(box.score() * 100.0f)) + "%";
}

}  // namespace

Result<SnapshotWish> parse_snapshot_wish(const Target& target) {
  const auto bad = [](std::string what) { return Error{ErrorCode::kInvalidArgument, std::move(what)}; };
  SnapshotWish wish;
  if (const auto width = target.value("width")) {
    const char* end = width->data() + width->size();
    const auto read = std::from_chars(width->data(), end, wish.width);
    if (read.ec != std::errc{} || read.ptr != end || wish.width < kLeastSnapshotWidth || wish.width > kMaxSide)
      return bad("width=: expected " + std::to_string(kLeastSnapshotWidth) + " to " + std::to_string(kMaxSide) + " pixels");
  }
  if (const auto boxes = target.value("boxes")) {
    if (*boxes != "0" && *boxes != "1") return bad("boxes=: expected 0 or 1");
    wish.boxes = *boxes == "1";
  }
  return wish;
}

Result<std::vector<std::byte>> render_snapshot(const Picture& picture, const DetectedFrame* found, const SnapshotWish& wish) {
  std::vector<std::byte> file;
  file.reserve(picture.bytes());
  for (const auto& part : picture.parts()) file.insert(file.end(), part.begin(), part.end());
  vision::JpegDecoder decoder;
  vision::Image image;
  VD_TRY(decoder.decode_i420(file, image));
  const vision::ImageView whole = image.view();
  if (wish.width > 0 && wish.width < whole.width) {
    const double height = static_cast<double>(whole.height) * wish.width / whole.width;
    vision::Image smaller;
    vision::shrink(whole, wish.width, std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::lround(height))), smaller);
    image = std::move(smaller);
  }
  if (wish.boxes && found != nullptr)
    for (const Detection& box : found->detections.boxes)
      vision::draw_box(image, {box.x(), box.y(), box.width(), box.height()}, label_of(box, found->classes));
  vision::JpegEncoder encoder;
  VD_ASSIGN(const auto jpeg, encoder.encode(image.view(), kQuality));
  return std::vector<std::byte>(jpeg.begin(), jpeg.end());
}

}  // namespace vedette::gateway
