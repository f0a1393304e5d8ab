// The doctor's look at the machine: memory, swap, kernel, core dumps, files. Reads only.
#pragma once

#include <cstdint>
#include <optional>

#include "bus/directory.h"
#include "config/config.h"
#include "look/sample.h"
#include "tools/findings.h"

namespace vedette::tools {

// `place`: the bus directory, there or not. `needed`: bytes that the configuration's topics take, of which `taken` are there;
// none: no configuration, `taken` is what all topics take.
void check_memory(Findings& findings, const std::string& place, std::optional<std::uint64_t> needed, std::uint64_t taken);
void check_kernel(Findings& findings);
void check_swap(Findings& findings);
// Core dumps and program versions of the stages that run.
void check_stages(Findings& findings, const look::BusSample& sample);
// Model, page, processors.
void check_configured(Findings& findings, const Config& config);

}  // namespace vedette::tools
