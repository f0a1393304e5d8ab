// The upper part is a grid of cells that are black or white: a row that alternates, which tells what black and white have become,
// and ten rows of bits. Below stands what moves: a bar over a gradient. Everything is relative to the picture's size, so that it
// is found again in a picture of any size.
#include "vision/test_pattern.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace vedette::vision {
namespace {

constexpr std::uint32_t half(std::uint32_t side) { return (side + 1) / 2; }

constexpr std::uint32_t kColumns = 16;
constexpr std::uint32_t kRows = 11;  // the first one alternates
constexpr std::uint32_t kBits = kColumns * (kRows - 1);
// The grid's part of the picture; around it is black.
constexpr double kLeft = 0.04, kRight = 0.96, kTop = 0.04, kBottom = 0.7;
constexpr double kMovingTop = 0.74;

using Bits = std::array<bool, kBits>;

// CRC-32 (IEEE 802.3), bit by bit: 20 bytes a picture.
std::uint32_t checksum(std::uint64_t number, std::uint64_t at_ns) {
  std::uint32_t crc = ~0u;
  for (const std::uint64_t word : {number, at_ns})
    for (int shift = 0; shift < 64; shift += 8) {
      crc ^= static_cast<std::uint32_t>(word >> shift & 0xFF);
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB8'8320u : 0);
    }
  return ~crc;
}

// Every other bit is turned round, so that a picture of one colour says nothing and the eye sees cells, not stripes.
bool turned(std::uint32_t bit) { return (bit + bit / kColumns) % 2 != 0; }

Bits bits_of(const TestStamp& stamp) {
  const std::uint32_t crc = checksum(stamp.number, stamp.at_ns);
  Bits bits{};
  for (std::uint32_t bit = 0; bit < kBits; ++bit) {
    const std::uint64_t word = bit < 64 ? stamp.number : bit < 128 ? stamp.at_ns : crc;
    bits[bit] = ((word >> bit % 64 & 1) != 0) != turned(bit);
  }
  return bits;
}

std::optional<TestStamp> stamp_of(const Bits& bits) {
  std::array<std::uint64_t, 3> words{};
  for (std::uint32_t bit = 0; bit < kBits; ++bit) words[bit / 64] |= std::uint64_t{bits[bit] != turned(bit)} << bit % 64;
  if (words[2] != checksum(words[0], words[1])) return std::nullopt;
  return TestStamp{words[0], words[1]};
}

std::uint32_t at(double part, std::uint32_t side) { return static_cast<std::uint32_t>(std::lround(part * side)); }
std::uint32_t column_edge(std::uint32_t column, std::uint32_t width) {
  return at(kLeft + (kRight - kLeft) * column / kColumns, width);
}
std::uint32_t row_edge(std::uint32_t row, std::uint32_t height) { return at(kTop + (kBottom - kTop) * row / kRows, height); }

// A picture is written a run of equal samples at a time.
class Canvas {
 public:
  Canvas(const MutableImageView& image, ColorRange range)
      : image_(image),
        black_(range == ColorRange::Limited ? 16 : 0),
        white_(range == ColorRange::Limited ? 235 : 255),
        yuyv_(image.format == PixelFormat::YUYV) {
    VD_ASSERT(image.format != PixelFormat::RGB24 && image.format != PixelFormat::BGR24 && plane_count(image.format) > 0,
              "a test pattern in a format that it isn't drawn in");
  }
  std::uint8_t black() const { return black_; }
  std::uint8_t white() const { return white_; }
  std::uint32_t width() const { return image_.width; }
  std::uint32_t height() const { return image_.height; }

