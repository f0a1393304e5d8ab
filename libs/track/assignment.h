// Assignment: which row belongs to which column, so that the gains of all pairs sum to the most there is. Rectangular, exact.
//
// Shortest augmenting paths with potentials, as in R. Jonker and A. Volgenant, "A shortest augmenting path algorithm for dense
// and sparse linear assignment problems", Computing 38 (1987); rows x columns x the smaller of both steps at worst.
// Thread-bound; allocates only while the problems grow.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace vedette::track {

class Assignment {
 public:
  static constexpr int kNone = -1;

  // `gains`: rows x columns, row by row, finite; a pair whose gain isn't above 0 is never made. Returns each row's column or
  // kNone; good until the next call.
  std::span<const int> solve(std::span<const double> gains, std::size_t rows, std::size_t columns);

 private:
  void add(std::size_t row);
  double cost(std::size_t row, std::size_t column) const;

  std::span<const double> gains_;
  std::size_t few_ = 0, many_ = 0;  // the smaller and the larger side of the problem
  bool turned_ = false;             // the rows of gains_ are the larger side

  // By the smaller side's index, and by the larger side's; index many_ is the place where a path begins.
  std::vector<double> few_potential_, many_potential_, distance_;
  std::vector<std::size_t> owner_, came_from_;
  std::vector<char> reached_;
  std::vector<int> column_of_;
};

}  // namespace vedette::track
