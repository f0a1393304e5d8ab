// Geometry against exact whole-number arithmetic on a grid, and against brute force.
#include "rules/geometry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

namespace vedette::rules {
namespace {

constexpr int kGrid = 16;  // coarse, so that points lie on lines and lines on each other all the time

struct Whole {  // of the grid
  long x = 0, y = 0;
};
Point point(Whole p) { return {static_cast<float>(p.x) / kGrid, static_cast<float>(p.y) / kGrid}; }

// The sign of the exact cross product.
int turn(Whole a, Whole b, Whole c) {
  const long product = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  return product > 0 ? 1 : product < 0 ? -1 : 0;
}
bool on_segment(Whole a, Whole b, Whole p) {
  return turn(a, b, p) == 0 && std::min(a.x, b.x) <= p.x && p.x <= std::max(a.x, b.x) && std::min(a.y, b.y) <= p.y &&
         p.y <= std::max(a.y, b.y);
}

class Grid : public testing::Test {
 protected:
  Whole any() { return {static_cast<long>(random_() % (kGrid + 1)), static_cast<long>(random_() % (kGrid + 1))}; }
  std::vector<Whole> polygon(std::size_t points) {
    std::vector<Whole> made(points);
    for (Whole& p : made) p = any();
    return made;
  }
  static Polygon of(const std::vector<Whole>& wholes) {
    Polygon made;
    for (const Whole& p : wholes) made.push_back(point(p));
    return made;
  }

