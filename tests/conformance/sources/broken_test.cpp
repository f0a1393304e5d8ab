// Bitstreams with damage in them: capture lives, pictures go on, and what is shown is in order. (Whether a picture of a damaged
// H.264 or H.265 stream is whole can't always be told by a decoder: damaged bits may well be valid ones.)
#include <random>

#include "conformance/sources/rig.h"

namespace vedette::test {
namespace {

class Damaged : public Rig {
 public:
  Damaged() { damage_ = 20; }
  void run();
};
void Damaged::run() {
  start_capture({"timeout: 2s", "watchdog: 2s"});
  std::uint64_t last = 0, last_id = 0;
  int whole = 0, seen = 0;
  for (; whole < 60; ++seen) {
    const auto frame = next_frame();
    ASSERT_TRUE(frame) << "after " << seen << " frames";
    EXPECT_GT(frame->info.frame_id(), last_id);
    last_id = frame->info.frame_id();
    if (!frame->stamp) continue;
    // What a damaged slice was to show is concealed from a picture before, or (H.265: FFmpeg refuses the slice and doesn't say
    // so) left as it was: the number that is read may be an older one's. JPEGs are whole or not shown.
    const std::uint64_t older = kind_.codec == "mjpeg" ? 0 : 60;
    EXPECT_GE(frame->stamp->number + older, last);
    last = std::max(last, frame->stamp->number);
    ++whole;
  }
  EXPECT_GT(whole, seen / 4) << "of " << seen;
  EXPECT_TRUE(capture().running());
}
TEST(Broken, WithDamagedPacketsItGoesOn) { for_all<Damaged>(live_kinds()); }

// Any bytes of a file changed, cut out, put in, cut off: it is played as far as it goes or refused in words; nothing crashes or
// hangs.
class Fuzzed : public Rig {
 public:
  void run();
};
void Fuzzed::run() {
  const std::string whole = read_file(url_);
  std::mt19937 random(7);
  const auto dice = [&](std::size_t sides) { return static_cast<std::size_t>(random() % sides); };
  int played = 0;
  for (int round = 0; round < 12; ++round) {
    std::string film = whole;
    for (std::size_t i = 0, changes = 1 + dice(30); i < changes; ++i) film[dice(film.size())] = static_cast<char>(dice(256));
    if (round % 3 == 1) film.erase(dice(film.size()), 1 + dice(3000));
    if (round % 3 == 2) film.insert(dice(film.size()), whole, dice(whole.size() / 2), 1 + dice(3000));
    if (round % 4 == 3) film.resize(film.size() / 4 + dice(film.size() / 2));
    url_ = folder_.write("fuzzed" + std::to_string(round) + kind_.ending, film);
    start_capture({"loop: false", "pace: fast"});
    std::uint64_t last_id = 0;
    while (const auto frame = next_frame()) {
      EXPECT_GT(frame->info.frame_id(), last_id);
      last_id = frame->info.frame_id();
    }
    const auto code = capture().wait_exit();
    ASSERT_TRUE(code) << "it hangs";
    ASSERT_LT(*code, 128) << "a signal ended it, in round " << round;
    if (*code != 0) {
      EXPECT_NE(log().find("error"), std::string::npos) << "refused, and not said why";
    }
    played += *code == 0 ? 1 : 0;
  }
  EXPECT_GT(played, 0);
}
TEST(Broken, FuzzedFilmsArePlayedOrRefused) { for_all<Fuzzed>(file_kinds()); }

// What can be told must be told: a JPEG that was cut off isn't shown.
class CutOff : public Rig {
 public:
  CutOff() {
    damage_ = 30;
    damage_kind_ = 0;
  }
  void run() {
    start_capture();
    std::uint64_t last = 0, left_out = 0;
    for (int i = 0; i < 60; ++i) {
      const auto frame = next_frame();
      ASSERT_TRUE(frame);
      ASSERT_TRUE(frame->stamp) << "a torn picture was shown";
      if (last != 0) left_out += frame->stamp->number - last - 1;
      last = frame->stamp->number;
    }
    EXPECT_GT(left_out, 5u) << "the damage isn't there";
  }
};
TEST(Broken, OfCutOffJpegsNoneIsShown) { for_all<CutOff>({{"http_mjpeg", Way::kHttpMjpeg, "mjpeg"}}); }

// Bytes more or less than there are, in every tenth part.
class WrongLength : public Rig {
 public:
  void run() {
    start_capture({"timeout: 2s", "watchdog: 2s"});
    std::uint64_t last = 0;
    for (int i = 0; i < 60; ++i) {
      const auto frame = next_frame();
      ASSERT_TRUE(frame) << "after " << i << " frames";
      ASSERT_TRUE(frame->stamp) << "a torn picture was shown";
      EXPECT_GT(frame->stamp->number, last);
      last = frame->stamp->number;
    }
  }
};
TEST(Broken, PartsWhoseLengthIsWrongCostNoMoreThanTheirNeighbours) {
  std::vector<Kind> wrong;
  for (const char* length : {"-500", "-1", "700"})
    wrong.push_back({std::string("http_mjpeg") + length, Way::kHttpMjpeg, "mjpeg", "", 0, "none", {"--wrong-length", length}});
  for_all<WrongLength>(wrong);
}

}  // namespace
}  // namespace vedette::test
