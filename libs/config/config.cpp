#include "config/config.h"

namespace vedette {

std::vector<std::string> secrets_of(const Config& config) {
  std::vector<std::string> secrets;
  for (const CameraConfig& camera : config.cameras)
    if (!camera.password.empty()) secrets.push_back(camera.password.value);
  if (!config.gateway.token.empty()) secrets.push_back(config.gateway.token.value);
  return secrets;
}

}  // namespace vedette
