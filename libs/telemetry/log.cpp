#include "telemetry/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <string>
#include <vector>

namespace vedette::log {
namespace {

std::mutex g_mutex;
std::vector<std::string> g_secrets;

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string without_secrets(std::string_view text) {
  std::string clean(text);
  const std::lock_guard lock(g_mutex);
  for (const std::string& secret : g_secrets)
    for (std::size_t at = clean.find(secret); at != std::string::npos; at = clean.find(secret, at + 3))
      clean.replace(at, secret.size(), "***");
  return clean;
}

// A secret within a URL.
struct Span {
  std::size_t begin, end;
  bool is_userinfo = false;
  std::size_t owner = 0;  // where "user:" in front of a password begins
};

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Does the last word before `equals` say that a secret follows?
bool names_secret(std::string_view url, std::size_t equals) {
  std::string word;
  for (std::size_t at = equals; at > 0 && is_alphanumeric(url[at - 1]); --at)
    word.insert(word.begin(), static_cast<char>(std::tolower(static_cast<unsigned char>(url[at - 1]))));
  static constexpr std::array<std::string_view, 13> kWords = {
      "pass", "passwd", "password", "passwort", "pwd", "psw", "loginpas", "token", "key", "apikey", "auth", "secret", "sig"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

// In the URL's order; none if it isn't one.
std::vector<Span> secret_spans(std::string_view url) {
  std::vector<Span> spans;
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return spans;
  const std::size_t start = scheme + 3;
  const std::size_t path = std::min(url.find_first_of("/?#", start), url.size());
  const std::size_t at = url.substr(0, path).rfind('@');
  if (at != std::string_view::npos && at >= start) {
    const std::size_t colon = std::min(url.find(':', start), at);
    spans.push_back({std::min(colon + 1, at), at, true, start});
  }
  for (std::size_t equals = url.find('=', path); equals != std::string_view::npos; equals = url.find('=', equals)) {
    const std::size_t begin = ++equals;
    if (!names_secret(url, begin - 1)) continue;
    equals = std::min(url.find_first_of("&#", begin), url.size());
    spans.push_back({begin, equals});
  }
  return spans;
}

}  // namespace

void start_log(std::string_view tag, Level level) {
  auto logger = std::make_shared<spdlog::logger>(std::string(tag), std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %-7l %-16n %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog_level(level));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

void add_secret(std::string_view secret) {
  if (secret.size() < 3) return;
  const std::lock_guard lock(g_mutex);
  g_secrets.emplace_back(secret);
}

void write(Level level, std::string_view text) { spdlog::log(spdlog_level(level), "{}", without_secrets(text)); }

std::string forward(std::string_view tag, std::string_view line) {
  // "2026-11-21T05:00:00.123Z info    capture/front    text": a time of 24 characters, a level of 7, a tag of at least 16.
  constexpr std::size_t kTimeBytes = 24, kTagAt = kTimeBytes + 1 + 7 + 1, kTagBytes = 16;
  std::string clean = without_secrets(line);
  const bool is_log_line =
      clean.size() > kTagAt + kTagBytes && clean[4] == '-' && clean[10] == 'T' && clean[kTimeBytes - 1] == 'Z';
  if (is_log_line) {
    std::fprintf(stderr, "%s\n", clean.c_str());
    const std::size_t end_of_tag = clean.find(' ', kTagAt);
    const std::size_t text = end_of_tag == std::string::npos ? kTagAt : clean.find_first_not_of(' ', end_of_tag);
    return text == std::string::npos ? std::string() : clean.substr(text);
  }
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  // Not fmt::print(): it throws if stderr is a closed pipe.
  const std::string shown =
      fmt::format("{}.{:03}Z {:<7} {:<16} {}\n", stamp, now.time_since_epoch().count() % 1000, "error", tag, clean);
  std::fwrite(shown.data(), 1, shown.size(), stderr);
  return clean;
}

std::string redact_url(std::string_view url) {
  std::string shown;
  std::size_t copied = 0;
  for (const Span& span : secret_spans(url)) {
    // A user's name goes with the password.
    const std::size_t from = span.is_userinfo ? span.owner : span.begin;
    shown.append(url.substr(copied, from - copied)).append("***");
    copied = span.end;
  }
  return shown.append(url.substr(copied));
}

std::vector<std::string> secrets_in_url(std::string_view url) {
  std::vector<std::string> secrets;
  for (const Span& span : secret_spans(url))
    if (span.begin < span.end) secrets.emplace_back(url.substr(span.begin, span.end - span.begin));
  return secrets;
}

}  // namespace vedette::log
