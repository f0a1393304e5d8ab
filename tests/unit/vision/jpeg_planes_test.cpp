#include "vision/jpeg_planes.h"

#include <gtest/gtest.h>
#include <turbojpeg.h>

#include "guarded_planes.h"
#include "jpeg_files.h"
#include "vision/jpeg.h"

namespace vedette::vision {
namespace {

struct Sampling {
  int luma_h, luma_v, chroma_h, chroma_v;
};
constexpr Sampling k420{2, 2, 1, 1}, k422{2, 1, 1, 1}, k444{1, 1, 1, 1};
constexpr Sampling kSamplings[] = {k420,         k422,         k444,         {1, 2, 1, 1}, {4, 1, 1, 1},
                                   {2, 2, 1, 2}, {2, 2, 2, 1}, {4, 2, 1, 1}, {1, 4, 1, 1}};
constexpr std::pair<std::uint32_t, std::uint32_t> kSizes[] = {{1, 1},   {2, 1},   {1, 2},    {3, 3},   {7, 9},
                                                              {8, 8},   {15, 16}, {16, 15},  {16, 16}, {17, 16},
                                                              {33, 17}, {64, 48}, {100, 75}, {130, 66}};

JpegKind kind_of(const Sampling& sampling, std::uint32_t width, std::uint32_t height) {
  JpegKind kind{.width = width, .height = height};
  kind.luma_h = sampling.luma_h;
  kind.luma_v = sampling.luma_v;
  kind.chroma_h = sampling.chroma_h;
  kind.chroma_v = sampling.chroma_v;
  return kind;
}

// The whole way: header, planes between canaries. Fails the test where the file isn't taken.
GuardedPlanes decode(std::span<const std::byte> file, int denominator = 1) {
  JpegPlanesDecoder decoder;
  const auto header = decoder.read_header(file);
  EXPECT_TRUE(header.ok()) << (header.ok() ? "" : header.error().text);
  if (!header.ok()) return {PixelFormat::GRAY8, 1, 1};
  GuardedPlanes planes(header->format, scaled_side(header->width, denominator), scaled_side(header->height, denominator));
  const auto result = decoder.decode(file, *header, denominator, planes.image());
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().text);
  EXPECT_TRUE(planes.intact()) << "written outside the planes";
  return planes;
}

Result<> try_decode(std::span<const std::byte> file, int denominator = 1) {
  JpegPlanesDecoder decoder;
  VD_ASSIGN(const JpegHeader header, decoder.read_header(file));
  GuardedPlanes planes(header.format, scaled_side(header.width, denominator), scaled_side(header.height, denominator));
  auto result = decoder.decode(file, header, denominator, planes.image());
  EXPECT_TRUE(planes.intact()) << "written outside the planes";
  return result;
}

// Largest and mean difference of a plane's bytes.
struct Difference {
  int largest = 0;
  double mean = 0;
};
Difference difference(const ImageView& a, const ImageView& b, int plane) {
  const PlaneGeometry extent = plane_extent(a.format, plane, a.width, a.height);
  Difference result;
  for (std::uint32_t y = 0; y < extent.rows; ++y)
    for (std::uint32_t x = 0; x < extent.row_bytes; ++x) {
      const int off = std::abs(a.row(plane, y)[x] - b.row(plane, y)[x]);
      result.largest = std::max(result.largest, off);
      result.mean += off;
    }
  result.mean /= double(extent.rows) * extent.row_bytes;
  return result;
}

// TurboJPEG's planes at the file's own sampling and at that scale.
std::vector<std::vector<unsigned char>> turbo_planes(std::span<const std::byte> file, std::uint32_t width, std::uint32_t height,
                                                     int sampling) {
  std::vector<std::vector<unsigned char>> planes(3);
  unsigned char* pointers[3] = {};
  for (int plane = 0; plane < 3; ++plane) {
    planes[std::size_t(plane)].resize(tjPlaneSizeYUV(plane, int(width), 0, int(height), sampling));
    pointers[plane] = planes[std::size_t(plane)].data();
  }
  const tjhandle handle = tjInitDecompress();
  EXPECT_EQ(tjDecompressToYUVPlanes(handle, reinterpret_cast<const unsigned char*>(file.data()), file.size(), pointers,
                                    int(width), nullptr, int(height), 0),
            0)
      << tjGetErrorStr2(handle);
  tjDestroy(handle);
  return planes;
}

TEST(JpegPlanes, A420FileIsWhatTurboJpegMakesOfItAtEveryScaleAndSize) {
  for (const auto& [width, height] : kSizes)
    for (const int denominator : {1, 2, 4, 8})
      for (const bool progressive : {false, true}) {
        SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height) + " 1/" + std::to_string(denominator));
        JpegKind kind = kind_of(k420, width, height);
        kind.progressive = progressive;
        const auto file = make_jpeg(kind);
        const GuardedPlanes ours = decode(file, denominator);
        const std::uint32_t w = ours.image().width, h = ours.image().height;
        ASSERT_EQ(w, (width + std::uint32_t(denominator) - 1) / std::uint32_t(denominator));
        if (width < 16 || height < 15) continue;  // TurboJPEG is told the size, which says nothing about the scale here
        const auto theirs = turbo_planes(file, w, h, TJSAMP_420);
        for (int plane = 0; plane < 3; ++plane) {
          const PlaneGeometry extent = plane_extent(PixelFormat::I420, plane, w, h);
          const auto stride = std::size_t(tjPlaneWidth(plane, int(w), TJSAMP_420));
          for (std::uint32_t y = 0; y < extent.rows; ++y)
            ASSERT_EQ(std::memcmp(ours.view().row(plane, y), theirs[std::size_t(plane)].data() + stride * y, extent.row_bytes), 0)
                << "plane " << plane << " row " << y;
        }
      }
}

