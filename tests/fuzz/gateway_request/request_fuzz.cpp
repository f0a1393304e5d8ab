// The gateway's own parsing of what the network sends: any bytes as target, cookie header, host and origin. What comes out must
// keep the promises of gateway/request.h.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "gateway/request.h"

using namespace vedette::gateway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto target = parse_target(text)) {
    VD_ASSERT(target->path.starts_with('/') && (target->path + "/").find("/../") == std::string::npos, "a path leads out");
    VD_ASSERT(target->path.find('\0') == std::string::npos, "a path holds NUL");
    VD_ASSERT(target->query.size() <= kMaxQueryPairs, "too many pairs");
  }
  if (const auto decoded = percent_decode(text))
    VD_ASSERT(percent_decode(percent_encode(*decoded)) == decoded, "encode, decode differ");
  if (const auto value = cookie_value(text, "vedette_8080"))
    VD_ASSERT(value->find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a cookie that breaks lines");
  if (is_local_or_literal_host(text)) VD_ASSERT(is_plain_host(text), "a local host that isn't plain");
  const std::string_view host = text.substr(0, text.find('\n'));
  if (is_same_origin(text.substr(std::min(host.size() + 1, text.size())), host))
    VD_ASSERT(is_plain_host(host), "an origin of no host");
  return 0;
}
