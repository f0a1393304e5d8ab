// JPEG files of any kind for tests, made by libjpeg: sampling factors, scans, restart markers.
#pragma once

#include <cstdio>  // jpeglib.h needs it

#include <jpeglib.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <span>
#include <vector>

namespace vedette::vision {

struct JpegKind {
  std::uint32_t width = 33, height = 17;
  int luma_h = 2, luma_v = 2, chroma_h = 1, chroma_v = 1;  // sampling factors
  bool gray = false;
  bool progressive = false;
  bool many_scans = false;  // progressive, each coefficient of each component in a scan of its own: 190
  bool apart = false;       // each component in a scan of its own
  int restart_rows = 0;     // rows of MCUs between restart markers
  int quality = 90;
  bool rgb = false;  // stored as RGB
  double noise = 8;  // levels
};

inline std::vector<std::byte> make_jpeg(const JpegKind& kind, std::uint32_t seed = 7) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* file = nullptr;
  unsigned long bytes = 0;
  jpeg_mem_dest(&info, &file, &bytes);
  info.image_width = kind.width;
  info.image_height = kind.height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  if (kind.gray) jpeg_set_colorspace(&info, JCS_GRAYSCALE);
  if (kind.rgb) jpeg_set_colorspace(&info, JCS_RGB);
  jpeg_set_quality(&info, kind.quality, TRUE);
  info.comp_info[0].h_samp_factor = kind.luma_h;
  info.comp_info[0].v_samp_factor = kind.luma_v;
  for (int chroma = 1; chroma < info.num_components; ++chroma) {
    info.comp_info[chroma].h_samp_factor = kind.chroma_h;
    info.comp_info[chroma].v_samp_factor = kind.chroma_v;
  }
  info.restart_in_rows = kind.restart_rows;
  if (kind.progressive) jpeg_simple_progression(&info);
  std::vector<jpeg_scan_info> scans;
  if (kind.many_scans) {
    scans.push_back({3, {0, 1, 2, 0}, 0, 0, 0, 0});
    for (int component = 0; component < 3; ++component)
      for (int coefficient = 1; coefficient < DCTSIZE2; ++coefficient)
        scans.push_back({1, {component, 0, 0, 0}, coefficient, coefficient, 0, 0});
  }
  if (kind.apart) {
    for (int component = 0; component < 3; ++component) scans.push_back({1, {component, 0, 0, 0}, 0, DCTSIZE2 - 1, 0, 0});
  }
  if (!scans.empty()) {
    info.scan_info = scans.data();
    info.num_scans = static_cast<int>(scans.size());
  }
  jpeg_start_compress(&info, TRUE);
  std::mt19937 random(seed);
  std::vector<unsigned char> row(std::size_t{3} * kind.width);
  for (std::uint32_t y = 0; y < kind.height; ++y) {
    for (std::uint32_t x = 0; x < kind.width; ++x)
      for (std::uint32_t c = 0; c < 3; ++c) {
        const double wave = 128 + 60 * std::sin(x / 9.0 + c) + 50 * std::cos(y / (7.0 + c));
        const double noise = kind.noise * std::uniform_real_distribution<double>(-1, 1)(random);
        row[3 * x + c] = static_cast<unsigned char>(std::lround(wave + noise));
      }
    JSAMPROW rows[1] = {row.data()};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const auto view = std::as_bytes(std::span(file, bytes));
  std::vector<std::byte> copy(view.begin(), view.end());
  std::free(file);
  return copy;
}

// Where the segment of `marker` (0xC4: Huffman tables) starts, from `from` on; the file's size if there is none.
inline std::size_t find_segment(std::span<const std::byte> file, unsigned marker, std::size_t from = 2) {
  while (from + 4 <= file.size()) {
    const auto at = [&](std::size_t index) { return std::to_integer<std::size_t>(file[index]); };
    if (at(from + 1) == marker) return from;
    if (at(from + 1) == 0xDA) break;
    from += 2 + (at(from + 2) << 8 | at(from + 3));
  }
  return file.size();
}

// The file without its segments of `marker`.
inline std::vector<std::byte> without_segments(std::vector<std::byte> file, unsigned marker) {
  for (std::size_t at = find_segment(file, marker); at < file.size(); at = find_segment(file, marker, at)) {
    const std::size_t length = std::to_integer<std::size_t>(file[at + 2]) << 8 | std::to_integer<std::size_t>(file[at + 3]);
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at);
    file.erase(begin, begin + static_cast<std::ptrdiff_t>(2 + length));
  }
  return file;
}

}  // namespace vedette::vision
