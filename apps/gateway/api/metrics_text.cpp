#include "gateway/api/metrics_text.h"

#include <cmath>

#include <fmt/format.h>

namespace vedette::gateway {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\\' || c == '"')
      out += {'\\', c};
    else
      out += c;
  }
  return out;
}

// Counters as whole numbers, however large.
std::string number(double value) {
  return std::floor(value) == value && std::fabs(value) < 1e15 ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void MetricsText::line(std::string_view suffix, Labels labels, std::string_view bound, double value) {
  std::string inside;
  const auto add = [&](std::string_view name, std::string_view text) {
    inside += fmt::format("{}{}=\"{}\"", inside.empty() ? "" : ",", name, escaped(text));
  };
  for (const auto& [name, text] : labels) add(name, text);
  if (!bound.empty()) add("le", bound);
  text_ += fmt::format("{}{}{} {}\n", name_, suffix, inside.empty() ? "" : "{" + inside + "}", number(value));
}

void MetricsText::histogram(Labels labels, const LatencyHistogram& values) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < kLatencyBounds.size(); ++i) {
    below += values.counts[i];
    line("_bucket", labels, number(kLatencyBounds[i]), static_cast<double>(below));
  }
  const auto all = static_cast<double>(values.count());
  line("_bucket", labels, "+Inf", all);
  line("_sum", labels, {}, values.seconds);
  line("_count", labels, {}, all);
}

}  // namespace vedette::gateway
