#include "mot/rows.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace vedette::mot {
namespace {

constexpr std::size_t kLeastFields = 7;
constexpr std::size_t kMostFields = 10;  // of detections and of 3D files: three more, without a meaning here
constexpr double kMost = 1e9;            // pixels, ids: more is a mistake, and whole numbers are exact
constexpr double kMostFrames = 1e7;      // four days at 30 a second

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

bool read_number(std::string_view text, double& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::abs(number) <= kMost;  // NaN is not
}

Result<Row> row_from(std::string_view line) {
  std::array<double, kMostFields> fields{};
  std::size_t count = 0;
  while (true) {
    const std::size_t comma = line.find(',');
    const std::string_view field = trimmed(line.substr(0, comma));
    if (count == kMostFields) return Error{ErrorCode::kInvalidArgument, "more than ten fields"};
    if (!read_number(field, fields[count++]))
      return Error{ErrorCode::kInvalidArgument, "\"" + std::string(field) + "\" is no number that this file may hold"};
    if (comma == std::string_view::npos) break;
    line.remove_prefix(comma + 1);
  }
  if (count < kLeastFields)
    return Error{ErrorCode::kInvalidArgument, "expected frame,id,left,top,width,height,conf,class,visibility"};
  const auto whole = [&](std::size_t i) { return static_cast<std::int64_t>(fields[i]); };
  if (fields[0] < 1 || fields[0] > kMostFrames || std::trunc(fields[0]) != fields[0])
    return Error{ErrorCode::kInvalidArgument, "frames are whole numbers from 1 to 10000000"};
  if (fields[4] < 0 || fields[5] < 0) return Error{ErrorCode::kInvalidArgument, "a box's width and height aren't below 0"};
  Row row{whole(0), whole(1), fields[2], fields[3], fields[4], fields[5], fields[6]};
  if (count == 9) row.class_id = static_cast<int>(whole(7)), row.visibility = fields[8];
  return row;
}

}  // namespace

Result<std::vector<Row>> rows_from_text(std::string_view text, const std::string& name) {
  std::vector<Row> rows;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    Result<Row> row = row_from(line);
    if (!row.ok()) return std::move(row).error().in(name + ":" + std::to_string(number));
    rows.push_back(*row);
  }
  return rows;
}

std::string text_of_rows(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows)
    text += std::to_string(row.frame) + "," + std::to_string(row.id) + "," + fixed(row.left, 2) + "," + fixed(row.top, 2) + "," +
            fixed(row.width, 2) + "," + fixed(row.height, 2) + "," + fixed(row.conf, 3) + "," + std::to_string(row.class_id) +
            "," + fixed(row.visibility, 3) + "\n";
  return text;
}

}  // namespace vedette::mot
