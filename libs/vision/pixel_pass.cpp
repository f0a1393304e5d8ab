#include "vision/pixel_pass.h"

#include <algorithm>

#include "vision/color.h"
#include "vision/taps.h"

namespace vedette::vision {
namespace {

constexpr std::size_t kMaxPlans = 16;

// Where a component (luma, Cb, red, …) of a format lies.
struct ComponentLayout {
  int plane;
  std::uint32_t offset;  // of its first sample in a row, bytes
  std::uint32_t step;    // from sample to sample, bytes
  std::uint32_t sub_x;   // pixels per sample
  std::uint32_t sub_y;
};

// In the order Y, Cb, Cr or R, G, B.
std::span<const ComponentLayout> components_of(PixelFormat format) {
  static constexpr ComponentLayout kI420[] = {{0, 0, 1, 1, 1}, {1, 0, 1, 2, 2}, {2, 0, 1, 2, 2}};
  static constexpr ComponentLayout kNv12[] = {{0, 0, 1, 1, 1}, {1, 0, 2, 2, 2}, {1, 1, 2, 2, 2}};
  static constexpr ComponentLayout kYuyv[] = {{0, 0, 2, 1, 1}, {0, 1, 4, 2, 1}, {0, 3, 4, 2, 1}};
  static constexpr ComponentLayout kGray[] = {{0, 0, 1, 1, 1}};
  static constexpr ComponentLayout kRgb[] = {{0, 0, 3, 1, 1}, {0, 1, 3, 1, 1}, {0, 2, 3, 1, 1}};
  static constexpr ComponentLayout kBgr[] = {{0, 2, 3, 1, 1}, {0, 1, 3, 1, 1}, {0, 0, 3, 1, 1}};
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
      return kRgb;
    case PixelFormat::BGR24:
      return kBgr;
    case PixelFormat::Unknown:
      break;
  }
  VD_ASSERT(false, "a view without a format");
}

bool is_rgb(PixelFormat format) { return format == PixelFormat::RGB24 || format == PixelFormat::BGR24; }

constexpr std::uint32_t samples(std::uint32_t pixels, std::uint32_t sub) { return (pixels + sub - 1) / sub; }

// The weighted sum of `taps.count` rows, over a plane's bytes as they lie.
void blend_rows(const ImageView& image, int plane, const Taps& taps, std::uint32_t y, std::span<float> out) {
  const float* weights = &taps.weights[std::size_t{y} * taps.count];
  const std::uint32_t first = taps.first[y];
  float* __restrict to = out.data();
  if (taps.count == 2) {
    const std::uint8_t* __restrict upper = image.row(plane, first);
    const std::uint8_t* __restrict lower = image.row(plane, first + 1);
    const float w0 = weights[0], w1 = weights[1];
    for (std::size_t x = 0; x < out.size(); ++x) to[x] = w0 * static_cast<float>(upper[x]) + w1 * static_cast<float>(lower[x]);
    return;
  }
  const std::uint8_t* __restrict top = image.row(plane, first);
  for (std::size_t x = 0; x < out.size(); ++x) to[x] = weights[0] * static_cast<float>(top[x]);
  for (std::uint32_t k = 1; k < taps.count; ++k) {
    if (weights[k] == 0.0f) continue;
    const std::uint8_t* __restrict row = image.row(plane, first + k);
    const float weight = weights[k];
    for (std::size_t x = 0; x < out.size(); ++x) to[x] += weight * static_cast<float>(row[x]);
  }
}

// One component's row at the tensor's width. Count 0: taps.count, known at run time only.
template <std::uint32_t Count>
void pick_samples(const Taps& taps, const float* __restrict row, std::uint32_t step, std::span<float> out) {
  const std::uint32_t count = Count > 0 ? Count : taps.count;
  const float* __restrict weights = taps.weights.data();
  const std::uint32_t* __restrict first = taps.first.data();
  float* __restrict to = out.data();
  for (std::size_t x = 0; x < out.size(); ++x, weights += count) {
    const float* from = row + std::size_t{first[x]} * step;
    float sum = 0.0f;
    for (std::uint32_t k = 0; k < count; ++k) sum += weights[k] * from[std::size_t{k} * step];
    to[x] = sum;
  }
}

void pick_samples(const Taps& taps, const float* row, std::uint32_t step, std::span<float> out) {
  switch (taps.count) {
    case 2:
      return pick_samples<2>(taps, row, step, out);
    case 3:
      return pick_samples<3>(taps, row, step, out);
    case 4:
      return pick_samples<4>(taps, row, step, out);
    case 5:
      return pick_samples<5>(taps, row, step, out);
    case 6:
      return pick_samples<6>(taps, row, step, out);
    default:
      return pick_samples<0>(taps, row, step, out);
  }
}

// Clamped and rounded to a byte's value: training resized bytes too (Pillow, OpenCV), and AP shows the difference.
inline float to_pixel(float value) {
  return static_cast<float>(static_cast<int>(std::min(std::max(value, 0.0f), 255.0f) + 0.5f));
}

// Writes to_pixel(a + b · cb + c · cr) · gain + bias, for one channel of one row.
struct Channel {
  float luma, black, cb, cr;  // to 0..255
  float gain, bias;           // to the tensor's units
};

void write_yuv(const Channel& c, const float* __restrict y, const float* __restrict cb, const float* __restrict cr,
               std::span<float> out) {
  float* __restrict to = out.data();
  for (std::size_t x = 0; x < out.size(); ++x) {
    const float value = c.luma * (y[x] - c.black) + c.cb * (cb[x] - 128.0f) + c.cr * (cr[x] - 128.0f);
    to[x] = to_pixel(value) * c.gain + c.bias;
  }
}

void write_direct(const Channel& c, const float* __restrict from, std::span<float> out) {
  float* __restrict to = out.data();
  for (std::size_t x = 0; x < out.size(); ++x) {
    const float value = c.luma * (from[x] - c.black);
    to[x] = to_pixel(value) * c.gain + c.bias;
  }
}

// Channels in the order R, G, B.
std::array<Channel, 3> channels_for(const TensorSpec& spec, const ImageView& image) {
  const YuvToRgb m = yuv_to_rgb(image.matrix, is_rgb(image.format) ? ColorRange::Full : image.range);
  const auto f = [](double value) { return static_cast<float>(value); };
  std::array<Channel, 3> channels{{{f(m.luma), f(m.black), 0.0f, f(m.red_cr), 0, 0},
                                   {f(m.luma), f(m.black), f(m.green_cb), f(m.green_cr), 0, 0},
                                   {f(m.luma), f(m.black), f(m.blue_cb), 0.0f, 0, 0}}};
  for (std::size_t color = 0; color < 3; ++color) {
    const std::size_t place = spec.order == ColorOrder::kRgb ? color : 2 - color;
    channels[color].gain = spec.scale / spec.deviation[place];
    channels[color].bias = -spec.mean[place] / spec.deviation[place];
  }
  return channels;
}

}  // namespace

