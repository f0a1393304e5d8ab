#include "detect/turns.h"

#include <gtest/gtest.h>

#include <vector>

namespace vedette::detect {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

struct Source {
  std::uint64_t every_ns;  // a new frame
  std::uint64_t cost_ns;   // of a look
  std::uint64_t seen = 0;  // newest frame that was looked at
  std::uint64_t looks = 0;
  std::uint64_t spent_ns = 0;
};

// One detector that is never idle while a camera has a new frame; the newest wins.
void play(std::vector<Source>& sources, std::uint64_t from_ns, std::uint64_t to_ns, Turns& turns) {
  for (std::uint64_t now = from_ns; now < to_ns;) {
    bool looked = false;
    for (const std::size_t index : turns.order()) {
      Source& source = sources[index];
      const std::uint64_t newest = source.every_ns == 0 ? 0 : now / source.every_ns + 1;
      if (newest <= source.seen) continue;
      source.seen = newest;
      ++source.looks;
      source.spent_ns += source.cost_ns;
      turns.spend(index, source.cost_ns);
      now += source.cost_ns;
      looked = true;
      break;
    }
    if (!looked) now += kMs / 10;
  }
}

TEST(Turns, TimeIsSharedWhateverALookCostsAndHoweverManyFramesCome) {
  // 4K pictures, 60 fps, and two ordinary cameras: four times what one detector can do.
  std::vector<Source> sources{{33 * kMs, 80 * kMs}, {16 * kMs, 20 * kMs}, {33 * kMs, 20 * kMs}, {33 * kMs, 25 * kMs}};
  Turns turns(sources.size());
  play(sources, 0, 100'000 * kMs, turns);
  for (const Source& source : sources) EXPECT_NEAR(static_cast<double>(source.spent_ns) / (100'000.0 * kMs), 0.25, 0.02);
}

TEST(Turns, WhoWantsLittleGetsAllOfItAndTheRestIsShared) {
  std::vector<Source> sources{{1000 * kMs, 20 * kMs}, {16 * kMs, 20 * kMs}, {16 * kMs, 20 * kMs}};
  Turns turns(sources.size());
  play(sources, 0, 60'000 * kMs, turns);
  EXPECT_GE(sources[0].looks, 59u);
  EXPECT_NEAR(static_cast<double>(sources[1].spent_ns), static_cast<double>(sources[2].spent_ns), 60.0 * kMs);
}

TEST(Turns, NobodySavesUpTime) {
  std::vector<Source> sources{{16 * kMs, 20 * kMs}, {0, 20 * kMs}};
  Turns turns(sources.size());
  play(sources, 0, 60'000 * kMs, turns);  // the second one sees nothing for a minute
  ASSERT_EQ(sources[1].looks, 0u);
  sources[0].looks = 0;
  sources[1].every_ns = 16 * kMs;
  play(sources, 60'000 * kMs, 61'000 * kMs, turns);
  EXPECT_NEAR(static_cast<double>(sources[0].looks), static_cast<double>(sources[1].looks), 2.0);
}

TEST(Turns, OneCameraHasAllOfIt) {
  std::vector<Source> sources{{10 * kMs, 20 * kMs}};
  Turns turns(1);
  play(sources, 0, 1000 * kMs, turns);
  EXPECT_EQ(sources[0].looks, 50u);
}

}  // namespace
}  // namespace vedette::detect