TEST(JpegPlanes, LumaOfEverySamplingIsTheSame) {
  for (const auto& sampling : kSamplings)
    for (const int denominator : {1, 2, 4, 8}) {
      const auto plain = make_jpeg(kind_of(k420, 77, 53)), other = make_jpeg(kind_of(sampling, 77, 53));
      EXPECT_EQ(difference(decode(plain, denominator).view(), decode(other, denominator).view(), 0).largest, 0);
    }
}

// Chroma of every sampling against the mean of what TurboJPEG's RGB of the same file says of it.
TEST(JpegPlanes, ChromaOfEverySamplingComesToItsPlace) {
  for (const auto& sampling : kSamplings)
    for (const auto& [width, height] : {std::pair{160u, 96u}, {161u, 97u}, {34u, 18u}})
      for (const int denominator : {1, 2, 4, 8}) {
        SCOPED_TRACE(std::to_string(sampling.luma_h) + std::to_string(sampling.luma_v) + std::to_string(sampling.chroma_h) +
                     std::to_string(sampling.chroma_v) + " " + std::to_string(width) + " 1/" + std::to_string(denominator));
        JpegKind kind = kind_of(sampling, width, height);
        kind.quality = 98;
        kind.noise = 0;
        const auto file = make_jpeg(kind);
        const GuardedPlanes ours = decode(file, denominator);
        JpegKind full = kind;
        full.luma_h = full.luma_v = full.chroma_h = full.chroma_v = 1;
        const auto full_planes = turbo_planes(make_jpeg(full), width, height, TJSAMP_444);
        const auto block = std::uint32_t(2 * denominator);
        for (int plane = 1; plane <= 2; ++plane) {
          double sum = 0;
          int largest = 0;
          const std::uint32_t columns = (ours.image().width + 1) / 2, rows = (ours.image().height + 1) / 2;
          for (std::uint32_t y = 0; y < rows; ++y)
            for (std::uint32_t x = 0; x < columns; ++x) {
              double mean = 0, count = 0;
              for (std::uint32_t v = y * block; v < std::min((y + 1) * block, height); ++v)
                for (std::uint32_t u = x * block; u < std::min((x + 1) * block, width); ++u, ++count)
                  mean += full_planes[std::size_t(plane)][std::size_t{v} * width + u];
              const int off = int(std::lround(std::abs(ours.view().row(plane, y)[x] - mean / count)));
              sum += off;
              largest = std::max(largest, off);
            }
          // Wrong by a chroma sample would be a mean of 4 at full size, more at scale. A quarter of the samples is repeated as it
          // is: half a sample off.
          const bool quarter = sampling.luma_v == 4 || sampling.luma_h == 4;
          EXPECT_LT(sum / (rows * columns), quarter ? 2.0 + 2.0 * denominator : 1.5) << "plane " << plane;
          EXPECT_LE(largest, quarter ? 30 : 24) << "plane " << plane;
        }
      }
}

TEST(JpegPlanes, EverySizeOfEverySamplingStaysWithinItsPlanes) {
  for (const auto& sampling : kSamplings)
    for (const auto& [width, height] : kSizes)
      for (const int denominator : {1, 2, 4, 8})
        for (const bool progressive : {false, true}) {
          JpegKind kind = kind_of(sampling, width, height);
          kind.progressive = progressive;
          decode(make_jpeg(kind), denominator);
        }
}

