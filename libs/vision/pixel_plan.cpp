#include "vision/pixel_plan.h"

#include <algorithm>

namespace vedette::vision {
namespace {

using Split = PixelPlan::Split;

// A plane's rows are units of so many pixels and bytes.
struct PlaneLayout {
  Split split;
  std::array<std::uint8_t, 3> channels;
  std::uint32_t unit_pixels, unit_bytes, sub_y;
};
struct MemberLayout {
  std::uint8_t channel;
  std::uint8_t plane;
  std::uint8_t offset;  // of its first sample, bytes
};
struct GroupLayout {
  std::span<const MemberLayout> members;
  std::uint32_t step;   // from sample to sample, bytes
  std::uint32_t sub_x;  // pixels per sample
};
struct FormatLayout {
  std::span<const PlaneLayout> planes;
  std::span<const GroupLayout> groups;
};

FormatLayout layout_of(PixelFormat format) {
  static constexpr PlaneLayout kI420[] = {
      {Split::kNone, {0}, 1, 1, 1}, {Split::kNone, {1}, 2, 1, 2}, {Split::kNone, {2}, 2, 1, 2}};
  static constexpr PlaneLayout kNv12[] = {{Split::kNone, {0}, 1, 1, 1}, {Split::kPairs, {1, 2}, 2, 2, 2}};
  static constexpr PlaneLayout kYuyv[] = {{Split::kYuyv, {0, 1, 2}, 2, 4, 1}};
  static constexpr PlaneLayout kGray[] = {{Split::kNone, {0}, 1, 1, 1}};
  static constexpr PlaneLayout kRgb[] = {{Split::kTriples, {0, 1, 2}, 1, 3, 1}};
  static constexpr PlaneLayout kBgr[] = {{Split::kTriples, {2, 1, 0}, 1, 3, 1}};
  static constexpr MemberLayout kLuma[] = {{0, 0, 0}}, kPlanar[] = {{1, 1, 0}, {2, 2, 0}}, kPairs[] = {{1, 1, 0}, {2, 1, 1}};
  static constexpr MemberLayout kPacked[] = {{1, 0, 1}, {2, 0, 3}};
  static constexpr MemberLayout kForward[] = {{0, 0, 0}, {1, 0, 1}, {2, 0, 2}}, kBackward[] = {{2, 0, 0}, {1, 0, 1}, {0, 0, 2}};
  static constexpr GroupLayout kI420Groups[] = {{kLuma, 1, 1}, {kPlanar, 1, 2}}, kNv12Groups[] = {{kLuma, 1, 1}, {kPairs, 2, 2}};
  static constexpr GroupLayout kYuyvGroups[] = {{kLuma, 2, 1}, {kPacked, 4, 2}}, kGrayGroups[] = {{kLuma, 1, 1}};
  static constexpr GroupLayout kRgbGroups[] = {{kForward, 3, 1}}, kBgrGroups[] = {{kBackward, 3, 1}};
  switch (format) {
    case PixelFormat::I420:
      return {kI420, kI420Groups};
    case PixelFormat::NV12:
      return {kNv12, kNv12Groups};
    case PixelFormat::YUYV:
      return {kYuyv, kYuyvGroups};
    case PixelFormat::GRAY8:
      return {kGray, kGrayGroups};
    case PixelFormat::RGB24:
      return {kRgb, kRgbGroups};
    case PixelFormat::BGR24:
      return {kBgr, kBgrGroups};
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

PixelPlan::Plane make_plane(const PlaneLayout& layout, int index, const Region& region, const Content& content,
                            bool antialiased) {
  const Range units = samples_of(region.x, region.width, layout.unit_pixels);
  const Range rows = samples_of(region.y, region.height, layout.sub_y);
  const double step = static_cast<double>(region.height) / content.height / layout.sub_y;
  return {.index = index,
          .split = layout.split,
          .channels = layout.channels,
          .first_byte = std::size_t{units.first} * layout.unit_bytes,
          .bytes = std::size_t{units.count} * layout.unit_bytes,
          .first_row = rows.first,
          .rows = make_taps(rows.count, content.height, step, rows.origin, antialiased)};
}

PixelPlan::Group make_group(const GroupLayout& layout, const PlaneLayout& plane, const Region& region, const Content& content,
                            bool antialiased) {
  const Range columns = samples_of(region.x, region.width, layout.sub_x);
  const double step = static_cast<double>(region.width) / content.width / layout.sub_x;
  PixelPlan::Group group{.columns = make_taps(columns.count, content.width, step, columns.origin, antialiased),
                         .step = layout.step};
  // The plane's units may begin before the region does.
  const std::uint32_t before = columns.first - region.x / plane.unit_pixels * (plane.unit_pixels / layout.sub_x);
  for (std::uint32_t& first : group.columns.first) first += before;
  for (const MemberLayout& member : layout.members) group.members.push_back({member.plane, member.offset});
  return group;
}

// The weights of the output rows as whole numbers.
void make_blends(PixelPlan::Plane& plane) {
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
  const FormatLayout format = layout_of(image.format);
  PixelPlan plan{image.format, image.width, image.height, region, content, kernels.blocks > 0, {}, {}, {}, {}};
  for (const PlaneLayout& layout : format.planes) {
    plan.planes.push_back(make_plane(layout, static_cast<int>(plan.planes.size()), region, content, antialiased));
    plan.fixed_point = plan.fixed_point && plan.planes.back().rows.count <= kMostTaps;
  }
  for (const GroupLayout& layout : format.groups) {
    const PlaneLayout& plane = format.planes[layout.members[0].plane];
    plan.groups.push_back(make_group(layout, plane, region, content, antialiased));
    plan.fixed_point = plan.fixed_point && plan.groups.back().columns.count <= kMostTaps;
  }
  for (PixelPlan::Plane& plane : plan.planes) {
    if (!plan.fixed_point) {
      plane.blended.resize(plane.bytes);
      continue;
    }
    make_blends(plane);
    if (plane.split == Split::kYuyv || plane.split == Split::kTriples) plane.scratch.resize(plane.bytes + kRowSlack);
  }
  for (std::size_t i = 0; i < plan.groups.size(); ++i) {
    PixelPlan::Group& group = plan.groups[i];
    if (plan.fixed_point) group.taps = RowTaps(group.columns, kernels.blocks);
    for (const MemberLayout& member : format.groups[i].members) {
      if (plan.fixed_point) plan.samples[member.channel].resize(plan.planes[member.plane].bytes / group.step + kRowSlack);
      plan.rows[member.channel].resize(content.width + kRowSlack);
      group.samples.push_back(plan.samples[member.channel].data());
      group.rows.push_back(plan.rows[member.channel].data());
    }
  }
  return plan;
}

}  // namespace vedette::vision
