#include "vision/orient.h"

#include <gtest/gtest.h>

#include <limits>

#include "guarded_planes.h"
#include "pictures.h"

namespace vedette::vision {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::I420,  PixelFormat::NV12,  PixelFormat::YUYV,
                                    PixelFormat::GRAY8, PixelFormat::RGB24, PixelFormat::BGR24};
constexpr std::pair<std::uint32_t, std::uint32_t> kSizes[] = {{1, 1},   {1, 5},   {6, 1},    {2, 2},    {16, 16},
                                                              {33, 17}, {64, 48}, {130, 70}, {67, 131}, {200, 20}};

std::vector<Orientation> every_orientation() {
  std::vector<Orientation> all;
  for (const bool horizontal : {false, true})
    for (const bool vertical : {false, true})
      for (const std::uint32_t rotate : {0u, 90u, 180u, 270u}) all.push_back({horizontal, vertical, rotate});
  return all;
}

// One step after the other, by what flipping and turning mean: where the sample (x, y) of a width × height plane goes.
struct Place {
  std::uint32_t x, y;
};
Place place_of(const Orientation& orientation, std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height) {
  if (orientation.flip_horizontal) x = width - 1 - x;
  if (orientation.flip_vertical) y = height - 1 - y;
  for (std::uint32_t turned = 0; turned < orientation.rotate; turned += 90) {
    const Place before{x, y};
    x = height - 1 - before.y;  // the top row becomes the right column
    y = before.x;
    std::swap(width, height);
  }
  return {x, y};
}

// A sample of a plane: all its bytes.
std::vector<std::uint8_t> sample(const ImageView& view, int plane, std::uint32_t x, std::uint32_t y) {
  const std::uint32_t bytes = view.format == PixelFormat::RGB24 || view.format == PixelFormat::BGR24 ? 3
                              : view.format == PixelFormat::NV12 && plane == 1                       ? 2
                                                                                                     : 1;
  const std::uint8_t* at = view.row(plane, y) + std::size_t{x} * bytes;
  return {at, at + bytes};
}

// YUYV as the I420 that it becomes.
TestPicture planar(const ImageView& in) {
  TestPicture out = make_picture(PixelFormat::I420, in.width, in.height, in.matrix, in.range);
  for (std::uint32_t y = 0; y < in.height; ++y)
    for (std::uint32_t x = 0; x < in.width; ++x) out.planes[0][out.view.planes[0].stride * y + x] = in.row(0, y)[2 * x];
  for (std::uint32_t y = 0; y < (in.height + 1) / 2; ++y)
    for (std::uint32_t x = 0; x < (in.width + 1) / 2; ++x)
      for (std::uint32_t c = 0; c < 2; ++c) {
        const int upper = in.row(0, 2 * y)[4 * x + 1 + 2 * c];
        const int lower = in.row(0, std::min(2 * y + 1, in.height - 1))[4 * x + 1 + 2 * c];
        out.planes[1 + c][out.view.planes[1 + c].stride * y + x] = std::uint8_t((upper + lower + 1) / 2);
      }
  return out;
}

TEST(Orient, EveryFormatSizeAndOrientationIsWhatFlippingAndTurningMean) {
  for (const PixelFormat format : kFormats)
    for (const auto& [width, height] : kSizes)
      for (const Orientation& orientation : every_orientation()) {
        SCOPED_TRACE(std::string(to_string(format)) + " " + std::to_string(width) + "x" + std::to_string(height) + " flip " +
                     std::to_string(orientation.flip_horizontal) + std::to_string(orientation.flip_vertical) + " rotate " +
                     std::to_string(orientation.rotate));
        const TestPicture in = make_picture(format, width, height, ColorMatrix::BT601, ColorRange::Full);
        const PixelFormat result = oriented_format(format, orientation);
        GuardedPlanes out(result, orientation.turns() ? height : width, orientation.turns() ? width : height);
        orient(in.view, orientation, out.image());
        ASSERT_TRUE(out.intact());
        const TestPicture expected = result == format ? in : planar(in.view);
        const ImageView view = out.view();
        if (format == PixelFormat::YUYV && orientation.none()) {
          const std::uint32_t bytes = plane_extent(format, 0, width, height).row_bytes;
          for (std::uint32_t y = 0; y < height; ++y) ASSERT_EQ(std::memcmp(view.row(0, y), in.view.row(0, y), bytes), 0);
          continue;
        }
        for (int plane = 0; plane < plane_count(result); ++plane) {
          const std::uint32_t w = plane == 0 ? width : (width + 1) / 2, h = plane == 0 ? height : (height + 1) / 2;
          for (std::uint32_t y = 0; y < h; ++y)
            for (std::uint32_t x = 0; x < w; ++x) {
              const Place to = place_of(orientation, x, y, w, h);
              const ImageView& source = result == format ? in.view : expected.view;
              ASSERT_EQ(sample(view, plane, to.x, to.y), sample(source, plane, x, y)) << plane << ": " << x << ", " << y;
            }
        }
      }
}

