// A file as an answer: whole or in part (Range, RFC 9110), not again to who has it already. Blocks; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/reply.h"
#include "gateway/request.h"

namespace vedette::gateway {

// Of a file of `size` bytes, what a Range header asks for.
struct ByteRange {
  enum class Kind {
    kWhole,        // no range, several, or none that is well-formed: the header is passed over
    kPart,         // `bytes` from `offset` on, at least one
    kUnsatisfied,  // it lies behind the end
  };
  Kind kind = Kind::kWhole;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};
ByteRange parse_range(std::string_view header, std::uint64_t size);

// The regular file at `path`, which must never come from a request: 200, 206, 304, 416; 404 if it isn't there.
Reply file_reply(const std::string& path, const std::string& content_type, const RequestHead& head);

}  // namespace vedette::gateway
