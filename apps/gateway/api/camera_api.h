// Cameras over HTTP: what they are, how they do, and the commands that a person gives them (control carries them out).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bus/directory.h"
#include "gateway/api/route.h"
#include "gateway/camera_hub.h"
#include "stage/command.h"

namespace vedette::gateway {

// Of its configuration, as of the start.
struct CameraFacts {
  std::string url = {};  // without secrets
  std::uint32_t rotate = 0;
  std::string flip = "none";
};

struct CameraParts {
  const bus::BusDir* dir = nullptr;          // outlives the table
  std::vector<CameraHub*> hubs;              // the same
  std::map<std::string, CameraFacts> facts;  // by camera
};

// GET /api/cameras, /api/cameras/{camera}, …/state; PUT …/mode, …/detection; POST …/pause, …/resume.
void add_camera_routes(RouteTable& table, CameraParts parts);

// JSON Schema of the state message.
Json state_schema();

}  // namespace vedette::gateway
