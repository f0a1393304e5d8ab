#include "track/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

namespace vedette::track {
namespace {

double part(std::mt19937& random) { return static_cast<double>(random() % 1000) / 1000; }

// The best sum of all ways to give rows columns, each tried.
double best_by_trying(const std::vector<double>& gains, std::size_t rows, std::size_t columns, std::size_t row = 0,
                      unsigned used = 0) {
  if (row == rows) return 0;
  double best = best_by_trying(gains, rows, columns, row + 1, used);  // this row gets none
  for (std::size_t column = 0; column < columns; ++column) {
    const double gain = gains[row * columns + column];
    if (gain > 0 && (used >> column & 1) == 0)
      best = std::max(best, gain + best_by_trying(gains, rows, columns, row + 1, used | 1u << column));
  }
  return best;
}

double sum_of(std::span<const int> pairs, const std::vector<double>& gains, std::size_t columns) {
  double sum = 0;
  std::set<int> used;
  for (std::size_t row = 0; row < pairs.size(); ++row) {
    if (pairs[row] == Assignment::kNone) continue;
    EXPECT_TRUE(used.insert(pairs[row]).second) << "column " << pairs[row] << " twice";
    const double gain = gains[row * columns + static_cast<std::size_t>(pairs[row])];
    EXPECT_GT(gain, 0) << "a pair that must not be";
    sum += gain;
  }
  return sum;
}

TEST(Assignment, NothingToAssign) {
  Assignment assignment;
  EXPECT_TRUE(assignment.solve({}, 0, 0).empty());
  EXPECT_TRUE(assignment.solve({}, 0, 5).empty());
  const auto pairs = assignment.solve({}, 3, 0);
  EXPECT_EQ(std::vector<int>(pairs.begin(), pairs.end()), (std::vector<int>{-1, -1, -1}));
}

TEST(Assignment, TheBestPairIsGivenUpForABetterSum) {
  Assignment assignment;
  const std::vector<double> gains = {0.9, 0.8,  //
                                     0.7, 0.1};
  const auto pairs = assignment.solve(gains, 2, 2);
  EXPECT_EQ(pairs[0], 1);
  EXPECT_EQ(pairs[1], 0);
}

TEST(Assignment, WhatMustNotBeIsNotMade) {
  Assignment assignment;
  const std::vector<double> gains = {0.5, 0, -1, 0.5, 0, -1, 0, 0, 0};
  const auto pairs = assignment.solve(gains, 3, 3);
  EXPECT_EQ((pairs[0] == 0) + (pairs[1] == 0), 1);
  EXPECT_EQ(std::count(pairs.begin(), pairs.end(), Assignment::kNone), 2);
}

TEST(Assignment, AsGoodAsTryingAll) {
  Assignment assignment;
  std::mt19937 random(6);
  for (int round = 0; round < 3000; ++round) {
    const std::size_t rows = random() % 7, columns = random() % 7;
    std::vector<double> gains(rows * columns);
    // Often 0 or negative, and often the same: where ties and gaps are.
    for (double& gain : gains) gain = round % 2 == 0 ? static_cast<double>(random() % 5) - 1 : part(random) - 0.3;
    const auto pairs = assignment.solve(gains, rows, columns);
    ASSERT_EQ(pairs.size(), rows);
    ASSERT_NEAR(sum_of(pairs, gains, columns), best_by_trying(gains, rows, columns), 1e-9) << rows << " x " << columns;
  }
}

// No row gains more than its own most, and one assignment gives it to all: so the best sum is known.
TEST(Assignment, KnownBestOfLargeProblems) {
  Assignment assignment;
  std::mt19937 random(7);
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{256, 300}, {200, 200}}) {
    std::vector<std::size_t> column_of(columns);
    std::iota(column_of.begin(), column_of.end(), 0u);
    std::shuffle(column_of.begin(), column_of.end(), random);
    std::vector<double> gains(rows * columns), turned(rows * columns);
    double best = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      const double most = 1 + part(random);
      best += most;
      for (std::size_t column = 0; column < columns; ++column) {
        const double gain = most - (column_of[row] == column ? 0 : part(random));
        gains[row * columns + column] = turned[column * rows + row] = gain;
      }
    }
    EXPECT_NEAR(sum_of(assignment.solve(gains, rows, columns), gains, columns), best, 1e-6);
    EXPECT_NEAR(sum_of(assignment.solve(turned, columns, rows), turned, rows), best, 1e-6);
  }
}

}  // namespace
}  // namespace vedette::track
