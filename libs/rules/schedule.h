// Schedules: when in a week a rule is on. Minutes of the week count from Monday 00:00, 0 to 10079, in whatever time the caller
// means (control: local time). Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::rules {

inline constexpr std::uint32_t kMinutesOfDay = 24 * 60;
inline constexpr std::uint32_t kMinutesOfWeek = 7 * kMinutesOfDay;

// From the minute `from` to the one before it has gone on for `minutes`, over the week's end too.
struct WeekSpan {
  std::uint32_t from = 0;     // 0..kMinutesOfWeek - 1
  std::uint32_t minutes = 0;  // 1..kMinutesOfDay

  bool operator==(const WeekSpan&) const = default;
};
using Schedule = std::vector<WeekSpan>;  // empty: always

// Days, times or both: "mon-fri 22:00-06:00" (a night belongs to the day on which it begins), "sat,sun", "08:00-18:00" (every
// day), "fri-mon 00:00-24:00". None for anything else.
std::optional<Schedule> parse_schedule(std::string_view text);
// Texts that it makes the same of, one behind the other.
std::vector<std::string> texts_of(const Schedule& schedule);

bool is_on(const Schedule& schedule, std::uint32_t minute_of_week);

}  // namespace vedette::rules