TEST(JpegPlanes, GreyHasNoChromaAndAnySamplingFactor) {
  for (const auto& [width, height] : kSizes)
    for (const int denominator : {1, 2, 4, 8})
      for (const int factor : {1, 2}) {
        JpegKind kind{.width = width, .height = height, .luma_h = factor, .luma_v = factor, .gray = true};
        const auto file = make_jpeg(kind);
        const GuardedPlanes ours = decode(file, denominator);
        ASSERT_EQ(ours.image().format, PixelFormat::GRAY8);
        JpegKind colour = kind_of(k420, width, height);
        EXPECT_EQ(difference(ours.view(), decode(make_jpeg(colour), denominator).view(), 0).largest, 0);
      }
}

TEST(JpegPlanes, HeaderSaysWhatComes) {
  JpegPlanesDecoder decoder;
  const auto header = decoder.read_header(make_jpeg(kind_of(k422, 50, 20)));
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(*header, (JpegHeader{50, 20, PixelFormat::I420, 2, 1}));
}

TEST(JpegPlanes, ScaleIsTheSmallestThatCovers) {
  EXPECT_EQ(jpeg_scale(1920, 1080, 384, 384), 2);
  EXPECT_EQ(jpeg_scale(1920, 1080, 480, 270), 4);
  EXPECT_EQ(jpeg_scale(1920, 1080, 481, 270), 2);
  EXPECT_EQ(jpeg_scale(1920, 1080, 240, 135), 8);
  EXPECT_EQ(jpeg_scale(1920, 1080, 1, 1), 8);
  EXPECT_EQ(jpeg_scale(1920, 1080, 961, 1), 1);
  EXPECT_EQ(jpeg_scale(1920, 1080, 4000, 4000), 1);
  EXPECT_EQ(jpeg_scale(1920, 1080, 0, 0), 1);
  EXPECT_EQ(scaled_side(33, 2), 17u);
  EXPECT_EQ(scaled_side(1, 8), 1u);
}

TEST(JpegPlanes, AFileWithoutHuffmanTablesHasTheStandardOnes) {
  const auto file = make_jpeg(kind_of(k422, 64, 48));
  const auto bare = without_segments(file, 0xC4);
  ASSERT_LT(bare.size() + 400, file.size());
  const GuardedPlanes whole = decode(file), ours = decode(bare);
  for (int plane = 0; plane < 3; ++plane) EXPECT_EQ(difference(whole.view(), ours.view(), plane).largest, 0);
}

// One decoder over files with tables of their own (progressive files are optimised) and files without any.
TEST(JpegPlanes, TablesOfOneFileAreNotUsedForTheNext) {
  JpegKind optimised = kind_of(k420, 64, 48);
  optimised.progressive = true;
  const auto first = make_jpeg(optimised), second = without_segments(make_jpeg(kind_of(k420, 64, 48)), 0xC4);
  const auto unquantised = without_segments(make_jpeg(kind_of(k420, 64, 48)), 0xDB);
  JpegPlanesDecoder decoder;
  const auto header = decoder.read_header(first);
  ASSERT_TRUE(header.ok());
  GuardedPlanes planes(PixelFormat::I420, 64, 48);
  ASSERT_TRUE(decoder.decode(first, *header, 1, planes.image()).ok());
  ASSERT_TRUE(decoder.decode(second, *header, 1, planes.image()).ok());
  EXPECT_EQ(difference(planes.view(), decode(second).view(), 0).largest, 0);
  EXPECT_FALSE(decoder.decode(unquantised, *header, 1, planes.image()).ok());
}

TEST(JpegPlanes, WhatCamerasDoAroundThePictureIsLetPass) {
  const auto file = make_jpeg(kind_of(k422, 64, 48));
  const auto expect_same = [&](const std::vector<std::byte>& other, const char* what) {
    const GuardedPlanes a = decode(file), b = decode(other);
    EXPECT_EQ(difference(a.view(), b.view(), 0).largest, 0) << what;
  };
  auto behind = file;
  behind.resize(file.size() + 5000);
  expect_same(behind, "zeros behind the end");
  auto before_end = file;
  before_end.insert(before_end.end() - 2, {std::byte{0}, std::byte{0x11}, std::byte{0x22}});
  expect_same(before_end, "bytes before the end marker");
  auto endless = file;
  endless.resize(file.size() - 2);
  expect_same(endless, "no end marker");
  auto in_front = file;  // between two segments
  in_front.insert(in_front.begin() + std::ptrdiff_t(find_segment(file, 0xC4)), {std::byte{0x12}, std::byte{0x34}});
  expect_same(in_front, "bytes between segments");
}

