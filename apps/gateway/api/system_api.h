// How the machine and all processes on the bus do, over HTTP.
#pragma once

#include <vector>

#include "bus/directory.h"
#include "gateway/api/route.h"
#include "gateway/camera_hub.h"

namespace vedette::gateway {

// GET /api/system. `dir` and the hubs outlive the table.
void add_system_routes(RouteTable& table, const bus::BusDir& dir, std::vector<CameraHub*> hubs);

// The way of a camera's newest frame through the hops, each with how long after its capture it got there. A hop that is behind
// has an older frame: its id says so. Of topics that aren't there: nothing.
Json latency_of(const bus::BusDir& dir, const std::string& camera);

}  // namespace vedette::gateway
