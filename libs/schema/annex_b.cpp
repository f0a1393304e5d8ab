#include "schema/annex_b.h"

#include <optional>

namespace vedette {
namespace {

// Where the next start code (00 00 01, or one more 00 in front) begins, at or after `from`; the size if there is none.
std::size_t next_start(std::span<const std::byte> bytes, std::size_t from) {
  for (std::size_t i = from; i + 3 < bytes.size(); ++i) {
    if (bytes[i] != std::byte{0} || bytes[i + 1] != std::byte{0} || bytes[i + 2] != std::byte{1}) continue;
    return i > from && bytes[i - 1] == std::byte{0} ? i - 1 : i;
  }
  return bytes.size();
}

}  // namespace

void for_each_h264_unit(std::span<const std::byte> bytes, const TakeUnit& take) {
  for (std::size_t begin = next_start(bytes, 0); begin < bytes.size();) {
    std::size_t header = begin;
    while (bytes[header] == std::byte{0}) ++header;
    ++header;  // behind the 1
    const std::size_t end = next_start(bytes, header);
    if (!take(static_cast<H264Unit>(bytes[header] & std::byte{0x1f}), bytes.subspan(begin, end - begin))) return;
    begin = end;
  }
}

H264Parts split_h264(std::span<const std::byte> access_unit) {
  H264Parts parts{{}, access_unit};
  std::optional<std::size_t> first;
  std::size_t end = 0;
  for_each_h264_unit(access_unit, [&](H264Unit type, std::span<const std::byte> unit) {
    const auto at = static_cast<std::size_t>(unit.data() - access_unit.data());
    const bool is_set = type == H264Unit::kSequenceSet || type == H264Unit::kPictureSet;
    if (is_set && !first) first = at;
    if (is_set) end = at + unit.size();
    return is_set || (type == H264Unit::kDelimiter && !first);
  });
  if (!first) return parts;
  parts.parameter_sets = access_unit.subspan(*first, end - *first);
  parts.rest = access_unit.subspan(end);
  return parts;
}

}  // namespace vedette