  void luma(std::uint32_t y, std::uint32_t begin, std::uint32_t end, std::uint8_t value) const {
    std::uint8_t* row = image_.planes[0].data + image_.planes[0].stride * y;
    if (!yuyv_) {
      std::fill(row + begin, row + end, value);
    } else {
      for (std::uint32_t x = begin; x < end; ++x) row[2 * x] = value;
    }
  }
  // `x`, `y` in samples of 2 × 2 pixels.
  void chroma(std::uint32_t y, std::uint32_t begin, std::uint32_t end, std::uint8_t cb, std::uint8_t cr) const {
    const auto row = [&](std::size_t plane, std::uint32_t line) {
      return image_.planes[plane].data + image_.planes[plane].stride * line;
    };
    if (image_.format == PixelFormat::I420) {
      std::fill(row(1, y) + begin, row(1, y) + end, cb);
      std::fill(row(2, y) + begin, row(2, y) + end, cr);
    } else if (image_.format == PixelFormat::NV12) {
      for (std::uint32_t x = begin; x < end; ++x) {
        row(1, y)[2 * x] = cb;
        row(1, y)[2 * x + 1] = cr;
      }
    } else if (yuyv_) {
      for (std::uint32_t line = 2 * y; line < std::min(2 * y + 2, height()); ++line)
        for (std::uint32_t x = begin; x < end; ++x) {
          row(0, line)[4 * x + 1] = cb;
          row(0, line)[4 * x + 3] = cr;
        }
    }
  }
  // Rows `begin` + 1 to `end` become what `begin` is.
  void repeat_row(std::uint32_t begin, std::uint32_t end) const {
    const std::size_t bytes = plane_extent(image_.format, 0, image_.width, image_.height).row_bytes;
    std::uint8_t* first = image_.planes[0].data + image_.planes[0].stride * begin;
    for (std::uint32_t y = begin + 1; y < end; ++y) std::memcpy(first + image_.planes[0].stride * (y - begin), first, bytes);
  }

 private:
  const MutableImageView& image_;
  std::uint8_t black_, white_;
  bool yuyv_;
};

void draw_grid(const Canvas& canvas, const Bits& bits) {
  const std::uint32_t top = row_edge(0, canvas.height()), bottom = row_edge(kRows, canvas.height());
  const std::uint32_t left = column_edge(0, canvas.width()), right = column_edge(kColumns, canvas.width());
  const auto blank = [&](std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t y = from; y < to; ++y) canvas.luma(y, 0, canvas.width(), canvas.black());
  };
  blank(0, top);
  blank(bottom, at(kMovingTop, canvas.height()));
  for (std::uint32_t row = 0; row < kRows; ++row) {
    const std::uint32_t y = row_edge(row, canvas.height());
    if (y == row_edge(row + 1, canvas.height())) continue;  // too small a picture
    canvas.luma(y, 0, left, canvas.black());
    canvas.luma(y, right, canvas.width(), canvas.black());
    for (std::uint32_t column = 0; column < kColumns; ++column) {
      const bool white = row == 0 ? column % 2 == 0 : bits[(row - 1) * kColumns + column];
      canvas.luma(y, column_edge(column, canvas.width()), column_edge(column + 1, canvas.width()),
                  white ? canvas.white() : canvas.black());
    }
    canvas.repeat_row(y, row_edge(row + 1, canvas.height()));
  }
}

void draw_moving_part(const Canvas& canvas, std::uint64_t number) {
  constexpr std::uint32_t kSteps = 64;   // of the gradient
  constexpr std::uint64_t kPeriod = 90;  // frames until the bar is where it was
  const std::uint32_t top = at(kMovingTop, canvas.height()), width = canvas.width();
  const auto edge = [&](std::uint32_t step, std::uint32_t side) {
    return static_cast<std::uint32_t>(std::uint64_t{side} * step / kSteps);
  };
  if (top < canvas.height()) {
    for (std::uint32_t step = 0; step < kSteps; ++step) {
      const auto value =
          static_cast<std::uint8_t>(canvas.black() + (canvas.white() - canvas.black()) * static_cast<int>(step) / 63);
      canvas.luma(top, edge(step, width), edge(step + 1, width), value);
    }
    const std::uint32_t bar = std::max(width / 16, 1u);
    const auto left = static_cast<std::uint32_t>((width - bar) * (number % kPeriod) / (kPeriod - 1));
    canvas.luma(top, left, left + bar, canvas.white());
    canvas.luma(top, left + bar / 4, left + bar - bar / 4, canvas.black());
    canvas.repeat_row(top, canvas.height());
  }
  for (std::uint32_t y = 0; y < half(top); ++y) canvas.chroma(y, 0, half(width), 128, 128);
  for (std::uint32_t y = half(top); y < half(canvas.height()); ++y)
    for (std::uint32_t step = 0; step < kSteps; ++step) {
      const auto hue = static_cast<int>((step + number) % kSteps);  // goes round in a square of chroma
      const int cb = 96 + std::abs(hue - 32) * 2, cr = 96 + std::abs((hue + 16) % 64 - 32) * 2;
      canvas.chroma(y, edge(step, half(width)), edge(step + 1, half(width)), static_cast<std::uint8_t>(cb),
                    static_cast<std::uint8_t>(cr));
    }
}