Content content_of(const TensorSpec& spec, std::uint32_t width, std::uint32_t height) {
  if (spec.fit == Fit::kStretch) return {spec.width, spec.height};
  const double ratio = std::min(static_cast<double>(spec.width) / width, static_cast<double>(spec.height) / height);
  // Truncated as YOLOX's preproc() does; the epsilon keeps 416 from becoming 415.999….
  const auto side = [ratio](std::uint32_t pixels) { return std::max(1u, static_cast<std::uint32_t>(pixels * ratio + 1e-6)); };
  return {side(width), side(height)};
}

// All that depends on the picture's size and format alone.
struct PixelPass::Plan {
  struct Plane {
    int index;
    Taps rows;
    std::vector<float> blended;  // one row of the plane, bytes as floats
  };
  struct Component {
    std::size_t plane;  // in `planes`
    std::uint32_t offset, step;
    Taps columns;
    std::vector<float> row;  // at the tensor's width
  };
  PixelFormat format;
  std::uint32_t width, height;
  Content content;
  std::vector<Plane> planes;
  std::vector<Component> components;
};

PixelPass::PixelPass(const TensorSpec& spec) : spec_(spec) {
  VD_ASSERT(spec.width > 0 && spec.height > 0, "a tensor without a size");
  plans_.reserve(kMaxPlans);
}
PixelPass::~PixelPass() = default;
PixelPass::PixelPass(PixelPass&&) noexcept = default;
PixelPass& PixelPass::operator=(PixelPass&&) noexcept = default;

