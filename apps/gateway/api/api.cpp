#include "gateway/api/api.h"

#include <algorithm>

#include "base/process.h"
#include "config/command_line.h"
#include "gateway/api/account_api.h"
#include "gateway/api/camera_api.h"
#include "gateway/api/event_api.h"
#include "gateway/api/metrics.h"
#include "gateway/api/model_api.h"
#include "gateway/api/openapi.h"
#include "gateway/api/system_api.h"
#include "telemetry/log.h"

namespace vedette::gateway {
namespace {

std::string folder_of(const std::string& path) { return path.substr(0, path.find_last_of('/')); }

// Of the input that detects, or the first.
std::string url_of(const CameraConfig& camera) {
  const std::vector<InputConfig> inputs = inputs_of(camera);
  const auto detects = std::find_if(inputs.begin(), inputs.end(), [](const InputConfig& input) { return input.name.empty(); });
  return log::redact_url(detects == inputs.end() ? inputs.front().url : detects->url);
}

}  // namespace

void add_api(Router& router, const ApiParts& parts) {
  RouteTable& table = router.table();
  std::map<std::string, CameraFacts> facts;
  bool detects = false;
  for (const CameraConfig& camera : parts.config.cameras) {
    facts[camera.name] = {url_of(camera), camera.rotate, camera.flip};
    detects = detects || camera.detect;
  }
  std::vector<std::string> names;
  for (const CameraHub* hub : parts.hubs) names.push_back(hub->name());
  router.set_audit(parts.audit);
  add_account_routes(table, {router.access(), parts.audit, std::move(names)});
  add_camera_routes(table, {&parts.dir, parts.hubs, std::move(facts)});
  add_settings_routes(table, parts.source, parts.dir.path());
  add_event_routes(table, storage_dir(parts.config.storage));
  const std::string model = model_path(parts.config.detect);
  add_models_route(table, {data_dir() + "/models", folder_of(model)}, detects ? model : "");
  add_system_routes(table, parts.dir, parts.hubs);
  add_config_routes(table, parts.source);
  add_metrics_route(table, parts.hubs, parts.ingests, router.stats(), &parts.dir);
  add_docs_routes(table);
}

}  // namespace vedette::gateway