TEST(JpegPlanes, ATruncatedFileIsRefusedWhereverItIsCut) {
  for (const bool progressive : {false, true})
    for (const int restart_rows : {0, 1})
      for (const int denominator : {1, 2, 8}) {
        JpegKind kind = kind_of(k420, 96, 80);
        kind.progressive = progressive;
        kind.restart_rows = restart_rows;
        const auto file = make_jpeg(kind);
        ASSERT_TRUE(try_decode(file, denominator).ok());
        // The last bytes of a single scan may be nothing but padding of its last byte, and the end marker isn't missed.
        for (std::size_t size = 0; size + 8 < file.size(); size += size < 1000 ? 1 : 37) {
          const auto result = try_decode(std::span(file).first(size), denominator);
          ASSERT_FALSE(result.ok()) << size << " of " << file.size() << " bytes";
          ASSERT_EQ(result.error().code, ErrorCode::kCorrupt);
          ASSERT_EQ(result.error().text.rfind("JPEG: ", 0), 0u) << result.error().text;
        }
        // A hole is no better.
        auto hole = file;
        hole.erase(hole.end() - std::ptrdiff_t(file.size() / 4), hole.end() - 2);
        EXPECT_FALSE(try_decode(hole, denominator).ok());
      }
}

TEST(JpegPlanes, WhatIsNoPictureOfOursIsRefused) {
  const auto text_of = [](const auto& file) {
    JpegPlanesDecoder decoder;
    const auto header = decoder.read_header(file);
    EXPECT_FALSE(header.ok());
    return header.ok() ? std::string() : header.error().text;
  };
  EXPECT_NE(text_of(std::vector<std::byte>{}), "");
  EXPECT_NE(text_of(std::vector<std::byte>(1000, std::byte{0x5a})).find("doesn't start"), std::string::npos);
  JpegKind rgb;
  rgb.rgb = true;
  rgb.luma_h = rgb.luma_v = 1;
  EXPECT_EQ(text_of(make_jpeg(rgb)), "JPEG: neither YCbCr nor grey");
  auto huge = make_jpeg(JpegKind{});
  const std::size_t frame = find_segment(huge, 0xC0);
  huge[frame + 5] = huge[frame + 7] = std::byte{0xF0};
  EXPECT_NE(text_of(huge).find("larger than"), std::string::npos);
}

TEST(JpegPlanes, AFileOfAnotherSizeThanItsHeaderIsRefused) {
  JpegPlanesDecoder decoder;
  const auto header = decoder.read_header(make_jpeg(kind_of(k420, 64, 48)));
  ASSERT_TRUE(header.ok());
  GuardedPlanes planes(PixelFormat::I420, 64, 48);
  for (const auto& other : {kind_of(k420, 66, 48), kind_of(k420, 64, 2000), kind_of(k444, 64, 48)}) {
    const auto result = decoder.decode(make_jpeg(other), *header, 1, planes.image());
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_TRUE(planes.intact());
  EXPECT_TRUE(decoder.decode(make_jpeg(kind_of(k420, 64, 48)), *header, 1, planes.image()).ok()) << "it goes on";
}

// Whole by its markers, but one of its components was never sent: what would be shown is made up.
TEST(JpegPlanes, AFileWithoutOneOfItsComponentsIsRefused) {
  JpegKind kind = kind_of(k420, 32, 32);
  kind.apart = true;
  auto file = make_jpeg(kind);
  ASSERT_TRUE(try_decode(file).ok());
  std::size_t last = 0;  // start of the last scan's header
  for (std::size_t at = 0; at + 1 < file.size(); ++at)
    if (file[at] == std::byte{0xFF} && file[at + 1] == std::byte{0xDA}) last = at;
  file.erase(file.begin() + std::ptrdiff_t(last), file.end() - 2);
  const auto result = try_decode(file);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().text, "JPEG: a component is in none of its scans");
}

// Each scan is a pass over the whole picture.
TEST(JpegPlanes, AFileOfManyScansIsRefused) {
  JpegKind kind = kind_of(k420, 32, 32);
  kind.many_scans = true;
  const auto result = try_decode(make_jpeg(kind));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().text, "JPEG: it has more than 100 scans");
}

}  // namespace
}  // namespace vedette::vision
