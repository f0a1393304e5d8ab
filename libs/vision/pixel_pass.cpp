#include "vision/pixel_pass.h"

#include <algorithm>

#include "vision/color.h"
#include "vision/pixel_plan.h"

namespace vedette::vision {
namespace {

constexpr std::size_t kMaxPlans = 16;

bool is_rgb(PixelFormat format) { return format == PixelFormat::RGB24 || format == PixelFormat::BGR24; }

const std::uint8_t* top_of(const ImageView& image, const PixelPlan::Plane& plane, std::uint32_t row) {
  return image.row(plane.index, plane.first_row + row) + plane.first_byte;
}

void blend_fixed(const RowKernels& kernels, const ImageView& image, std::uint32_t y, PixelPlan& plan, PixelPlan::Plane& plane) {
  const PixelPlan::Blend& blend = plane.blends[y];
  RowBlend rows{.top = top_of(image, plane, blend.first),
                .stride = image.planes[static_cast<std::size_t>(plane.index)].stride,
                .bytes = plane.bytes,
                .weights = &plane.weights[blend.weights],
                .count = blend.count};
  const PixelPlan::Blend& next = plane.blends[std::min<std::size_t>(y + 1, plane.blends.size() - 1)];
  const std::uint32_t end = blend.first + blend.count;
  if (next.first + next.count > end) {
    rows.next = top_of(image, plane, end);
    rows.next_count = next.first + next.count - end;
  }
  const auto samples = [&](std::size_t i) { return plan.samples[plane.channels[i]].data(); };
  Sample* const scratch = plane.scratch.data();
  switch (plane.split) {
    case PixelPlan::Split::kNone:
      return kernels.blend(rows, samples(0));
    case PixelPlan::Split::kPairs:
      return kernels.blend_pairs(rows, samples(0), samples(1));
    case PixelPlan::Split::kYuyv:
      kernels.blend_pairs(rows, samples(0), scratch);
      return kernels.split_pairs(scratch, plane.bytes / 4, samples(1), samples(2));
    case PixelPlan::Split::kTriples:
      kernels.blend(rows, scratch);
      return kernels.split_triples(scratch, plane.bytes / 3, samples(0), samples(1), samples(2));
  }
}

void blend_plain(const ImageView& image, std::uint32_t y, PixelPlan::Plane& plane) {
  std::fill(plane.blended.begin(), plane.blended.end(), 0.0f);
  float* __restrict blended = plane.blended.data();
  for (std::uint32_t k = 0; k < plane.rows.count; ++k) {
    const float weight = plane.rows.weights[std::size_t{y} * plane.rows.count + k];
    if (weight == 0.0f) continue;
    const std::uint8_t* __restrict row = top_of(image, plane, plane.rows.first[y] + k);
    for (std::size_t x = 0; x < plane.bytes; ++x) blended[x] += weight * static_cast<float>(row[x]);
  }
}

void pick_plain(const PixelPlan& plan, const PixelPlan::Group& group) {
  const Taps& taps = group.columns;
  for (std::size_t i = 0; i < group.members.size(); ++i) {
    const float* const row = plan.planes[group.members[i].plane].blended.data() + group.members[i].offset;
    const float* weights = taps.weights.data();
    for (std::size_t x = 0; x < taps.first.size(); ++x, weights += taps.count) {
      const float* const from = row + std::size_t{taps.first[x]} * group.step;
      float sum = 0.0f;
      for (std::uint32_t k = 0; k < taps.count; ++k) sum += weights[k] * from[std::size_t{k} * group.step];
      group.rows[i][x] = sum;
    }
  }
}

// One row of each channel at the tensor's width, in units of 1 / (kSampleOne · kPickOne), or of a byte's without fixed point.
void resample(const RowKernels& kernels, const ImageView& image, std::uint32_t y, PixelPlan& plan) {
  for (PixelPlan::Plane& plane : plan.planes)
    plan.fixed_point ? blend_fixed(kernels, image, y, plan, plane) : blend_plain(image, y, plane);
  for (const PixelPlan::Group& group : plan.groups)
    plan.fixed_point ? kernels.pick(group.taps, group.samples, group.rows) : pick_plain(plan, group);
}

// Without the places of a row: how its components become colour.
ColorRow color_row(const TensorSpec& spec, const ImageView& image, const PixelPlan& plan) {
  const YuvToRgb m = yuv_to_rgb(image.matrix, is_rgb(image.format) ? ColorRange::Full : image.range);
  const double unit = plan.fixed_point ? 1.0 / (kSampleOne * static_cast<double>(kPickOne)) : 1.0;
  const auto f = [](double value) { return static_cast<float>(value); };
  ColorRow row{.scale = f(m.luma * unit), .element = spec.element, .count = plan.content.width};
  const double black = -m.luma * m.black;
  row.offset = {f(black), f(black), f(black)};
  row.yuv = !is_rgb(image.format) && image.format != PixelFormat::GRAY8;
  if (row.yuv) {
    row.red_cr = f(m.red_cr * unit), row.green_cb = f(m.green_cb * unit);
    row.green_cr = f(m.green_cr * unit), row.blue_cb = f(m.blue_cb * unit);
    row.offset = {f(black - 128.0 * m.red_cr), f(black - 128.0 * (m.green_cb + m.green_cr)), f(black - 128.0 * m.blue_cb)};
  }
  for (std::size_t color = 0; color < 3; ++color) {
    const std::size_t place = spec.order == ColorOrder::kRgb ? color : 2 - color;
    row.gain[color] = spec.scale / spec.deviation[place];
    row.bias[color] = -spec.mean[place] / spec.deviation[place];
  }
  for (std::size_t channel = 0; channel < 3; ++channel) row.from[channel] = plan.rows[channel].data();
  if (image.format == PixelFormat::GRAY8) row.from = {row.from[0], row.from[0], row.from[0]};
  return row;
}

}  // namespace

Content content_of(const TensorSpec& spec, std::uint32_t width, std::uint32_t height) {
  if (spec.fit == Fit::kStretch) return {spec.width, spec.height};
  const double ratio = std::min(static_cast<double>(spec.width) / width, static_cast<double>(spec.height) / height);
  // Truncated as YOLOX's preproc() does; the epsilon keeps 416 from becoming 415.999….
  const auto side = [ratio](std::uint32_t pixels) { return std::max(1u, static_cast<std::uint32_t>(pixels * ratio + 1e-6)); };
  return {side(width), side(height)};
}

PixelPass::PixelPass(const TensorSpec& spec) : spec_(spec), kernels_(&row_kernels()) {
  VD_ASSERT(spec.width > 0 && spec.height > 0, "a tensor without a size");
  plans_.reserve(kMaxPlans);
}
PixelPass::~PixelPass() = default;
PixelPass::PixelPass(PixelPass&&) noexcept = default;
PixelPass& PixelPass::operator=(PixelPass&&) noexcept = default;

PixelPlan& PixelPass::plan_for(const ImageView& image, const Region& region) {
  for (const auto& plan : plans_)
    if (plan->format == image.format && plan->width == image.width && plan->height == image.height && plan->region == region)
      return *plan;

  VD_ASSERT(image.width >= 1 && image.height >= 1 && image.width <= kMaxSide && image.height <= kMaxSide, "impossible picture");
  VD_ASSERT(region.width >= 1 && region.width <= image.width && region.x <= image.width - region.width && region.height >= 1 &&
                region.height <= image.height && region.y <= image.height - region.height,
            "a region outside its picture");
  auto plan = std::make_unique<PixelPlan>(make_plan(spec_, image, region, *kernels_));
  if (plans_.size() < kMaxPlans) return *plans_.emplace_back(std::move(plan));
  next_replaced_ = (next_replaced_ + 1) % kMaxPlans;
  plans_[next_replaced_] = std::move(plan);
  return *plans_[next_replaced_];
}

Content PixelPass::run(const ImageView& image, std::span<std::byte> tensor) {
  return run(image, {0, 0, image.width, image.height}, tensor);
}

Content PixelPass::run(const ImageView& image, const Region& region, std::span<std::byte> tensor) {
  const std::size_t size = bytes_of(spec_.element);
  VD_ASSERT(tensor.size() == spec_.bytes() && reinterpret_cast<std::uintptr_t>(tensor.data()) % size == 0, "another tensor");
  PixelPlan& plan = plan_for(image, region);
  ColorRow row = color_row(spec_, image, plan);
  const std::size_t width = spec_.width, channel = width * spec_.height;
  const auto place = [this](std::size_t color) { return spec_.order == ColorOrder::kRgb ? color : 2 - color; };
  for (std::size_t color = 0; color < 3; ++color) row.to[color] = tensor.data() + place(color) * channel * size;
  const auto pad = [&](std::size_t color, std::size_t from, std::size_t count) {
    const float pixel = spec_.pad[place(color)];
    const float value = spec_.element == Element::kUint8 ? pixel : pixel * row.gain[color] + row.bias[color];
    kernels_->fill(spec_.element, value, row.to[color] + from * size, count);
  };
  for (std::uint32_t y = 0; y < plan.content.height; ++y) {
    resample(*kernels_, image, y, plan);
    kernels_->color(row);
    for (std::size_t color = 0; color < 3; ++color) {
      pad(color, plan.content.width, width - plan.content.width);
      row.to[color] += width * size;
    }
  }
  for (std::size_t color = 0; color < 3; ++color) pad(color, 0, width * (spec_.height - plan.content.height));
  return plan.content;
}

}  // namespace vedette::vision