TEST(Orient, OnlyYuyvThatIsTurnedOrFlippedBecomesAnotherFormat) {
  EXPECT_EQ(oriented_format(PixelFormat::YUYV, {}), PixelFormat::YUYV);
  EXPECT_EQ(oriented_format(PixelFormat::YUYV, {.rotate = 180}), PixelFormat::I420);
  EXPECT_EQ(oriented_format(PixelFormat::NV12, {.rotate = 90}), PixelFormat::NV12);
}

bool is_inside(const MaskPolygon& polygon, double x, double y) {
  bool inside = false;
  for (std::size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const double ax = polygon[i].x, ay = polygon[i].y, bx = polygon[j].x, by = polygon[j].y;
    if ((ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

// Which pixels are black, of a picture that was white.
std::vector<std::vector<bool>> masked(Mask& mask, std::uint32_t width, std::uint32_t height) {
  GuardedPlanes planes(PixelFormat::GRAY8, width, height);
  planes.fill(255);
  mask.apply(planes.image(), ColorRange::Full);
  EXPECT_TRUE(planes.intact());
  std::vector<std::vector<bool>> black(height, std::vector<bool>(width));
  for (std::uint32_t y = 0; y < height; ++y)
    for (std::uint32_t x = 0; x < width; ++x) black[y][x] = planes.view().row(0, y)[x] == 0;
  return black;
}

// Random polygons, also with crossing edges and points outside: no point inside one lies in a pixel that can be seen; and far
// from all of them nothing is hidden.
TEST(Mask, HidesEveryPixelThatAPolygonHasAPartOfAndNoMore) {
  std::mt19937 random(11);
  std::uniform_real_distribution<float> anywhere(-0.4f, 1.4f), small(-0.03f, 0.03f);
  int seen_inside = 0, seen_outside = 0;
  for (int round = 0; round < 60; ++round) {
    const auto width = std::uint32_t(20 + random() % 50), height = std::uint32_t(20 + random() % 50);
    MaskPolygon polygon(3 + random() % 6);
    const MaskPoint middle{anywhere(random), anywhere(random)};
    for (MaskPoint& point : polygon)
      point = round % 2 ? MaskPoint{anywhere(random), anywhere(random)}
                        : MaskPoint{middle.x + small(random), middle.y + small(random)};  // of a pixel or two
    Mask mask({polygon});
    const auto black = masked(mask, width, height);
    constexpr int kSamples = 16;
    for (std::uint32_t y = 0; y < height; ++y)
      for (std::uint32_t x = 0; x < width; ++x) {
        bool near = false;
        for (int i = 0; i < kSamples * kSamples; ++i) {
          const double px = (x + (i % kSamples + 0.5) / kSamples) / width, py = (y + (i / kSamples + 0.5) / kSamples) / height;
          if (!is_inside(polygon, px, py)) continue;
          ASSERT_TRUE(black[y][x]) << "round " << round << ": pixel " << x << ", " << y;
          near = true;
          ++seen_inside;
          break;
        }
        // Three by three pixels without a point inside: slivers between the samples may still pass, seldom.
        if (!near && black[y][x]) ++seen_outside;
      }
  }
  EXPECT_GT(seen_inside, 10'000);
  EXPECT_LT(seen_outside, seen_inside / 10) << "much more is hidden than asked for";
}

TEST(Mask, ARectangleOnPixelBordersIsExact) {
  Mask mask({{{0.25f, 0.5f}, {0.5f, 0.5f}, {0.5f, 0.75f}, {0.25f, 0.75f}}});
  const auto black = masked(mask, 64, 32);
  for (std::uint32_t y = 0; y < 32; ++y)
    for (std::uint32_t x = 0; x < 64; ++x) ASSERT_EQ(black[y][x], x >= 16 && x < 32 && y >= 16 && y < 24) << x << ", " << y;
}

TEST(Mask, TwoPolygonsHideBothAndAHoleByEvenOddStaysOpen) {
  const MaskPolygon left{{0, 0}, {0.5f, 0}, {0.5f, 1}, {0, 1}}, right{{0.25f, 0}, {1, 0}, {1, 1}, {0.25f, 1}};
  Mask both({left, right});
  for (const auto& row : masked(both, 16, 16)) EXPECT_EQ(std::count(row.begin(), row.end(), true), 16);
  // A frame drawn in one go: out around, in around.
  Mask frame(
      {{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}, {0.25f, 0.25f}, {0.25f, 0.75f}, {0.75f, 0.75f}, {0.75f, 0.25f}, {0.25f, 0.25f}}});
  const auto black = masked(frame, 32, 32);
  EXPECT_FALSE(black[16][16]);
  EXPECT_TRUE(black[2][16]);
  EXPECT_TRUE(black[16][30]);
}

TEST(Mask, PointsOutsideCutWhereThePictureEnds) {
  Mask mask({{{-1, 0.5f}, {1, 0}, {1, 1}}});  // at the left border a quarter of the height on either side of the middle
  const auto black = masked(mask, 100, 100);
  EXPECT_TRUE(black[50][0]);
  EXPECT_TRUE(black[27][0]);
  EXPECT_TRUE(black[72][0]);
  EXPECT_FALSE(black[20][0]);
  EXPECT_FALSE(black[80][0]);
  const float infinity = std::numeric_limits<float>::infinity();
  Mask endless({{{-infinity, -infinity}, {infinity, -infinity}, {infinity, infinity}, {-infinity, infinity}}});
  for (const auto& row : masked(endless, 20, 20)) EXPECT_EQ(std::count(row.begin(), row.end(), true), 20);
}

TEST(Mask, APolygonThatIsNoNumberHidesAll) {
  Mask mask({{{0.1f, 0.1f}, {std::numeric_limits<float>::quiet_NaN(), 0.2f}, {0.2f, 0.2f}}});
  for (const auto& row : masked(mask, 20, 20)) EXPECT_EQ(std::count(row.begin(), row.end(), true), 20);
}

TEST(Mask, DegeneratePolygonsHideTheirPixelsAtMost) {
  for (const MaskPolygon& polygon :
       {MaskPolygon{}, MaskPolygon{{0.5f, 0.5f}}, MaskPolygon{{0.51f, 0.51f}, {0.51f, 0.51f}, {0.51f, 0.51f}}}) {
    Mask mask({polygon});
    int count = 0;
    for (const auto& row : masked(mask, 20, 20)) count += int(std::count(row.begin(), row.end(), true));
    EXPECT_LE(count, 1);
  }
  Mask line({{{0.03f, 0.51f}, {0.97f, 0.51f}, {0.03f, 0.51f}}});
  const auto black = masked(line, 20, 20);
  EXPECT_EQ(std::count(black[10].begin(), black[10].end(), true), 20);
  EXPECT_EQ(std::count(black[9].begin(), black[9].end(), true), 0);
}

// In every format: hidden pixels are black, and so are all chroma samples that a hidden pixel has a share in; all else is as it
// was.
TEST(Mask, BlackensLumaAndChromaOfEveryFormat) {
  const MaskPolygon polygon{{0.21f, 0.13f}, {0.83f, 0.37f}, {0.41f, 0.91f}};
  for (const PixelFormat format : kFormats)
    for (const ColorRange range : {ColorRange::Limited, ColorRange::Full})
      for (const auto& [width, height] : {std::pair{33u, 17u}, {64u, 48u}, {3u, 5u}}) {
        Mask mask({polygon});
        const auto hidden = masked(mask, width, height);
        GuardedPlanes planes(format, width, height);
        planes.fill(200);
        mask.apply(planes.image(), range);
        ASSERT_TRUE(planes.intact());
        const ImageView view = planes.view(range);
        const bool rgb = format == PixelFormat::RGB24 || format == PixelFormat::BGR24;
        const double black = !rgb && range == ColorRange::Limited ? 16 : 0;
        const auto any = [&](std::uint32_t x, std::uint32_t y, std::uint32_t rows) {
          for (std::uint32_t v = y / rows * rows; v < std::min(y / rows * rows + rows, height); ++v)
            for (std::uint32_t u = x / 2 * 2; u < std::min(x / 2 * 2 + 2, width); ++u)
              if (hidden[v][u]) return true;
          return false;
        };
        for (std::uint32_t y = 0; y < height; ++y)
          for (std::uint32_t x = 0; x < width; ++x) {
            const auto stored = stored_at(view, x, y);
            ASSERT_EQ(stored[0], hidden[y][x] ? black : 200) << to_string(format) << " " << x << ", " << y;
            if (format == PixelFormat::GRAY8) continue;
            const bool chroma = rgb ? bool(hidden[y][x]) : any(x, y, format == PixelFormat::YUYV ? 1 : 2);
            ASSERT_EQ(stored[1], chroma ? (rgb ? 0 : 128) : 200) << to_string(format) << " " << x << ", " << y;
            ASSERT_EQ(stored[2], chroma ? (rgb ? 0 : 128) : 200) << to_string(format) << " " << x << ", " << y;
          }
      }
}

TEST(Mask, AnotherSizeIsComputedAnew) {
  Mask mask({{{0, 0}, {0.5f, 0}, {0.5f, 1}, {0, 1}}});
  const auto before = masked(mask, 10, 10);
  EXPECT_EQ(std::count(before[5].begin(), before[5].end(), true), 5);
  const auto black = masked(mask, 40, 20);
  EXPECT_EQ(std::count(black[5].begin(), black[5].end(), true), 20);
  EXPECT_TRUE(Mask().empty());
}

}  // namespace
}  // namespace vedette::vision
