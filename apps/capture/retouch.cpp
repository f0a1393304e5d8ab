#include "capture/retouch.h"

namespace vedette::capture {
namespace {

vision::MaskPoint turned(Point point, const vision::Orientation& orientation) {
  if (orientation.flip_horizontal) point.x = 1 - point.x;
  if (orientation.flip_vertical) point.y = 1 - point.y;
  switch (orientation.rotate) {
    case 90:
      return {1 - point.y, point.x};
    case 180:
      return {1 - point.x, 1 - point.y};
    case 270:
      return {point.y, 1 - point.x};
    default:
      return {point.x, point.y};
  }
}

vision::Mask mask_of(const std::vector<Polygon>& masks, const vision::Orientation& orientation) {
  std::vector<vision::MaskPolygon> polygons;
  for (const Polygon& mask : masks) {
    vision::MaskPolygon& polygon = polygons.emplace_back();
    for (const Point& point : mask) polygon.push_back(turned(point, orientation));
  }
  return vision::Mask(std::move(polygons));
}

}  // namespace

Retouch::Retouch(const vision::Orientation& orientation, const std::vector<Polygon>& masks)
    : orientation_(orientation), mask_(mask_of(masks, orientation)) {}

vision::ImageView Retouch::apply(const vision::ImageView& in) {
  const PictureSize size = turned({in.width, in.height});
  image_.reshape(vision::oriented_format(in.format, orientation_), size.width, size.height);
  image_.set_color(in.matrix, in.range);
  const vision::MutableImageView out = writable(image_);
  vision::orient(in, orientation_, out);
  if (!mask_.empty()) mask_.apply(out, in.range);
  return image_.view();
}

vision::Orientation orientation_of(const CameraConfig& camera) {
  return {camera.flip == "horizontal" || camera.flip == "both", camera.flip == "vertical" || camera.flip == "both",
          camera.rotate};
}

}  // namespace vedette::capture
