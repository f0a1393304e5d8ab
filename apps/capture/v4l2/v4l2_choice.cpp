#include "capture/v4l2/v4l2_choice.h"

#include <algorithm>
#include <cmath>

namespace vedette::capture {
namespace {

// Rates are ratios: 29.97 will do for 30.
constexpr double kRateSlack = 0.99;
constexpr std::uint32_t kWidest = 1920;
constexpr std::uint32_t kHighest = 1080;
constexpr std::uint64_t kIntervalUnits = 10'000'000;  // UVC counts in 100 ns

std::uint64_t area(const V4l2Size& size) { return std::uint64_t{size.width} * size.height; }

bool in_range(const V4l2FormatInfo& format, std::uint32_t width, std::uint32_t height) {
  if (format.step_width == 0 || format.sizes.size() < 2) return false;
  const V4l2Size& low = format.sizes.front();
  const V4l2Size& high = format.sizes.back();
  return width >= low.width && width <= high.width && height >= low.height && height <= high.height &&
         (width - low.width) % format.step_width == 0 && (height - low.height) % format.step_height == 0;
}

// The format's entry for that size. A size within a range has the rates of the next larger one that is listed.
std::optional<V4l2Size> size_in(const V4l2FormatInfo& format, std::uint32_t width, std::uint32_t height) {
  for (const V4l2Size& size : format.sizes)
    if (size.width == width && size.height == height) return size;
  if (!in_range(format, width, height)) return std::nullopt;
  for (V4l2Size size : format.sizes) {
    if (size.width < width || size.height < height) continue;
    size.width = width;
    size.height = height;
    return size;
  }
  return std::nullopt;
}

// The largest up to 1920x1080; of a device that has only larger ones, the smallest.
std::optional<V4l2Size> default_size(const std::vector<const V4l2FormatInfo*>& formats) {
  std::optional<V4l2Size> best, smallest;
  for (const V4l2FormatInfo* format : formats)
    for (const V4l2Size& size : format->sizes) {
      if (!smallest || area(size) < area(*smallest)) smallest = size;
      if (size.width > kWidest || size.height > kHighest) continue;
      if (!best || area(size) > area(*best)) best = size;
    }
  return best ? best : smallest;
}

double fastest(const V4l2Size& size) { return size.intervals.empty() ? 0.0 : size.intervals.front().fps(); }

Error nothing_fits(const std::string& what, const std::vector<V4l2FormatInfo>& formats) {
  return Error{ErrorCode::kInvalidArgument, what + "; it has: " + to_text(formats)};
}

std::string size_words(std::uint32_t width, std::uint32_t height) { return std::to_string(width) + "x" + std::to_string(height); }

}  // namespace

double estimated_ns(V4l2Format format, std::uint32_t width, std::uint32_t height) {
  // ns a pixel from the driver's buffer to planes, copies at 10 GB/s and libjpeg-turbo at 200 Mpixel/s; the ratios are what
  // counts.
  double each = 0.4;                             // YUYV: 2 bytes, read and written
  if (format == V4l2Format::kMjpeg) each = 5.0;  // entropy decoding and DCT
  if (format == V4l2Format::kNv12) each = 0.3;   // 1.5 bytes
  if (format == V4l2Format::kGrey) each = 0.2;
  return each * width * height;
}

std::optional<V4l2Interval> fitting_interval(const V4l2Size& size, double fps) {
  if (size.intervals.empty()) return V4l2Interval{};
  if (fps <= 0) return size.intervals.front();
  if (size.any_interval && fps <= size.intervals.front().fps() && fps >= size.intervals.back().fps())
    return V4l2Interval{static_cast<std::uint32_t>(std::lround(static_cast<double>(kIntervalUnits) / fps)), kIntervalUnits};
  std::optional<V4l2Interval> fitting;
  for (const V4l2Interval& interval : size.intervals)
    if (interval.fps() >= fps * kRateSlack) fitting = interval;
  return fitting;
}

Result<std::vector<V4l2Choice>> v4l2_choices(const std::vector<V4l2FormatInfo>& formats, const V4l2Wanted& wanted) {
  std::vector<const V4l2FormatInfo*> ours;
  for (const V4l2FormatInfo& format : formats) {
    const auto known = v4l2_format_of(format.fourcc);
    if (known && (wanted.format == V4l2Format::kAuto || *known == wanted.format)) ours.push_back(&format);
  }
  if (ours.empty() && wanted.format == V4l2Format::kAuto)
    return nothing_fits("the device has none of the formats mjpeg, yuyv, nv12, grey", formats);
  if (ours.empty()) return nothing_fits("the device has no format " + std::string(to_string(wanted.format)), formats);

  std::uint32_t width = wanted.width, height = wanted.height;
  if (width == 0 || height == 0) {
    const auto size = default_size(ours);
    if (!size) return nothing_fits("the device names no size", formats);
    width = size->width;
    height = size->height;
  }

  struct Candidate {
    V4l2FormatInfo const* info;
    V4l2Size size;
  };
  std::vector<Candidate> candidates;
  double best_rate = 0;
  for (const V4l2FormatInfo* format : ours)
    if (const auto size = size_in(*format, width, height)) {
      candidates.push_back({format, *size});
      best_rate = std::max(best_rate, fastest(*size));
    }
  if (candidates.empty()) return nothing_fits("the device has no size " + size_words(width, height), formats);

  const double rate = wanted.fps > 0 ? wanted.fps : best_rate;
  std::vector<V4l2Choice> choices;
  for (const Candidate& candidate : candidates)
    if (const auto interval = fitting_interval(candidate.size, rate))
      choices.push_back({*v4l2_format_of(candidate.info->fourcc), candidate.info->fourcc, width, height, *interval});
  if (choices.empty()) {
    char text[64];
    std::snprintf(text, sizeof text, "%.4g", rate);
    return nothing_fits("the device has no rate of " + std::string(text) + " fps at " + size_words(width, height), formats);
  }
  std::stable_sort(choices.begin(), choices.end(), [](const V4l2Choice& a, const V4l2Choice& b) {
    const bool a_grey = a.format == V4l2Format::kGrey, b_grey = b.format == V4l2Format::kGrey;
    if (a_grey != b_grey) return b_grey;
    return estimated_ns(a.format, a.width, a.height) < estimated_ns(b.format, b.width, b.height);
  });
  return choices;
}

}  // namespace vedette::capture
