// The kinds of values that zones, lines and rules take; as in binders.h. Used by fields.cpp alone. Pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/fields.h"

namespace vedette::config {

Field zones(std::string name, std::vector<ZoneConfig>& member);  // lists of maps
Field lines(std::string name, std::vector<rules::Line>& member);
Field rule_list(std::string name, std::vector<rules::Rule>& member);

Field course(std::string name, rules::Segment& member);                    // "0.1,0.5 0.9,0.5"
Field thresholds(std::string name, std::map<std::string, float>& member);  // {person: 0.6, car: 0.5}
Field count_limits(std::string name, rules::Rule& rule);                   // {at_least: 1, at_most: 5}
Field schedule(std::string name, rules::Schedule& member);                 // a list of "mon-fri 22:00-06:00"

}  // namespace vedette::config
