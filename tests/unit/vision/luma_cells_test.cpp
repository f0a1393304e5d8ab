#include "vision/luma_cells.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "pictures.h"
#include "support/simd_targets.h"

namespace vedette::vision {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::I420,  PixelFormat::NV12,  PixelFormat::YUYV,
                                    PixelFormat::GRAY8, PixelFormat::RGB24, PixelFormat::BGR24};
constexpr std::pair<std::uint32_t, std::uint32_t> kSizes[] = {{1, 1},    {3, 2},    {5, 9},     {63, 65},   {64, 4},   {131, 70},
                                                              {640, 12}, {641, 90}, {1920, 60}, {1999, 50}, {30, 2560}};

double luma_at(const ImageView& view, std::uint32_t x, std::uint32_t y) {
  const auto stored = stored_at(view, x, y);
  if (view.format == PixelFormat::RGB24 || view.format == PixelFormat::BGR24)
    return 0.299 * stored[0] + 0.587 * stored[1] + 0.114 * stored[2];
  return view.range == ColorRange::Limited ? (stored[0] - 16.0) * 255.0 / 219.0 : stored[0];
}

// Straight from what the header says.
double mean_of(const LumaCells& cells, const ImageView& view, std::uint32_t column, std::uint32_t row) {
  const std::uint32_t side = cells.side(), top = row * side, bottom = std::min(top + side, view.height);
  double sum = 0;
  int count = 0;
  for (std::uint32_t y = top + std::min(cells.row_step() / 2, bottom - top - 1); y < bottom; y += cells.row_step())
    for (std::uint32_t x = column * side; x < std::min((column + 1) * side, view.width); ++x, ++count) sum += luma_at(view, x, y);
  return std::clamp(sum / count, 0.0, 255.0);
}

TEST(LumaCells, AreTheMeansOfTheirPixels) {
  for (const PixelFormat format : kFormats)
    for (const ColorRange range : {ColorRange::Limited, ColorRange::Full})
      for (const auto& [width, height] : kSizes) {
        const TestPicture picture = make_picture(format, width, height, ColorMatrix::BT709, range);
        LumaCells cells;
        ASSERT_TRUE(cells.measure(picture.view));
        for (std::uint32_t row = 0; row < cells.rows(); ++row)
          for (std::uint32_t column = 0; column < cells.columns(); ++column)
            ASSERT_NEAR(cells.means()[row * cells.columns() + column], mean_of(cells, picture.view, column, row), 0.8)
                << to_string(format) << " " << width << "x" << height << " cell " << column << ", " << row;
      }
}

TEST(LumaCells, ReadSixToEightRowsOfALargeCellAndEveryRowOfASmallOne) {
  for (const auto& [side, step] : {std::pair{4u, 1u}, {8u, 1u}, {12u, 2u}, {16u, 2u}, {20u, 3u}, {24u, 3u}, {104u, 13u}}) {
    const TestPicture picture =
        make_picture(PixelFormat::GRAY8, std::min(side * 160, kMaxSide), side, ColorMatrix::BT601, ColorRange::Full);
    LumaCells cells;
    (void)cells.measure(picture.view);
    EXPECT_EQ(cells.side(), side);
    EXPECT_EQ(cells.row_step(), step);
    EXPECT_LE(cells.columns(), kMostCellsASide);
  }
}

TEST(LumaCells, FlatPicturesOfEveryBrightnessAreExact) {
  for (const auto& [width, height] : {std::pair{67u, 35u}, {1920u, 30u}})
    for (int value = 0; value < 256; ++value)
      for (const PixelFormat format : kFormats) {
        Image picture;
        picture.reshape(format, width, height);
        picture.set_color(ColorMatrix::BT601, ColorRange::Full);
        for (std::uint32_t y = 0; y < height; ++y)
          std::fill_n(picture.row(0, y), picture.stride(0), static_cast<std::uint8_t>(value));
        LumaCells cells;
        (void)cells.measure(picture.view());
        for (const std::uint8_t cell : cells.means()) ASSERT_EQ(cell, value) << to_string(format);
      }
}

// The same picture, stored in every format and range.
TEST(LumaCells, FormatsAgree) {
  constexpr std::uint32_t kWidth = 322, kHeight = 242;
  const auto rgb_at = [](std::uint32_t x, std::uint32_t y) {
    return std::array<double, 3>{120 + 80 * std::sin(x / 20.0), 110 + 70 * std::cos(y / 15.0),
                                 100 + 60 * std::sin((x + y) / 25.0)};
  };
  std::vector<std::uint8_t> reference;
  for (const PixelFormat format : kFormats)
    for (const ColorRange range : {ColorRange::Full, ColorRange::Limited}) {
      Image picture;
      picture.reshape(format, kWidth, kHeight);
      picture.set_color(ColorMatrix::BT601, range);
      for (std::uint32_t y = 0; y < kHeight; ++y)
        for (std::uint32_t x = 0; x < kWidth; ++x) {
          const auto [r, g, b] = rgb_at(x, y);
          const double luma = 0.299 * r + 0.587 * g + 0.114 * b;
          const auto stored = static_cast<std::uint8_t>(std::lround(range == ColorRange::Limited ? 16 + luma * 219 / 255 : luma));
          std::uint8_t* row = picture.row(0, y);
          if (format == PixelFormat::RGB24 || format == PixelFormat::BGR24) {
            const bool rgb = format == PixelFormat::RGB24;
            row[3 * x] = static_cast<std::uint8_t>(std::lround(rgb ? r : b));
            row[3 * x + 1] = static_cast<std::uint8_t>(std::lround(g));
            row[3 * x + 2] = static_cast<std::uint8_t>(std::lround(rgb ? b : r));
          } else {
            row[format == PixelFormat::YUYV ? 2 * x : x] = stored;
          }
        }
      LumaCells cells;
      (void)cells.measure(picture.view());
      if (reference.empty()) reference.assign(cells.means().begin(), cells.means().end());
      ASSERT_EQ(cells.means().size(), reference.size());
      for (std::size_t i = 0; i < reference.size(); ++i)
        ASSERT_NEAR(cells.means()[i], reference[i], 1) << to_string(format) << " cell " << i;
    }
}

