// Where a tool looks: the bus directory that somebody else made. Tools never create one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bus/directory.h"

namespace vedette::tools {

// kNotFound, with what to do, where there is no bus.
Result<bus::BusDir> open_existing_bus(const std::string& path);

// "cam0/frames" a topic, "cam0" all of a camera's topics that exist now; none given: all topics that exist now.
Result<std::vector<bus::TopicName>> topics_named(const bus::BusDir& dir, const std::vector<std::string>& names);

}  // namespace vedette::tools
