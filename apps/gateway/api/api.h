// The whole API, put together: all routes of this folder, and at last the document that tells of them.
#pragma once

#include <vector>

#include "bus/directory.h"
#include "config/config.h"
#include "gateway/api/settings_api.h"
#include "gateway/ingest.h"
#include "gateway/router.h"

namespace vedette::gateway {

struct ApiParts {
  const bus::BusDir& dir;  // it and what is pointed to outlive the router
  const Config& config;    // as of the start
  ConfigSource source;     // and where it is read again
  std::vector<CameraHub*> hubs;
  std::vector<Ingest*> ingests;
  AuditLog* audit = nullptr;
};

void add_api(Router& router, const ApiParts& parts);

}  // namespace vedette::gateway
