// The log: one line a message on stderr, "2026-11-21T05:00:00.123Z info    capture/front    text". The supervisor forwards lines
// as they are. Nothing throws, and lines that stderr doesn't take (closed, or non-blocking and full) are lost. Secrets registered
// here never reach a line. Thread-safe after start_log().
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace vedette::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// `tag` names the process ("capture/front"). Call once from main().
void start_log(std::string_view tag, Level level = Level::kInfo);
// From now on every occurrence of `secret` is written as "***". Shorter than 3 bytes: ignored.
void add_secret(std::string_view secret);

void write(Level level, std::string_view text);

// Passes on a line that another process wrote: unchanged if it is a log line, else as an error of `tag`. Returns its bare text.
std::string forward(std::string_view tag, std::string_view line);

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}

// A URL for people: "user:password@" becomes "***@", "password=x" (and the like, see secrets_in_url()) "password=***".
std::string redact_url(std::string_view url);
// What is secret in a URL: the password before its "@", and the values, up to "&", "#" or the end, of parameters whose name
// ends in the word pass, passwd, password, pwd, token, key, apikey or auth ("access_token=x"), in the path too.
std::vector<std::string> secrets_in_url(std::string_view url);

}  // namespace vedette::log
