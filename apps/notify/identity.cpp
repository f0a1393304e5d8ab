#include "notify/identity.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include <fmt/format.h>

#include "base/file.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

constexpr char kFile[] = "notify_id";

bool is_digits(const std::string& text) {
  return text.size() == 8 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string host_name() {
  char name[65] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "unknown";
  std::string plain(name);
  const auto is_odd = [](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-');
  };
  std::replace_if(plain.begin(), plain.end(), is_odd, '-');
  return plain;
}

}  // namespace

std::string made_up_client_id(const std::string& storage_dir) {
  const std::string path = storage_dir + "/" + kFile;
  const auto kept = read_file(path);
  std::string digits = kept ? *kept : "";
  if (!is_digits(digits)) {
    digits = fmt::format("{:08x}", std::random_device{}());
    std::error_code ignored;  // write_file() tells
    std::filesystem::create_directories(storage_dir, ignored);
    if (const auto written = write_file(path, digits); !written)
      log::warning("{}; another MQTT client id and other Home Assistant devices after a restart", written.error().text);
  }
  return "vedette-" + host_name() + "-" + digits;
}

}  // namespace vedette::notify
