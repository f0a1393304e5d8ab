#include "gateway/ingest_request.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace vedette::gateway {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(value) : std::nullopt;
}

// "image/jpeg; charset=x" -> "image/jpeg".
std::string media_type(std::string_view header) {
  header = header.substr(0, header.find(';'));
  while (!header.empty() && (header.back() == ' ' || header.back() == '\t')) header.remove_suffix(1);
  std::string type(header);
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type;
}

PixelFormat format_of(std::string_view name) {
  constexpr std::pair<std::string_view, PixelFormat> kFormats[] = {{"i420", PixelFormat::I420},   {"nv12", PixelFormat::NV12},
                                                                   {"yuyv", PixelFormat::YUYV},   {"gray8", PixelFormat::GRAY8},
                                                                   {"rgb24", PixelFormat::RGB24}, {"bgr24", PixelFormat::BGR24}};
  for (const auto& [known, format] : kFormats)
    if (known == name) return format;
  return PixelFormat::Unknown;
}

PushRequest refused(int status, std::string why) {
  PushRequest request;
  request.status = status;
  request.why = std::move(why);
  return request;
}

}  // namespace

bool captured_at(const RequestHead& head, const Target& target, std::optional<std::uint64_t>& unix_ms) {
  const std::string text = target.value("captured_at").value_or(head.captured_at);
  if (text.empty()) return true;
  unix_ms = number(text);
  return unix_ms.has_value();
}

PushRequest parse_push(const RequestHead& head, const Target& target) {
  PushRequest request;
  const std::string type = media_type(head.content_type);
  const bool raw = type == "application/octet-stream";
  if (!raw && type != "image/jpeg")
    return refused(415,
                   "the Content-Type is \"" + type +
                       "\"; expected image/jpeg, or application/octet-stream for a raw picture with ?width=&height=&format=");
  if (!captured_at(head, target, request.picture.captured_unix_ms))
    return refused(400, "the time of capture (captured_at or X-Captured-At) is no number; expected Unix time in milliseconds");
  if (head.content_length.empty())
    return refused(411, "there is no Content-Length; expected one (the picture as a whole, not in chunks)");
  const auto length = number(head.content_length);
  if (!length) return refused(400, "the Content-Length is no number");
  if (*length > kMaxIngestBytes)
    return refused(413,
                   "a picture of " + std::to_string(*length) + " bytes; expected at most " + std::to_string(kMaxIngestBytes));
  request.body_bytes = *length;
  if (!raw) return request;
  PushedPicture& picture = request.picture;
  picture.codec = Codec::RAW;
  const auto width = number(target.value("width").value_or("")), height = number(target.value("height").value_or(""));
  picture.format = format_of(target.value("format").value_or(""));
  const auto sane = [](const std::optional<std::uint64_t>& side) { return side && *side >= 1 && *side <= kMaxSide; };
  if (!sane(width) || !sane(height) || picture.format == PixelFormat::Unknown)
    return refused(400, "a raw picture needs ?width=&height=&format= with sides of 1 to " + std::to_string(kMaxSide) +
                            " pixels and one of i420, nv12, yuyv, gray8, rgb24, bgr24");
  picture.width = static_cast<std::uint32_t>(*width);
  picture.height = static_cast<std::uint32_t>(*height);
  const std::uint64_t expected = raw_picture_bytes(picture.format, picture.width, picture.height);
  if (expected != *length)
    return refused(422, std::to_string(*length) + " bytes; expected " + std::to_string(expected) +
                            ", a picture of this size and format with no gaps between rows");
  return request;
}

}  // namespace vedette::gateway