  std::mt19937 random_{11};
};

// How often the polygon goes around the point (Sunday 2001), for points that aren't on its border: inside by the even-odd rule if
// odd.
int winding(const std::vector<Whole>& polygon, Whole p) {
  int turns = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Whole a = polygon[i], b = polygon[(i + 1) % polygon.size()];
    if (a.y <= p.y && b.y > p.y && turn(a, b, p) > 0) ++turns;
    if (a.y > p.y && b.y <= p.y && turn(a, b, p) < 0) --turns;
  }
  return turns;
}

TEST_F(Grid, InsideIsWhatIsGoneAroundAnOddNumberOfTimes) {
  int inside = 0, checked = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::vector<Whole> shape = polygon(3 + random_() % 5);
    const Whole p = any();
    bool on_border = false;
    for (std::size_t k = 0; k < shape.size(); ++k) on_border |= on_segment(shape[k], shape[(k + 1) % shape.size()], p);
    if (on_border) continue;
    ++checked;
    const bool expected = winding(shape, p) % 2 != 0;
    inside += expected;
    ASSERT_EQ(contains(of(shape), point(p)), expected) << i;
  }
  EXPECT_GT(checked, 20'000);
  EXPECT_GT(inside, 4'000);
}

TEST_F(Grid, APointOnASharedSideIsInOneOfTwoPolygons) {
  for (int i = 0; i < 40'000; ++i) {
    // A square cut in two by a line from its left to its right side: every point of it is in one part.
    const Whole left{0, static_cast<long>(random_() % (kGrid + 1))}, right{kGrid, static_cast<long>(random_() % (kGrid + 1))};
    const Polygon upper = of({{0, 0}, {kGrid, 0}, right, left}), lower = of({left, right, {kGrid, kGrid}, {0, kGrid}});
    const Whole p{static_cast<long>(random_() % kGrid), static_cast<long>(random_() % kGrid)};
    ASSERT_NE(contains(upper, point(p)), contains(lower, point(p))) << p.x << "," << p.y;
  }
}

TEST_F(Grid, ACrossingIsWhereBothLieOnBothSidesOfEachOther) {
  int crossed = 0, back = 0;
  for (int i = 0; i < 200'000; ++i) {
    const Whole a = any(), b = any(), from = any(), to = any();
    const int net = crossing({point(a), point(b)}, point(from), point(to));
    ASSERT_EQ(crossing({point(a), point(b)}, point(to), point(from)), -net);
    const int sides[] = {turn(a, b, from), turn(a, b, to), turn(from, to, a), turn(from, to, b)};
    if (std::find(std::begin(sides), std::end(sides), 0) != std::end(sides)) continue;  // touches: only the symmetry above
    const bool through = sides[0] != sides[1] && sides[2] != sides[3];
    ASSERT_EQ(net, !through ? 0 : sides[1] > 0 ? 1 : -1) << i;
    crossed += net > 0;
    back += net < 0;
  }
  EXPECT_GT(crossed, 10'000);
  EXPECT_GT(back, 10'000);
}

TEST_F(Grid, AWalkThatReturnsHasCrossedAWholeLineNetZeroTimes) {
  for (int i = 0; i < 2'000; ++i) {
    const Segment line{{-1.0f, point(any()).y}, {2.0f, point(any()).y}};  // from beyond the left to beyond the right border
    std::vector<Whole> walk = polygon(3 + random_() % 40);
    int net = 0;
    for (std::size_t k = 0; k < walk.size(); ++k) net += crossing(line, point(walk[k]), point(walk[(k + 1) % walk.size()]));
    ASSERT_EQ(net, 0) << i;
  }
}

TEST(Crossing, InIsFromTheLeftToTheRightOfTheLinesDirection) {
  const Segment to_the_right{{0.1f, 0.5f}, {0.9f, 0.5f}}, downwards{{0.5f, 0.1f}, {0.5f, 0.9f}};
  EXPECT_EQ(crossing(to_the_right, {0.5f, 0.4f}, {0.5f, 0.6f}), 1) << "down";
  EXPECT_EQ(crossing(to_the_right, {0.5f, 0.6f}, {0.5f, 0.4f}), -1);
  EXPECT_EQ(crossing(downwards, {0.6f, 0.5f}, {0.4f, 0.5f}), 1) << "to the left";
  EXPECT_EQ(crossing(downwards, {0.6f, 0.95f}, {0.4f, 0.95f}), 0) << "past its end";
}

TEST_F(Grid, PolygonsCrossThemselvesIfSidesHaveAPointInCommonThatIsNoCorner) {
  int crossing_ones = 0, plain = 0;
  for (int i = 0; i < 60'000; ++i) {
    const std::vector<Whole> shape = polygon(3 + random_() % 4);
    const std::size_t count = shape.size();
    bool repeats = false, expected = false;
    for (std::size_t a = 0; a < count; ++a) {
      const Whole a0 = shape[a], a1 = shape[(a + 1) % count], a2 = shape[(a + 2) % count];
      repeats |= a0.x == a1.x && a0.y == a1.y;
      expected |= on_segment(a0, a1, a2) || on_segment(a1, a2, a0);
      for (std::size_t b = 0; b < count; ++b) {
        if (b == a || (b + 1) % count == a || (a + 1) % count == b) continue;
        const Whole b0 = shape[b], b1 = shape[(b + 1) % count];
        expected |= on_segment(a0, a1, b0) || on_segment(a0, a1, b1) ||
                    (turn(a0, a1, b0) * turn(a0, a1, b1) < 0 && turn(b0, b1, a0) * turn(b0, b1, a1) < 0);
      }
    }
    if (repeats) continue;
    ASSERT_EQ(crosses_itself(of(shape)), expected) << i;
    (expected ? crossing_ones : plain)++;
  }
  EXPECT_GT(crossing_ones, 5'000);
  EXPECT_GT(plain, 5'000);
}

TEST(Polygons, MayGiveTheFirstPointAgainAtTheEnd) {
  EXPECT_FALSE(crosses_itself({{0, 0}, {1, 0}, {1, 1}, {0, 0}}));
  EXPECT_FALSE(crosses_itself({{0, 0}, {1, 0}, {1, 0}, {1, 1}}));
  EXPECT_TRUE(crosses_itself({{0, 0}, {1, 0}, {0.5f, 0}})) << "back over its own side";
  EXPECT_DOUBLE_EQ(doubled_area({{0, 0}, {1, 0}, {1, 1}, {0, 1}}), 2.0);
  EXPECT_DOUBLE_EQ(doubled_area({{0, 0}, {0.5f, 0.5f}, {1, 1}}), 0.0);
}

TEST(Distance, IsThatToTheNearestOfManyPointsOnTheSegment) {
  std::mt19937 random(5);
  const auto any = [&] { return std::uniform_real_distribution<float>(0, 1)(random); };
  for (int i = 0; i < 2'000; ++i) {
    const Segment segment{{any(), any()}, {any(), any()}};
    const Point p{any(), any()};
    const Unit unit{0.05 + any(), 0.05 + any()};
    double nearest = 1e9;
    for (int step = 0; step <= 1000; ++step) {
      const double part = step / 1000.0;
      const double x = std::lerp(double{segment.from.x}, double{segment.to.x}, part);
      const double y = std::lerp(double{segment.from.y}, double{segment.to.y}, part);
      nearest = std::min(nearest, std::hypot((x - p.x) / unit.width, (y - p.y) / unit.height));
    }
    ASSERT_NEAR(distance(segment, p, unit), nearest, 0.02);
    ASSERT_LE(distance(segment, p, unit), nearest + 1e-9);
  }
  EXPECT_DOUBLE_EQ(distance({{0.5f, 0.5f}, {0.5f, 0.5f}}, {0.5f, 0.75f}, {}), 0.25) << "a segment that is a point";
}

TEST(Anchor, IsTheMiddleOfTheLowerEdge) {
  const Track track(1, 0, 0, 0, 0.25f, 0.25f, 0.5f, 0.25f, 0, 0, 0.5f, 0, 0, TrackPhase::Confirmed);
  EXPECT_EQ(anchor_of(track), (Point{0.5f, 0.5f}));
}

}  // namespace
}  // namespace vedette::rules
