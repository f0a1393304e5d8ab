// The doctor's look at the bus: its directory, its topics' files, writers and readers. Reads only.
#pragma once

#include <optional>
#include <string>

#include "bus/directory.h"
#include "look/sample.h"
#include "tools/findings.h"

namespace vedette::tools {

// Opens the directory if it is there and as it must be.
std::optional<bus::BusDir> check_directory(Findings& findings, const std::string& place);

// What is wrong with the topics, or that nothing is. Dead readers of a living writer get `patience_ms` to be swept.
void check_topics(Findings& findings, const bus::BusDir& dir, const look::BusSample& sample, int patience_ms = 1500);

}  // namespace vedette::tools
