// MetricsText: Prometheus's text format (version 0.0.4), family by family. Nearly all that we tell is read from elsewhere at the
// time of the scrape, so there is nothing that a library with counters of its own would keep for us. Thread-bound.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/http_stats.h"

namespace vedette::gateway {

class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // All samples until the next family are of this one. `type`: "counter", "gauge", "histogram".
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(Labels labels, double value) { line("", labels, {}, value); }
  void histogram(Labels labels, const LatencyHistogram& values);

  const std::string& text() const { return text_; }

 private:
  void line(std::string_view suffix, Labels labels, std::string_view bound, double value);

  std::string name_;
  std::string text_;
};

}  // namespace vedette::gateway
