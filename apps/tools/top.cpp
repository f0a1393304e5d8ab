#include "tools/top.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/process.h"
#include "look/sample.h"
#include "tools/bus_place.h"
#include "tools/output.h"

namespace vedette::tools {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

constexpr const char* kNone = "-";

std::string number(const Json& value, int digits = 1) {
  if (!value.is_number()) return kNone;
  return value.is_number_float() ? fmt::format("{:.{}f}", value.get<double>(), digits) : value.dump();
}

std::string age_text(const Json& age_ms) {
  if (!age_ms.is_number()) return kNone;
  const double ms = age_ms.get<double>();
  return ms < 10'000    ? fmt::format("{:.0f} ms", ms)
         : ms < 600'000 ? fmt::format("{:.0f} s", ms / 1e3)
                        : fmt::format("{:.0f} min", ms / 6e4);
}

std::string process_text(const Json& process) {
  const Json& name = process["name"];
  const Json& alive = process["alive"];
  return fmt::format("{} {}{}", name.is_string() ? name.get<std::string>() : "process", process["pid"].dump(),
                     alive.is_null()     ? " ?"
                     : alive.get<bool>() ? ""
                                         : " DEAD");
}

std::string demand_text(const Json& demand) {
  if (!demand["pixels"].get<bool>() && !demand["packets"].get<bool>()) return kNone;
  const double fps = demand["fps"].get<double>();
  std::string text = demand["pixels"].get<bool>() ? fps > 0 ? fmt::format("{:.3g} fps", fps) : "every frame" : "";
  if (demand["width"].get<int>() != 0) text += fmt::format(" {}x{}", demand["width"].get<int>(), demand["height"].get<int>());
  if (demand["packets"].get<bool>()) text += text.empty() ? "packets" : " + packets";
  return text;
}

std::string joined(const Json& names) {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : " ") + name.get<std::string>();
  return text.empty() ? kNone : text;
}

// Slots on lease; of a log the history it has, from its oldest keyframe on.
std::string held_text(const Json& topic) {
  if (!topic.contains("log")) return fmt::format("{}/{}", topic["held"].get<int>(), topic["slots"].get<int>());
  const Json& seconds = topic["log"]["seconds"];
  return seconds.is_number() ? fmt::format("{:.1f} s", seconds.get<double>()) : kNone;
}

Row topic_row(const Json& topic) {
  if (topic.contains("error")) return {topic["topic"], kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone, topic["error"]};
  return {topic["topic"],
          topic["schema"],
          number(topic["fps"]),
          age_text(topic["age_ms"]),
          number(topic["published"]),
          number(topic["dropped"]),
          fmt::format("{}/{}", topic["readers"].size(), topic["reader_entries"].get<int>()),
          held_text(topic),
          size_text(topic["bytes"].get<std::uint64_t>()),
          process_text(topic["writer"])};
}

// The terminal while the table is on it: the alternate screen, without a cursor. Put back whatever happens.
class Screen {
 public:
  explicit Screen(bool wanted) {
    if (!wanted || ::isatty(STDOUT_FILENO) != 1) return;
    on_ = true;
    struct sigaction wake {};  // a resize ends the sleep; no SA_RESTART
    wake.sa_handler = [](int) {};
    ::sigaction(SIGWINCH, &wake, nullptr);
    print("\x1b[?1049h\x1b[?25l");
  }
  ~Screen() {
    if (on_) print("\x1b[?25h\x1b[?1049l");
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  bool show(const std::vector<std::string>& lines) const {
    std::string text = on_ ? "\x1b[H" : "";
    std::size_t left = on_ ? std::max<std::size_t>(size().ws_row, 2) : lines.size();
    for (const std::string& line : lines) {
      if (left == 0) break;
      text += line + (on_ ? "\x1b[K" : "") + (on_ && left == 1 ? "" : "\n");
      --left;
    }
    return print(text + (on_ ? "\x1b[J" : "\n"));
  }
  bool on() const { return on_; }
  std::size_t columns() const { return on_ ? size().ws_col : 0; }

 private:
  static winsize size() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size = {.ws_row = 24, .ws_col = 80};
    return size;
  }
  bool on_ = false;
};

