// What of a camera's configuration may change while it runs: zones, lines, rules, …. Read from the configuration with all its
// layers, changed through control, which checks it, keeps it and goes by it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "gateway/api/route.h"

namespace vedette::gateway {

// Where the configuration is read again; as load_config() has it.
struct ConfigSource {
  std::string path;
  std::vector<std::string> overrides;

  Result<Config> load() const { return load_config(path, overrides); }
};

// GET /api/cameras/{camera}/settings; GET, PUT, DELETE …/settings/zones, and so for every such key. `bus_dir`: where control's
// socket is.
void add_settings_routes(RouteTable& table, ConfigSource source, std::string bus_dir);
// GET /api/config: the configuration in force, without secrets.
void add_config_routes(RouteTable& table, ConfigSource source);

// Of the mistakes that try_change() tells, a line each ("value:1:12: cameras.front.zones[0].polygon: …"): where in the request's
// body they are.
std::vector<Mistake> mistakes_in_value(const std::string& text, const std::string& camera, const std::string& key);

}  // namespace vedette::gateway