PixelPass::Plan& PixelPass::plan_for(const ImageView& image) {
  for (const auto& plan : plans_)
    if (plan->format == image.format && plan->width == image.width && plan->height == image.height) return *plan;

  VD_ASSERT(image.width >= 1 && image.height >= 1 && image.width <= kMaxSide && image.height <= kMaxSide, "impossible picture");
  auto plan =
      std::make_unique<Plan>(Plan{image.format, image.width, image.height, content_of(spec_, image.width, image.height), {}, {}});
  const bool antialiased = spec_.filter == Filter::kAntialiased;
  const Content content = plan->content;
  for (const ComponentLayout& layout : components_of(image.format)) {
    std::size_t plane = 0;
    while (plane < plan->planes.size() && plan->planes[plane].index != layout.plane) ++plane;
    if (plane == plan->planes.size()) {
      const double step = static_cast<double>(image.height) / content.height / layout.sub_y;
      plan->planes.push_back({layout.plane, make_taps(samples(image.height, layout.sub_y), content.height, step, antialiased),
                              std::vector<float>(plane_extent(image.format, layout.plane, image.width, image.height).row_bytes)});
    }
    const double step = static_cast<double>(image.width) / content.width / layout.sub_x;
    plan->components.push_back({plane, layout.offset, layout.step,
                                make_taps(samples(image.width, layout.sub_x), content.width, step, antialiased),
                                std::vector<float>(content.width)});
  }
  if (plans_.size() < kMaxPlans) return *plans_.emplace_back(std::move(plan));
  next_replaced_ = (next_replaced_ + 1) % kMaxPlans;
  plans_[next_replaced_] = std::move(plan);
  return *plans_[next_replaced_];
}

Content PixelPass::run(const ImageView& image, std::span<float> tensor) {
  VD_ASSERT(tensor.size() == spec_.elements(), "tensor of another size");
  Plan& plan = plan_for(image);
  const std::array<Channel, 3> channels = channels_for(spec_, image);
  for (std::uint32_t y = 0; y < spec_.height; ++y) {
    const bool inside = y < plan.content.height;
    if (inside) {
      for (Plan::Plane& plane : plan.planes) blend_rows(image, plane.index, plane.rows, y, plane.blended);
      for (Plan::Component& c : plan.components)
        pick_samples(c.columns, plan.planes[c.plane].blended.data() + c.offset, c.step, c.row);
    }
    for (std::size_t color = 0; color < 3; ++color) {
      const Channel& channel = channels[color];
      const std::size_t place = spec_.order == ColorOrder::kRgb ? color : 2 - color;
      const std::span<float> row = tensor.subspan((place * spec_.height + y) * spec_.width, spec_.width);
      const std::size_t used = inside ? plan.content.width : 0;
      if (inside && plan.components.size() == 1)
        write_direct(channel, plan.components[0].row.data(), row.first(used));
      else if (inside && is_rgb(image.format))
        write_direct(channel, plan.components[color].row.data(), row.first(used));
      else if (inside)
        write_yuv(channel, plan.components[0].row.data(), plan.components[1].row.data(), plan.components[2].row.data(),
                  row.first(used));
      std::fill(row.begin() + static_cast<std::ptrdiff_t>(used), row.end(), spec_.pad * channel.gain + channel.bias);
    }
  }
  return plan.content;
}

}  // namespace vedette::vision
