#include "capture/sources/synthetic_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "base/clock.h"
#include "capture/retouch.h"
#include "vision/test_pattern.h"

namespace vedette::capture {
namespace {

constexpr int kJpegQuality = 90;
constexpr float kMostFps = 1000.0f;
constexpr std::uint64_t kIdleEveryNs = 100'000'000;

template <typename T>
bool parse_number(std::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool parse_size(std::string_view text, SyntheticOptions& options) {
  const std::size_t x = text.find('x');
  const auto fits = [](std::uint32_t side) { return side >= vision::kTestPatternMinSide && side <= kMaxSide; };
  return x != std::string_view::npos && parse_number(text.substr(0, x), options.width) &&
         parse_number(text.substr(x + 1), options.height) && fits(options.width) && fits(options.height);
}

bool parse_format(std::string_view text, SyntheticOptions& options) {
  constexpr std::pair<std::string_view, PixelFormat> kFormats[] = {{"i420", PixelFormat::I420},
                                                                   {"nv12", PixelFormat::NV12},
                                                                   {"yuyv", PixelFormat::YUYV},
                                                                   {"gray8", PixelFormat::GRAY8},
                                                                   {"mjpeg", PixelFormat::I420}};
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats), [&](const auto& f) { return f.first == text; });
  if (found == std::end(kFormats)) return false;
  options.format = found->second;
  options.jpeg = text == "mjpeg";
  return true;
}

}  // namespace

Result<SyntheticOptions> parse_synthetic(const std::string& url) {
  SyntheticOptions options;
  std::string_view rest = url;
  rest.remove_prefix(std::string_view("synthetic:").size());
  if (!rest.empty() && rest.front() == '?') rest.remove_prefix(1);
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view key = part.substr(0, equals), value = part.substr(std::min(equals + 1, part.size()));
    const bool good = (key == "size" && parse_size(value, options)) || (key == "format" && parse_format(value, options)) ||
                      (key == "fps" && parse_number(value, options.fps) && options.fps > 0 && options.fps <= kMostFps);
    if (!good)
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{}: \"{}\"; expected size=WIDTHxHEIGHT ({} to {} a side), fps=N (up to {}) or "
                               "format=i420, nv12, yuyv, gray8 or mjpeg",
                               url, part, vision::kTestPatternMinSide, kMaxSide, kMostFps)};
  }
  return options;
}

SyntheticSource::SyntheticSource(const SyntheticOptions& options, Idle idle)
    : Source(Clock::kMonotonic), options_(options), idle_(std::move(idle)) {
  video_.codec = options.jpeg ? Codec::MJPEG : Codec::Unknown;
  video_.width = options.width;
  video_.height = options.height;
  video_.frame_duration_ns = static_cast<std::int64_t>(1e9 / static_cast<double>(options.fps));
  video_.description = fmt::format("test pattern {}x{}, {:.4g} fps, {}", options.width, options.height, options.fps,
                                   options.jpeg ? "MJPEG" : to_string(options.format));
  if (options.jpeg) {
    picture_.reshape(options.format, options.width, options.height);
    picture_.set_color(ColorMatrix::BT601, ColorRange::Full);
  }
}

Result<std::unique_ptr<Source>> SyntheticSource::open(const SourceOptions& options, Idle idle) {
  VD_ASSIGN(const SyntheticOptions parsed, parse_synthetic(options.url));
  return std::unique_ptr<Source>(new SyntheticSource(parsed, std::move(idle)));
}

Source::Read SyntheticSource::read() {
  const auto period = static_cast<std::uint64_t>(video_.frame_duration_ns);
  if (next_ns_ == 0) next_ns_ = monotonic_ns();
  for (std::uint64_t now = monotonic_ns(); now < next_ns_; now = monotonic_ns()) {
    if (!idle_()) return Read::kStopped;
    std::this_thread::sleep_for(Nanoseconds(std::min(next_ns_ - now, kIdleEveryNs)));
  }
  if (!idle_()) return Read::kStopped;
  const std::uint64_t now = monotonic_ns();
  // As a sensor: what nobody was there to take is gone, and the number shows it.
  const std::uint64_t late = (now - next_ns_) / period;
  number_ += 1 + late;
  next_ns_ += period * (1 + late);
  counters_.lost += late;
  ++counters_.packets;

  packet_ = Packet{};
  packet_.kind = options_.jpeg ? Packet::Kind::kVideo : Packet::Kind::kPicture;
  packet_.captured_at_ns = packet_.arrived_ns = now;
  packet_.pts_ns = packet_.dts_ns = static_cast<std::int64_t>(now);
  packet_.duration_ns = static_cast<std::uint32_t>(std::min<std::int64_t>(video_.frame_duration_ns, UINT32_MAX));
  packet_.format = options_.format;
  packet_.width = options_.width;
  packet_.height = options_.height;
  if (!options_.jpeg) return Read::kPacket;
  write_picture(writable(picture_));
  const auto file = encoder_.encode(picture_.view(), kJpegQuality);
  if (!file) {
    error_ = file.error();
    return Read::kFailed;
  }
  packet_.data = *file;
  return Read::kPacket;
}

void SyntheticSource::write_picture(const vision::MutableImageView& out) {
  vision::draw_test_pattern(out, options_.jpeg ? ColorRange::Full : ColorRange::Limited, {number_, packet_.captured_at_ns});
}

}  // namespace vedette::capture
