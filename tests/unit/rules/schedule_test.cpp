// Schedules: what their texts mean, minute by minute.
#include "rules/schedule.h"

#include <gtest/gtest.h>

namespace vedette::rules {
namespace {

// The minutes of the week on which it is on.
std::vector<bool> minutes_of(std::string_view text) {
  const auto schedule = parse_schedule(text);
  std::vector<bool> minutes(kMinutesOfWeek);
  EXPECT_TRUE(schedule) << text;
  if (schedule)
    for (std::uint32_t minute = 0; minute < kMinutesOfWeek; ++minute) minutes[minute] = is_on(*schedule, minute);
  return minutes;
}

// By hand: on a day of `days` (a bit each) from `from` on, for `minutes`.
std::vector<bool> expected(unsigned days, std::uint32_t from, std::uint32_t minutes) {
  std::vector<bool> on(kMinutesOfWeek);
  for (std::uint32_t day = 0; day < 7; ++day)
    for (std::uint32_t i = 0; i < minutes; ++i)
      if ((days >> day & 1u) != 0) on[(day * 1440 + from + i) % kMinutesOfWeek] = true;
  return on;
}

TEST(Schedules, AreDaysAndTimes) {
  EXPECT_EQ(minutes_of("mon-fri 08:00-18:30"), expected(0b0011111, 480, 630));
  EXPECT_EQ(minutes_of("sat,sun"), expected(0b1100000, 0, 1440));
  EXPECT_EQ(minutes_of("fri-mon,wed 10:00-11:00"), expected(0b1110101, 600, 60));
  EXPECT_EQ(minutes_of("08:00-24:00"), expected(0b1111111, 480, 960));
  EXPECT_EQ(minutes_of("mon-sun"), std::vector<bool>(kMinutesOfWeek, true));
}

TEST(Schedules, TextsOfOneMakeTheSameAgain) {
  for (const char* text :
       {"mon-fri 08:00-18:30", "sat,sun", "fri-mon,wed 10:00-11:00", "08:00-24:00", "mon-fri 22:00-06:00", "sun"}) {
    Schedule schedule = parse_schedule(text).value();
    const Schedule night = parse_schedule("tue 23:00-01:00").value();
    schedule.insert(schedule.end(), night.begin(), night.end());
    Schedule again;
    for (const std::string& one : texts_of(schedule)) {
      const auto spans = parse_schedule(one);
      ASSERT_TRUE(spans) << one;
      again.insert(again.end(), spans->begin(), spans->end());
    }
    EXPECT_EQ(again, schedule) << text;
  }
  EXPECT_EQ(texts_of(parse_schedule("mon-wed 22:00-06:00").value()), std::vector<std::string>{"mon,tue,wed 22:00-06:00"});
}

TEST(Schedules, ANightBelongsToTheDayOnWhichItBegins) {
  EXPECT_EQ(minutes_of("mon-fri 22:00-06:00"), expected(0b0011111, 1320, 480));
  const std::vector<bool> sunday = minutes_of("sun 22:00-06:00");  // over the week's end
  EXPECT_TRUE(sunday[0] && sunday[359] && !sunday[360] && sunday[6 * 1440 + 1320] && !sunday[6 * 1440 + 1319]);
}

TEST(Schedules, NothingElse) {
  for (const std::string_view text : {"",
                                      " ",
                                      "monday",
                                      "mon-",
                                      "-fri",
                                      "mon,,tue",
                                      "mon 8:00-9:00",
                                      "mon 08:00",
                                      "08:00-08:00",
                                      "24:00-08:00",
                                      "08:60-09:00",
                                      "25:00-26:00",
                                      "24:01-02:00",
                                      "mon  08:00-09:00",
                                      "mon 08:00-09:00 ",
                                      "08:00-09:00 mon",
                                      "Mon",
                                      "mon 08:00-09:00,10:00-11:00",
                                      "08:00-09:0x",
                                      "+8:00-09:00",
                                      "-1:00-09:00"})
    EXPECT_FALSE(parse_schedule(text)) << text;
}

TEST(Schedules, NoneIsAlways) {
  EXPECT_TRUE(is_on({}, 0));
  EXPECT_TRUE(is_on({}, kMinutesOfWeek - 1));
}

}  // namespace
}  // namespace vedette::rules
