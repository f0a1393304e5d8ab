#include "track/assignment.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace vedette::track {
namespace {

constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();
constexpr double kFar = std::numeric_limits<double>::infinity();

}  // namespace

// A pair that mustn't be costs as much as none, so that whoever has nothing better takes any and is let go at the end.
double Assignment::cost(std::size_t row, std::size_t column) const {
  return -std::max(0.0, turned_ ? gains_[column * few_ + row] : gains_[row * many_ + column]);
}

// Finds the cheapest way to give `row` a column, others changing theirs, and goes it.
void Assignment::add(std::size_t row) {
  std::fill(distance_.begin(), distance_.end(), kFar);
  std::fill(reached_.begin(), reached_.end(), 0);
  std::size_t at = many_;
  owner_[at] = row;
  while (owner_[at] != kNobody) {
    reached_[at] = 1;
    const std::size_t from = owner_[at];
    double step = kFar;
    std::size_t next = many_;
    for (std::size_t column = 0; column < many_; ++column) {
      if (reached_[column]) continue;
      const double reduced = cost(from, column) - few_potential_[from] - many_potential_[column];
      if (reduced < distance_[column]) distance_[column] = reduced, came_from_[column] = at;
      if (distance_[column] < step) step = distance_[column], next = column;
    }
    for (std::size_t column = 0; column <= many_; ++column) {
      if (reached_[column])
        few_potential_[owner_[column]] += step, many_potential_[column] -= step;
      else
        distance_[column] -= step;
    }
    at = next;
  }
  while (at != many_) {
    owner_[at] = owner_[came_from_[at]];
    at = came_from_[at];
  }
}

std::span<const int> Assignment::solve(std::span<const double> gains, std::size_t rows, std::size_t columns) {
  VD_ASSERT(gains.size() == rows * columns, "gains of another size than rows x columns");
  gains_ = gains;
  turned_ = rows > columns;
  few_ = std::min(rows, columns), many_ = std::max(rows, columns);
  few_potential_.assign(few_, 0);
  many_potential_.assign(many_ + 1, 0);
  distance_.resize(many_ + 1);
  reached_.resize(many_ + 1);
  came_from_.assign(many_ + 1, many_);
  owner_.assign(many_ + 1, kNobody);
  for (std::size_t row = 0; row < few_; ++row) add(row);

  column_of_.assign(rows, kNone);
  for (std::size_t column = 0; column < many_; ++column) {
    const std::size_t row = owner_[column];
    if (row == kNobody || cost(row, column) >= 0) continue;
    column_of_[turned_ ? column : row] = static_cast<int>(turned_ ? row : column);
  }
  return column_of_;
}

}  // namespace vedette::track
