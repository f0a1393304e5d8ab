// GET /metrics: cameras, topics, processes and the gateway itself, for Prometheus. The table of names: docs/metrics.md.
#pragma once

#include <vector>

#include "bus/directory.h"
#include "gateway/api/route.h"
#include "gateway/camera_hub.h"
#include "gateway/http_stats.h"
#include "gateway/ingest.h"

namespace vedette::gateway {

// All of it outlives the table. `dir` null: nothing of topics and processes.
void add_metrics_route(RouteTable& table, std::vector<CameraHub*> hubs, std::vector<Ingest*> ingests, const HttpStats& http,
                       const bus::BusDir* dir);

}  // namespace vedette::gateway
