#include "rules/schedule.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace vedette::rules {
namespace {

constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
using Days = std::array<bool, kDays.size()>;

std::optional<std::size_t> parse_day(std::string_view text) {
  const auto found = std::find(kDays.begin(), kDays.end(), text);
  return found == kDays.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - kDays.begin()));
}

// "mon-fri", "sat,sun", "fri-mon,wed"
std::optional<Days> parse_days(std::string_view text) {
  Days days{};
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view part = text.substr(at, comma - at);
    const std::size_t dash = std::min(part.find('-'), part.size());
    const auto first = parse_day(part.substr(0, dash));
    const auto last = dash == part.size() ? first : parse_day(part.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    for (std::size_t day = *first;; day = (day + 1) % days.size()) {
      days[day] = true;
      if (day == *last) break;
    }
    at = comma + 1;
  }
  return days;
}

// "06:30"; "24:00" is the day's end.
std::optional<std::uint32_t> parse_time(std::string_view text) {
  std::uint32_t hour = 0, minute = 0;
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const char* begin = text.data();
  const auto [hour_end, hour_error] = std::from_chars(begin, begin + 2, hour);
  const auto [minute_end, minute_error] = std::from_chars(begin + 3, begin + 5, minute);
  if (hour_error != std::errc{} || minute_error != std::errc{} || hour_end != begin + 2 || minute_end != begin + 5 || minute > 59)
    return std::nullopt;
  const std::uint32_t time = hour * 60 + minute;
  return time <= kMinutesOfDay ? std::optional(time) : std::nullopt;
}

std::string time_text(std::uint32_t minute) {
  const auto two = [](std::uint32_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return two(minute / 60) + ":" + two(minute % 60);
}

struct Times {
  std::uint32_t from = 0;
  std::uint32_t minutes = kMinutesOfDay;
};

std::optional<Times> parse_times(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto from = parse_time(text.substr(0, dash)), to = parse_time(text.substr(dash + 1));
  if (!from || !to || *from == kMinutesOfDay || *from == *to) return std::nullopt;
  return Times{*from, *from < *to ? *to - *from : *to + kMinutesOfDay - *from};
}

}  // namespace

std::optional<Schedule> parse_schedule(std::string_view text) {
  Days days{};
  days.fill(true);
  Times times;
  const std::size_t space = text.find(' ');
  const bool both = space != std::string_view::npos;
  const bool only_times = !both && text.find(':') != std::string_view::npos;
  if (!only_times) {
    const auto parsed = parse_days(text.substr(0, std::min(space, text.size())));
    if (!parsed) return std::nullopt;
    days = *parsed;
  }
  if (both || only_times) {
    const auto parsed = parse_times(both ? text.substr(space + 1) : text);
    if (!parsed) return std::nullopt;
    times = *parsed;
  }
  Schedule schedule;
  for (std::uint32_t day = 0; day < days.size(); ++day)
    if (days[day]) schedule.push_back({day * kMinutesOfDay + times.from, times.minutes});
  return schedule;
}

std::vector<std::string> texts_of(const Schedule& schedule) {
  std::vector<std::string> texts;
  for (std::size_t first = 0, end = 0; first < schedule.size(); first = end) {
    const WeekSpan& span = schedule[first];
    const std::uint32_t from = span.from % kMinutesOfDay;
    std::string days;
    for (end = first; end < schedule.size(); ++end) {
      const WeekSpan& next = schedule[end];
      if (next.from % kMinutesOfDay != from || next.minutes != span.minutes) break;
      if (end > first && next.from <= schedule[end - 1].from) break;  // a text's days come in the week's order
      days += (days.empty() ? "" : ",") + std::string(kDays[next.from / kMinutesOfDay % kDays.size()]);
    }
    std::string& text = texts.emplace_back(std::move(days));
    if (span.minutes == kMinutesOfDay) continue;
    const std::uint32_t until = (from + span.minutes) % kMinutesOfDay;
    text += " " + time_text(from) + "-" + (until == 0 ? "24:00" : time_text(until));
  }
  return texts;
}

bool is_on(const Schedule& schedule, std::uint32_t minute_of_week) {
  return schedule.empty() || std::any_of(schedule.begin(), schedule.end(), [&](const WeekSpan& span) {
           return (minute_of_week % kMinutesOfWeek + kMinutesOfWeek - span.from) % kMinutesOfWeek < span.minutes;
         });
}

}  // namespace vedette::rules
