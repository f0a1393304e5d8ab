// `vedette top`: a live table of the bus. Looks only: takes no reader entry.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace vedette::tools {

struct TopOptions {
  std::string bus_dir;
  double interval_s = 1.0;
  bool once = false;
  bool json = false;
};

// Until a stop signal or a closed output; once: one table over one interval.
Result<> top(const TopOptions& options);

// The table's lines, none wider than `columns` (0: as wide as they are). `sample`: see look/sample.h.
std::vector<std::string> table_of(const nlohmann::ordered_json& sample, std::size_t columns);

}  // namespace vedette::tools
