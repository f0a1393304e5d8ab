#include "vision/orient.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace vedette::vision {
namespace {

constexpr std::uint32_t half(std::uint32_t side) { return (side + 1) / 2; }

// Flips and turns as one map: sample (x, y) of the result is sample (x, y) of the source, or (y, x) if they are `swapped`,
// counted from the right or from below where a side is reversed (of the source's sides).
struct Map {
  bool swapped = false;
  bool from_right = false;
  bool from_below = false;
};

Map map_of(const Orientation& orientation) {
  const bool h = orientation.flip_horizontal, v = orientation.flip_vertical;
  switch (orientation.rotate) {
    case 0:
      return {false, h, v};
    case 90:  // clockwise: the result's left column is the source's bottom row
      return {true, h, !v};
    case 180:
      return {false, !h, !v};
    case 270:
      return {true, !h, v};
    default:
      VD_ASSERT(false, "a turn by something else than quarters");
      return {};
  }
}

// A plane of samples of type T, `step` samples from one to the next.
template <typename T>
struct Source {
  const std::uint8_t* data;
  std::size_t stride;
  std::uint32_t width, height;
  std::uint32_t step = 1;
  const T* row(std::uint32_t y) const { return reinterpret_cast<const T*>(data + stride * y); }
};

struct Pixel3 {
  std::uint8_t bytes[3];
};
struct Pair {  // not an integer: rows may start at any byte
  std::uint8_t bytes[2];
};

template <typename T>
T* row_of(const MutablePlane& plane, std::uint32_t y) {
  return reinterpret_cast<T*>(plane.data + plane.stride * y);
}

// Sixteen rows of sixteen bytes become columns: interleaving rows i and i + 8 four times is a transposition.
using Bytes = std::uint8_t __attribute__((vector_size(16)));
using Pairs = std::uint16_t __attribute__((vector_size(16)));

inline void interleave(Bytes a, Bytes b, Bytes& low, Bytes& high) {
  low = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  high = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
inline void interleave(Pairs a, Pairs b, Pairs& low, Pairs& high) {
  low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  high = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

template <typename T>
struct Block {
  static constexpr std::uint32_t kSide = 0;  // one by one
};
template <>
struct Block<std::uint8_t> {
  static constexpr std::uint32_t kSide = 16;
  using Vector = Bytes;
};
template <>
struct Block<Pair> {
  static constexpr std::uint32_t kSide = 8;
  using Vector = Pairs;
};

// The block of the result at (x, y).
template <typename T>
void transpose_block(const Source<T>& in, const Map& map, const MutablePlane& out, std::uint32_t x, std::uint32_t y) {
  constexpr std::uint32_t kSide = Block<T>::kSide;
  using Vector = typename Block<T>::Vector;
  Vector rows[kSide], mixed[kSide];
  const std::uint32_t column = map.from_right ? in.width - kSide - y : y;
  for (std::uint32_t i = 0; i < kSide; ++i)
    std::memcpy(&rows[i], in.row(map.from_below ? in.height - 1 - (x + i) : x + i) + column, sizeof rows[i]);
  for (std::uint32_t round = kSide; round > 1; round /= 2) {
    for (std::uint32_t i = 0; i < kSide / 2; ++i) interleave(rows[i], rows[i + kSide / 2], mixed[2 * i], mixed[2 * i + 1]);
    std::copy(mixed, mixed + kSide, rows);
  }
  for (std::uint32_t i = 0; i < kSide; ++i)
    std::memcpy(row_of<T>(out, y + i) + x, &rows[map.from_right ? kSide - 1 - i : i], sizeof rows[i]);
}

// `width` × `height`: of the result's part from (x0, y0) on, sample by sample.
template <typename T>
void transpose_plain(const Source<T>& in, const Map& map, const MutablePlane& out, std::uint32_t x0, std::uint32_t y0,
                     std::uint32_t x1, std::uint32_t y1) {
  for (std::uint32_t y = y0; y < y1; ++y) {
    T* to = row_of<T>(out, y);
    const std::size_t column = std::size_t{map.from_right ? in.width - 1 - y : y} * in.step;
    for (std::uint32_t x = x0; x < x1; ++x) to[x] = in.row(map.from_below ? in.height - 1 - x : x)[column];
  }
}

template <typename T>
void transpose(const Source<T>& in, const Map& map, const MutablePlane& out) {
  const std::uint32_t width = in.height, height = in.width;  // of the result
  constexpr std::uint32_t kTile = 64;                        // what is read and what is written of it stay in the first cache
  constexpr std::uint32_t kSide = Block<T>::kSide;
  for (std::uint32_t top = 0; top < height; top += kTile)
    for (std::uint32_t left = 0; left < width; left += kTile) {
      const std::uint32_t bottom = std::min(top + kTile, height), right = std::min(left + kTile, width);
      std::uint32_t x_end = left, y_end = top;  // of what goes by blocks
      if constexpr (kSide > 0) {
        if (in.step == 1) {
          x_end = left + (right - left) / kSide * kSide;
          y_end = top + (bottom - top) / kSide * kSide;
          for (std::uint32_t x = left; x < x_end; x += kSide)
            for (std::uint32_t y = top; y < y_end; y += kSide) transpose_block(in, map, out, x, y);
        }
      }
      transpose_plain(in, map, out, x_end, top, right, y_end);
      transpose_plain(in, map, out, left, y_end, right, bottom);
    }
}

// Eight bytes from back to front.
inline std::uint64_t mirrored(std::uint64_t word, std::uint8_t) { return __builtin_bswap64(word); }
inline std::uint64_t mirrored(std::uint64_t word, Pair) {
  return word << 48 | (word & 0xFFFF'0000) << 16 | (word >> 16 & 0xFFFF'0000) | word >> 48;
}

template <typename T>
void mirror_row(const T* from, std::uint32_t step, std::uint32_t width, T* to) {
  std::uint32_t x = 0;
  if constexpr (sizeof(std::uint64_t) % sizeof(T) == 0) {
    constexpr std::uint32_t kCount = sizeof(std::uint64_t) / sizeof(T);
    for (; step == 1 && x + kCount <= width; x += kCount) {
      std::uint64_t word = 0;
      std::memcpy(&word, from + (width - kCount - x), sizeof word);
      word = mirrored(word, T{});
      std::memcpy(to + x, &word, sizeof word);
    }
  }
  for (; x < width; ++x) to[x] = from[std::size_t{width - 1 - x} * step];
}

template <typename T>
void orient_plane(const Source<T>& in, const Map& map, const MutablePlane& out) {
  if (map.swapped) return transpose(in, map, out);
  for (std::uint32_t y = 0; y < in.height; ++y) {
    const T* from = in.row(map.from_below ? in.height - 1 - y : y);
    T* to = row_of<T>(out, y);
    if (map.from_right) {
      mirror_row(from, in.step, in.width, to);
    } else if (in.step == 1) {
      std::memcpy(to, from, sizeof(T) * in.width);
    } else {
      for (std::uint32_t x = 0; x < in.width; ++x) to[x] = from[std::size_t{x} * in.step];
    }
  }
}

template <typename T>
Source<T> source_of(const ImageView& in, int plane, std::uint32_t width, std::uint32_t height) {
  const PlaneView& view = in.planes[static_cast<std::size_t>(plane)];
  return {view.data, view.stride, width, height};
}

// YUYV's chroma is halved in height as it goes: a few rows at a time, so that nothing is allocated.
void orient_yuyv_chroma(const ImageView& in, const Map& map, int which, const MutablePlane& out) {
  const std::uint32_t width = half(in.width), height = half(in.height);
  constexpr std::uint32_t kRows = 16, kColumns = 64;
  std::uint8_t averaged[kRows][kColumns];
  for (std::uint32_t top = 0; top < height; top += kRows)
    for (std::uint32_t left = 0; left < width; left += kColumns) {
      const std::uint32_t rows = std::min(kRows, height - top), columns = std::min(kColumns, width - left);
      for (std::uint32_t v = 0; v < rows; ++v) {
        const std::uint8_t* upper = in.row(0, 2 * (top + v)) + 4 * left + 2 * which - 1;
        const std::uint8_t* lower = in.row(0, std::min(2 * (top + v) + 1, in.height - 1)) + 4 * left + 2 * which - 1;
        for (std::uint32_t u = 0; u < columns; ++u)
          averaged[v][u] = static_cast<std::uint8_t>((upper[4 * u] + lower[4 * u] + 1) / 2);
      }
      // Where this piece stands in the result.
      const std::uint32_t from_left = map.from_right ? width - left - columns : left;
      const std::uint32_t from_top = map.from_below ? height - top - rows : top;
      const std::uint32_t x = map.swapped ? from_top : from_left, y = map.swapped ? from_left : from_top;
      orient_plane(Source<std::uint8_t>{averaged[0], kColumns, columns, rows}, map,
                   MutablePlane{out.data + out.stride * y + x, out.stride});
    }
}

void copy(const ImageView& in, const MutableImageView& out) {
  for (int plane = 0; plane < plane_count(in.format); ++plane) {
    const PlaneGeometry extent = plane_extent(in.format, plane, in.width, in.height);
    const MutablePlane& to = out.planes[static_cast<std::size_t>(plane)];
    for (std::uint32_t y = 0; y < extent.rows; ++y) std::memcpy(to.data + to.stride * y, in.row(plane, y), extent.row_bytes);
  }
}

}  // namespace

PixelFormat oriented_format(PixelFormat format, const Orientation& orientation) {
  return format == PixelFormat::YUYV && !orientation.none() ? PixelFormat::I420 : format;
}

void orient(const ImageView& in, const Orientation& orientation, const MutableImageView& out) {
  VD_ASSERT(out.format == oriented_format(in.format, orientation), "a picture of another format");
  VD_ASSERT(
      out.width == (orientation.turns() ? in.height : in.width) && out.height == (orientation.turns() ? in.width : in.height),
      "a picture of another size");
  if (orientation.none()) return copy(in, out);
  const Map map = map_of(orientation);
  const std::uint32_t width = in.width, height = in.height;
  switch (in.format) {
    case PixelFormat::I420:
      orient_plane(source_of<std::uint8_t>(in, 0, width, height), map, out.planes[0]);
      for (int plane = 1; plane <= 2; ++plane)
        orient_plane(source_of<std::uint8_t>(in, plane, half(width), half(height)), map,
                     out.planes[static_cast<std::size_t>(plane)]);
      return;
    case PixelFormat::NV12:
      orient_plane(source_of<std::uint8_t>(in, 0, width, height), map, out.planes[0]);
      orient_plane(source_of<Pair>(in, 1, half(width), half(height)), map, out.planes[1]);
      return;
    case PixelFormat::YUYV: {
      Source<std::uint8_t> luma = source_of<std::uint8_t>(in, 0, width, height);
      luma.step = 2;
      orient_plane(luma, map, out.planes[0]);
      for (int plane = 1; plane <= 2; ++plane) orient_yuyv_chroma(in, map, plane, out.planes[static_cast<std::size_t>(plane)]);
      return;
    }
    case PixelFormat::GRAY8:
      orient_plane(source_of<std::uint8_t>(in, 0, width, height), map, out.planes[0]);
      return;
    case PixelFormat::RGB24:
    case PixelFormat::BGR24:
      orient_plane(source_of<Pixel3>(in, 0, width, height), map, out.planes[0]);
      return;
    case PixelFormat::Unknown:
      VD_ASSERT(false, "a view without a format");
  }
}

}  // namespace vedette::vision