// Brightness of a pixel: luma, or green.
struct Brightness {
  const ImageView& image;
  std::size_t step, first;
  explicit Brightness(const ImageView& from) : image(from), step(1), first(0) {
    if (from.format == PixelFormat::YUYV) step = 2;
    if (from.format == PixelFormat::RGB24 || from.format == PixelFormat::BGR24) step = 3, first = 1;
  }
  int at(std::uint32_t x, std::uint32_t y) const { return image.row(0, y)[x * step + first]; }
};

// The part of a picture that the pattern may fill.
struct Area {
  std::uint32_t left, top, width, height;
};

// The middle of a cell: nine points a sixth of the cell apart.
int cell(const Brightness& pixels, const Area& area, std::uint32_t column, std::uint32_t row) {
  int sum = 0;
  for (const double v : {1.0 / 3, 0.5, 2.0 / 3})
    for (const double u : {1.0 / 3, 0.5, 2.0 / 3}) {
      const double x = (kLeft + (kRight - kLeft) * (column + u) / kColumns) * area.width;
      const double y = (kTop + (kBottom - kTop) * (row + v) / kRows) * area.height;
      sum += pixels.at(area.left + static_cast<std::uint32_t>(x), area.top + static_cast<std::uint32_t>(y));
    }
  return sum;
}

std::optional<TestStamp> read_area(const Brightness& pixels, const Area& area) {
  std::array<int, 2> sums{}, extremes{0, 9 * 255};  // of black and white: the brightest black, the darkest white
  for (std::uint32_t column = 0; column < kColumns; ++column) {
    const int value = cell(pixels, area, column, 0);
    const bool white = column % 2 == 0;
    sums[white] += value;
    extremes[white] = white ? std::min(extremes[1], value) : std::max(extremes[0], value);
    if (extremes[0] >= extremes[1]) return std::nullopt;
  }
  const int middle = (sums[0] + sums[1]) / static_cast<int>(kColumns);
  Bits bits{};
  for (std::uint32_t bit = 0; bit < kBits; ++bit) bits[bit] = cell(pixels, area, bit % kColumns, 1 + bit / kColumns) > middle;
  return stamp_of(bits);
}

}  // namespace

void draw_test_pattern(const MutableImageView& image, ColorRange range, const TestStamp& stamp) {
  const Canvas canvas(image, range);
  draw_grid(canvas, bits_of(stamp));
  draw_moving_part(canvas, stamp.number);
}

std::optional<TestStamp> read_test_pattern(const ImageView& image) {
  // Sixteen cells of four pixels, eleven of four and a half: less isn't told apart.
  constexpr std::uint32_t kLeast = 68;
  if (image.width < kLeast || image.height < kLeast) return std::nullopt;
  const Brightness pixels(image);
  const Area whole{0, 0, image.width, image.height};
  if (const auto stamp = read_area(pixels, whole)) return stamp;
  // Bars below or beside it, on one side or on both.
  for (std::uint32_t height = image.height - 1; height >= kLeast; --height)
    for (const std::uint32_t top : {0u, (image.height - height) / 2, image.height - height})
      if (const auto stamp = read_area(pixels, {0, top, image.width, height})) return stamp;
  for (std::uint32_t width = image.width - 1; width >= kLeast; --width)
    for (const std::uint32_t left : {0u, (image.width - width) / 2, image.width - width})
      if (const auto stamp = read_area(pixels, {left, 0, width, image.height})) return stamp;
  return std::nullopt;
}

}  // namespace vedette::vision
