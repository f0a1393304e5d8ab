#include "vision/pixel_plan.h"

#include <algorithm>

namespace vedette::vision {
namespace {

using Split = PixelPlan::Split;

// Where a component lies in the samples of its plane.
struct ComponentLayout {
  std::size_t channel;
  std::uint32_t offset;  // of its first sample in a unit, bytes
  std::uint32_t step;    // from sample to sample, bytes
  std::uint32_t sub_x;   // pixels per sample
};
// A plane's rows are units of so many pixels and bytes.
struct PlaneLayout {
  Split split;
  std::uint32_t unit_pixels, unit_bytes, sub_y;
  std::span<const ComponentLayout> components;
};

std::span<const PlaneLayout> planes_of(PixelFormat format) {
  static constexpr ComponentLayout kLuma[] = {{0, 0, 1, 1}}, kCb[] = {{1, 0, 1, 2}}, kCr[] = {{2, 0, 1, 2}};
  static constexpr ComponentLayout kCbCr[] = {{1, 0, 2, 2}, {2, 1, 2, 2}};
  static constexpr ComponentLayout kPacked[] = {{0, 0, 2, 1}, {1, 1, 4, 2}, {2, 3, 4, 2}};
  static constexpr ComponentLayout kRgb[] = {{0, 0, 3, 1}, {1, 1, 3, 1}, {2, 2, 3, 1}};
  static constexpr ComponentLayout kBgr[] = {{2, 0, 3, 1}, {1, 1, 3, 1}, {0, 2, 3, 1}};
  static constexpr PlaneLayout kI420[] = {
      {Split::kNone, 1, 1, 1, kLuma}, {Split::kNone, 2, 1, 2, kCb}, {Split::kNone, 2, 1, 2, kCr}};
  static constexpr PlaneLayout kNv12[] = {{Split::kNone, 1, 1, 1, kLuma}, {Split::kPairs, 2, 2, 2, kCbCr}};
  static constexpr PlaneLayout kYuyv[] = {{Split::kYuyv, 2, 4, 1, kPacked}};
  static constexpr PlaneLayout kGray[] = {{Split::kNone, 1, 1, 1, kLuma}};
  static constexpr PlaneLayout kRgb24[] = {{Split::kTriples, 1, 3, 1, kRgb}};
  static constexpr PlaneLayout kBgr24[] = {{Split::kTriples, 1, 3, 1, kBgr}};
  switch (format) {
    case PixelFormat::I420:
      return kI420;
    case PixelFormat::NV12:
      return kNv12;
    case PixelFormat::YUYV:
      return kYuyv;
    case PixelFormat::GRAY8:
      return kGray;
    case PixelFormat::RGB24:
      return kRgb24;
    case PixelFormat::BGR24:
      return kBgr24;
    case PixelFormat::Unknown:
      break;
  }
  VD_ASSERT(false, "a view without a format");
}

// The samples that cover pixels [begin, begin + length) when a sample covers `sub` of them.
struct Range {
  std::uint32_t first, count;
  double origin;  // where the pixels begin, in samples from the first
};
Range samples_of(std::uint32_t begin, std::uint32_t length, std::uint32_t sub) {
  const std::uint32_t first = begin / sub, end = (begin + length + sub - 1) / sub;
  return {first, end - first, static_cast<double>(begin) / sub - first};
}

void make_fixed(PixelPlan::Plane& plane) {
  for (std::uint32_t y = 0; y < plane.rows.first.size(); ++y) {
    const std::vector<std::uint16_t> whole = whole_weights(plane.rows, y, kBlendOne);
    const auto weighs = [](std::uint16_t weight) { return weight != 0; };
    const auto begin = std::find_if(whole.begin(), whole.end(), weighs);
    const auto end = std::find_if(whole.rbegin(), whole.rend(), weighs).base();
    plane.blends.push_back({plane.rows.first[y] + static_cast<std::uint32_t>(begin - whole.begin()),
                            static_cast<std::uint32_t>(end - begin), plane.weights.size()});
    plane.weights.insert(plane.weights.end(), begin, end);
  }
}

}  // namespace

PixelPlan make_plan(const TensorSpec& spec, const ImageView& image, const Region& region, const RowKernels& kernels) {
  const bool antialiased = spec.filter == Filter::kAntialiased;
  const Content content = content_of(spec, region.width, region.height);
  const double step_x = static_cast<double>(region.width) / content.width;
  const double step_y = static_cast<double>(region.height) / content.height;
  PixelPlan plan{image.format, image.width, image.height, region, content, kernels.blocks > 0, {}};
  int index = 0;
  for (const PlaneLayout& layout : planes_of(image.format)) {
    const Range rows = samples_of(region.y, region.height, layout.sub_y);
    const Range units = samples_of(region.x, region.width, layout.unit_pixels);
    PixelPlan::Plane plane{.index = index++,
                           .split = layout.split,
                           .first_byte = std::size_t{units.first} * layout.unit_bytes,
                           .bytes = std::size_t{units.count} * layout.unit_bytes,
                           .first_row = rows.first,
                           .rows = make_taps(rows.count, content.height, step_y / layout.sub_y, rows.origin, antialiased)};
    plan.fixed_point = plan.fixed_point && plane.rows.count <= kMostTaps;
    for (const ComponentLayout& component : layout.components) {
      const Range columns = samples_of(region.x, region.width, component.sub_x);
      Taps taps = make_taps(columns.count, content.width, step_x / component.sub_x, columns.origin, antialiased);
      // The plane's units may begin before the region does.
      const std::uint32_t before = columns.first - units.first * (layout.unit_pixels / component.sub_x);
      for (std::uint32_t& first : taps.first) first += before;
      plan.fixed_point = plan.fixed_point && taps.count <= kMostTaps;
      plane.components.push_back({.channel = component.channel,
                                  .plain_taps = std::move(taps),
                                  .offset = component.offset,
                                  .step = component.step,
                                  .row = {}});
    }
    plan.planes.push_back(std::move(plane));
  }
  for (PixelPlan::Plane& plane : plan.planes) {
    if (plan.fixed_point) make_fixed(plane);
    if (plan.fixed_point && (plane.split == Split::kYuyv || plane.split == Split::kTriples))
      plane.scratch.resize(plane.bytes + kRowSlack);
    if (!plan.fixed_point) plane.blended.resize(plane.bytes);
    for (PixelPlan::Component& component : plane.components) {
      component.row.resize(content.width + kRowSlack);
      if (!plan.fixed_point) continue;
      component.samples.resize(plane.bytes / component.step + kRowSlack);
      component.taps = RowTaps(component.plain_taps, kernels.blocks);
      component.plain_taps = {};
    }
  }
  return plan;
}

}  // namespace vedette::vision
