#include "vision/jpeg_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "vision/jpeg.h"
#include "vision/jpeg_planes.h"
#include "vision/test_pattern.h"

namespace vedette::vision {
namespace {

// libjpeg-turbo writes the standard's tables, each in a segment of its own.
std::vector<std::byte> a_jpeg() {
  Image image;
  image.reshape(PixelFormat::I420, 96, 64);
  image.set_color(ColorMatrix::BT601, ColorRange::Full);
  for (int plane = 0; plane < 3; ++plane)
    for (std::uint32_t y = 0; y < (plane == 0 ? 64u : 32u); ++y)
      for (std::uint32_t x = 0; x < (plane == 0 ? 96u : 48u); ++x)
        image.row(plane, y)[x] = static_cast<std::uint8_t>(x * 5 + y * y);
  JpegEncoder encoder;
  const auto file = encoder.encode(image.view(), 90);
  EXPECT_TRUE(file.ok());
  return {file->begin(), file->end()};
}

std::vector<std::byte> without_tables(std::vector<std::byte> file) {
  for (std::size_t i = 2; i + 4 < file.size();) {
    const std::size_t length = 2 + (std::to_integer<std::size_t>(file[i + 2]) << 8 | std::to_integer<std::size_t>(file[i + 3]));
    if (file[i + 1] == std::byte{0xDA}) break;
    if (file[i + 1] == std::byte{0xC4})
      file.erase(file.begin() + static_cast<std::ptrdiff_t>(i), file.begin() + static_cast<std::ptrdiff_t>(i + length));
    else
      i += length;
  }
  return file;
}

TEST(JpegTables, AreTheStandardsOwn) {
  const auto file = a_jpeg();
  const auto tables = standard_huffman_tables();
  ASSERT_EQ(tables.size(), 420u);
  std::size_t at = 4, found = 0;
  for (const std::size_t length : {29u, 179u, 29u, 179u}) {  // luma DC, AC, chroma DC, AC
    const auto table = tables.subspan(at, length);
    found += std::search(file.begin(), file.end(), table.begin(), table.end()) != file.end() ? 1 : 0;
    at += length;
  }
  EXPECT_EQ(found, 4u);
}

TEST(JpegTables, MakeAFileWholeThatLeavesThemOut) {
  const auto file = a_jpeg();
  EXPECT_EQ(huffman_tables_missing_at(file), 0u);
  const auto bare = without_tables(file);
  ASSERT_EQ(bare.size(), file.size() - 2 * (29 + 4) - 2 * (179 + 4));
  const std::size_t position = huffman_tables_missing_at(bare);
  ASSERT_GT(position, 2u);
  std::vector<std::byte> whole(bare.begin(), bare.begin() + static_cast<std::ptrdiff_t>(position));
  whole.insert(whole.end(), standard_huffman_tables().begin(), standard_huffman_tables().end());
  whole.insert(whole.end(), bare.begin() + static_cast<std::ptrdiff_t>(position), bare.end());
  EXPECT_EQ(huffman_tables_missing_at(whole), 0u);
  JpegDecoder decoder;
  Image before, after;
  ASSERT_TRUE(decoder.decode(file, before));
  ASSERT_TRUE(decoder.decode(whole, after));
  for (std::uint32_t y = 0; y < 64; ++y) EXPECT_TRUE(std::equal(before.row(0, y), before.row(0, y) + 96, after.row(0, y)));
}

TEST(JpegTables, AnythingElseIsLeftAlone) {
  EXPECT_EQ(huffman_tables_missing_at({}), 0u);
  const auto bare = without_tables(a_jpeg());
  for (std::size_t length = 0; length < huffman_tables_missing_at(bare); ++length)
    EXPECT_EQ(huffman_tables_missing_at(std::span(bare).first(length)), 0u) << length;
  for (int byte = 0; byte < 256; ++byte)
    (void)huffman_tables_missing_at(std::vector<std::byte>(100, static_cast<std::byte>(byte)));
}

}  // namespace
}  // namespace vedette::vision