TEST(LumaCells, ASizeIsNewOnce) {
  const TestPicture small = make_picture(PixelFormat::GRAY8, 100, 60, ColorMatrix::BT601, ColorRange::Full);
  const TestPicture large = make_picture(PixelFormat::YUYV, 200, 120, ColorMatrix::BT601, ColorRange::Full);
  const TestPicture planar = make_picture(PixelFormat::NV12, 200, 120, ColorMatrix::BT601, ColorRange::Full);
  LumaCells cells;
  EXPECT_TRUE(cells.measure(small.view));
  EXPECT_FALSE(cells.measure(small.view));
  EXPECT_TRUE(cells.measure(large.view));
  EXPECT_FALSE(cells.measure(planar.view)) << "another format lies no other way";
  EXPECT_TRUE(cells.measure(small.view));
}

// A plane between two pages that nobody may read; its rows are `gap` bytes apart.
class FencedPlane {
 public:
  FencedPlane(std::uint32_t row_bytes, std::uint32_t rows, std::size_t gap, bool at_end) : stride_(row_bytes + gap) {
    const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)), bytes = stride_ * (rows - 1) + row_bytes;
    const std::size_t inside = (bytes + page - 1) / page * page;
    all_ = inside + 2 * page;
    memory_ = static_cast<std::uint8_t*>(::mmap(nullptr, all_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(static_cast<void*>(memory_), MAP_FAILED);
    EXPECT_EQ(::mprotect(memory_ + page, inside, PROT_READ | PROT_WRITE), 0);
    data_ = memory_ + page + (at_end ? inside - bytes : 0);
  }
  ~FencedPlane() { ::munmap(memory_, all_); }
  FencedPlane(const FencedPlane&) = delete;
  FencedPlane& operator=(const FencedPlane&) = delete;
  std::uint8_t* row(std::uint32_t y) { return data_ + stride_ * y; }
  PlaneView view() const { return {data_, stride_}; }

 private:
  std::size_t stride_, all_ = 0;
  std::uint8_t *memory_ = nullptr, *data_ = nullptr;
};

TEST(LumaCells, NothingOutsideTheRowsIsReadOrMatters) {
  for (const PixelFormat format : kFormats)
    for (const auto& [width, height] : kSizes)
      for (const bool at_end : {false, true}) {
        const TestPicture picture = make_picture(format, width, height, ColorMatrix::BT601, ColorRange::Full);
        const std::uint32_t row_bytes = plane_extent(format, 0, width, height).row_bytes;
        LumaCells expected, found;
        (void)expected.measure(picture.view);
        FencedPlane plane(row_bytes, height, at_end ? 7 : 0, at_end);
        for (std::uint32_t y = 0; y < height; ++y) {
          std::memcpy(plane.row(y), picture.view.row(0, y), row_bytes);
          if (at_end && y + 1 < height) std::memset(plane.row(y) + row_bytes, 0xFF, 7);
        }
        ImageView view = picture.view;
        view.planes = {plane.view(), PlaneView{}, PlaneView{}, PlaneView{}};  // luma is all that is looked at
        (void)found.measure(view);
        ASSERT_TRUE(std::equal(expected.means().begin(), expected.means().end(), found.means().begin()))
            << to_string(format) << " " << width << "x" << height;
      }
}

TEST(LumaCells, EveryInstructionSetGivesTheSame) {
  for (const PixelFormat format : kFormats)
    for (const auto& [width, height] : kSizes) {
      const TestPicture picture = make_picture(format, width, height, ColorMatrix::BT601, ColorRange::Limited);
      LumaCells expected;
      (void)expected.measure(picture.view);
      test::for_each_simd_target([&] {
        LumaCells cells;
        (void)cells.measure(picture.view);
        EXPECT_TRUE(std::equal(cells.means().begin(), cells.means().end(), expected.means().begin()))
            << to_string(format) << " " << width << "x" << height;
      });
    }
}

TEST(LumaCells, PicturesThatCantBeAreOurOwnBug) {
  LumaCells cells;
  std::uint8_t pixel = 0;
  ImageView view{PixelFormat::GRAY8, ColorMatrix::BT601, ColorRange::Full, 0, 1, {}};
  view.planes[0] = {&pixel, 1};
  EXPECT_DEATH((void)cells.measure(view), "impossible picture");
  view.width = kMaxSide + 1;
  EXPECT_DEATH((void)cells.measure(view), "impossible picture");
  view.width = 1;
  view.format = PixelFormat::Unknown;
  EXPECT_DEATH((void)cells.measure(view), "a picture without a format");
}

}  // namespace
}  // namespace vedette::vision
