// LumaCells: how bright a picture is, cell by cell. Square cells of at least 4 pixels a side, so many that neither side of the
// picture has more than 160; of each the mean luma in full range, whatever the picture's format and range (RGB: BT.601-7's
// weights).
//
// Of large cells not every row is read: so many that a cell has 6 to 8 of them (a cell's mean is as good, and the rest of the
// picture is never fetched from memory). SIMD, the same result on every processor. Allocates when the picture's size changes,
// else never. Thread-bound.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vision/image_view.h"

namespace vedette::vision {

inline constexpr std::uint32_t kMostCellsASide = 160;

class LumaCells {
 public:
  static constexpr std::uint32_t kMostRowsRead = 8;  // of a cell

  // Reads the picture. True: it has another size than the one before, the cells lie elsewhere now. A picture without a format or
  // with sides out of 1..kMaxSide is our own bug.
  bool measure(const ImageView& image);

  std::uint32_t columns() const { return columns_; }
  std::uint32_t rows() const { return rows_; }
  std::uint32_t side() const { return side_; }                    // pixels; the last column and row may have fewer
  std::uint32_t row_step() const { return row_step_; }            // 1: every row is read, 2: every second, …
  std::span<const std::uint8_t> means() const { return means_; }  // columns x rows, row by row

 private:
  void reshape(std::uint32_t width, std::uint32_t height);

  std::uint32_t width_ = 0, height_ = 0;
  std::uint32_t columns_ = 0, rows_ = 0, side_ = 0, row_step_ = 0;
  std::vector<std::uint32_t> sums_;   // of a few neighbouring pixels each, over the rows of a row of cells
  std::vector<std::int32_t> totals_;  // of each cell in that row
  std::vector<std::uint8_t> means_;
};

}  // namespace vedette::vision
