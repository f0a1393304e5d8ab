// What a configuration says to control of one camera. Pure functions.
#pragma once

#include "config/config.h"
#include "control/camera.h"
#include "control/decisions.h"

namespace vedette::control {

DecisionOptions decision_options(const Config& config, const CameraConfig& camera);
CameraOptions camera_options(const Config& config, const CameraConfig& camera);

}  // namespace vedette::control
