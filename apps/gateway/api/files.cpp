#include "gateway/api/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace vedette::gateway {
namespace {

// Digits alone; what is larger than any file counts as the largest number.
std::optional<std::uint64_t> position(std::string_view text) {
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} ? number : UINT64_MAX;
}

// Strong: another file under the name, or other bytes in it, have another.
std::string etag_of(const struct stat& info) {
  return fmt::format("\"{:x}-{:x}-{:x}{:08x}\"", info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

// RFC 9110, 13.1.2: a list, or "*"; compared weakly.
bool is_among(std::string_view header, std::string_view etag) {
  if (header == "*") return true;
  while (!header.empty()) {
    std::string_view one = header.substr(0, header.find(','));
    header.remove_prefix(std::min(one.size() + 1, header.size()));
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag) return true;
  }
  return false;
}

}  // namespace

ByteRange parse_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return {};
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return {};
  const std::string_view first = header.substr(0, dash), last = header.substr(dash + 1);
  if (first.empty()) {  // the last so many
    const auto bytes = position(last);
    if (!bytes) return {};
    if (*bytes == 0 || size == 0) return {ByteRange::Kind::kUnsatisfied};
    return {ByteRange::Kind::kPart, size - std::min(*bytes, size), std::min(*bytes, size)};
  }
  const auto from = position(first), to = last.empty() ? std::optional(UINT64_MAX) : position(last);
  if (!from || !to || *to < *from) return {};
  if (*from >= size) return {ByteRange::Kind::kUnsatisfied};
  return {ByteRange::Kind::kPart, *from, std::min(*to, size - 1) - *from + 1};
}

Reply file_reply(const std::string& path, const std::string& content_type, const RequestHead& head) {
  auto fd = std::make_shared<const UniqueFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!*fd || ::fstat(fd->get(), &info) != 0 || !S_ISREG(info.st_mode)) return problem(404, "this file isn't there");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const std::string etag = etag_of(info);
  Reply reply;
  reply.content_type = content_type;
  reply.headers = {{"ETag", etag}, {"Accept-Ranges", "bytes"}};
  if (is_among(head.if_none_match, etag)) {
    reply.status = 304;
    return reply;
  }
  // A part of what somebody else has another version of would be no use.
  const bool same = head.if_range.empty() || head.if_range == etag;
  const ByteRange range = same && head.method == "GET" ? parse_range(head.range, size) : ByteRange{};
  if (range.kind == ByteRange::Kind::kUnsatisfied) {
    reply = problem(416, "the range lies behind the end of the file");
    reply.headers.emplace_back("Content-Range", fmt::format("bytes */{}", size));
    return reply;
  }
  reply.file = {std::move(fd), 0, size};
  if (range.kind == ByteRange::Kind::kPart) {
    reply.status = 206;
    reply.file.offset = range.offset;
    reply.file.bytes = range.bytes;
    reply.headers.emplace_back("Content-Range",
                               fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.bytes - 1, size));
  }
  return reply;
}

}  // namespace vedette::gateway
