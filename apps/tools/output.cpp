#include "tools/output.h"

#include <poll.h>

#include <cstdio>
#include <cstdlib>

#include "base/process.h"

namespace vedette::tools {

bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

std::string json_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void note(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

bool stopped_within_ms(int milliseconds) {
  pollfd stop{.fd = stop_fd(), .events = POLLIN, .revents = 0};
  if (!stop_requested()) ::poll(&stop, 1, milliseconds);
  return stop_requested();
}

std::uint64_t parse_size(const std::string& text) {
  char* end = nullptr;
  if (text.empty() || text[0] < '0' || text[0] > '9') return 0;
  const std::uint64_t number = std::strtoull(text.c_str(), &end, 10);
  const std::string unit = end;
  const int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : 64;
  return shift == 64 || number > (~0ull >> shift) ? 0 : number << shift;
}

}  // namespace vedette::tools
