#include "models/output.h"

#include <unistd.h>

#include <cstdio>

#include "base/clock.h"
#include "base/text.h"

namespace vedette::models {
namespace {

constexpr std::uint64_t kDrawEveryNs = 100'000'000;
constexpr std::uint64_t kLineEveryNs = 10'000'000'000;

}  // namespace

void print(const std::string& text) { std::printf("%s\n", text.c_str()); }

void print_json(const nlohmann::ordered_json& json) {
  print(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  for (const std::string& line : aligned(rows)) print(line.substr(0, line.find_last_not_of(' ') + 1));
}

void note(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

Progress::Progress(std::function<std::string(std::uint64_t)> text_of)
    : text_of_(std::move(text_of)), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void Progress::show(std::uint64_t done) {
  if (terminal_) {
    const std::uint64_t now = monotonic_ns();
    if (now < next_ns_) return;
    next_ns_ = now + kDrawEveryNs;
    drawn_ = true;
    std::fprintf(stderr, "\r\033[K%s", text_of_(done).c_str());
    return;
  }
  const std::uint64_t now = monotonic_ns();
  if (next_ns_ == 0) next_ns_ = now + kLineEveryNs;
  if (now < next_ns_) return;
  next_ns_ = now + kLineEveryNs;
  note(text_of_(done));
}

}  // namespace vedette::models