look::BusSample sample_of(const std::string& bus_dir) {
  const auto dir = open_existing_bus(bus_dir);
  return dir.ok() ? look::look_at_bus(*dir) : look::BusSample{};
}

Result<> top_once(const TopOptions& options) {
  VD_ASSIGN(const bus::BusDir dir, open_existing_bus(options.bus_dir));
  const look::BusSample before = look::look_at_bus(dir);
  if (stopped_within_ms(static_cast<int>(options.interval_s * 1e3))) return {};
  const Json sample = look::to_json(before, look::look_at_bus(dir));
  if (options.json) return print(json_line(sample) + "\n"), Result<>();
  for (const std::string& line : table_of(sample, 0)) print(line + "\n");
  return {};
}

}  // namespace

std::vector<std::string> table_of(const Json& sample, std::size_t columns) {
  std::vector<std::string> lines;
  std::vector<Row> topics = {{"TOPIC", "SCHEMA", "FPS", "AGE", "PUBLISHED", "DROPS", "READERS", "HELD", "MEMORY", "WRITER"}};
  std::vector<Row> readers = {{"READER OF", "PID", "BEHIND", "MISSED", "MISSED/S", "HELD", "WANTS", "PROCESS"}};
  std::vector<Row> processes = {{"PROCESS", "PID", "CPU %", "MEMORY", "WRITES | READS"}};
  for (const Json& topic : sample["topics"]) {
    topics.push_back(topic_row(topic));
    if (!topic.contains("readers")) continue;
    for (const Json& reader : topic["readers"])
      readers.push_back({topic["topic"], reader["pid"].dump(), number(reader["behind"]), number(reader["missed"]),
                         number(reader["missed_per_s"]), number(reader["held"]), demand_text(reader["demand"]),
                         process_text(reader)});
  }
  for (const Json& process : sample["processes"])
    processes.push_back({process["name"], process["pid"].dump(), number(process["cpu_percent"]),
                         size_text(process["rss_bytes"].get<std::uint64_t>()),
                         joined(process["writes"]) + " | " + joined(process["reads"])});
  for (const auto* block : {&topics, &readers, &processes}) {
    if (!lines.empty()) lines.emplace_back();
    for (std::string& line : aligned(*block)) lines.push_back(std::move(line));
  }
  if (columns > 0)
    for (std::string& line : lines) line.resize(std::min(line.size(), columns));
  return lines;
}

Result<> top(const TopOptions& options) {
  if (options.once) return top_once(options);
  const Screen screen(!options.json);
  const auto place = options.bus_dir.empty() ? bus::default_bus_dir() : options.bus_dir;
  look::BusSample before = sample_of(options.bus_dir);
  // The first table soon, with rates over a short time.
  for (int wait_ms = std::min(200, static_cast<int>(options.interval_s * 1e3)); !stopped_within_ms(wait_ms);
       wait_ms = static_cast<int>(options.interval_s * 1e3)) {
    look::BusSample now = sample_of(options.bus_dir);
    const Json sample = look::to_json(before, now);
    if (options.json) {
      if (!print(json_line(sample) + "\n")) return {};
    } else {
      std::vector<std::string> lines = table_of(sample, screen.columns());
      const char* none = now.topics.empty() ? ": no topics; is vedette up, and is it this --bus-dir?" : "";
      lines.insert(lines.begin(), {place + none + (screen.on() ? "  (Ctrl-C ends)" : ""), ""});
      if (!screen.show(lines)) return {};
    }
    before = std::move(now);
  }
  return {};
}

}  // namespace vedette::tools
