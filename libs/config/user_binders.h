// The kinds of values that only the keys of gateway.users take; as in binders.h. Used by fields.cpp alone. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "config/fields.h"

namespace vedette::config {

Field user_name(std::string name, std::string& member);
Field password_hash(std::string name, Secret& member);           // never quoted
Field users(std::string name, std::vector<UserConfig>& member);  // a list of maps

}  // namespace vedette::config
