// Models over HTTP: the one that looks for objects, and those that lie in the model folders, each with what its card says.
#pragma once

#include <string>
#include <vector>

#include "gateway/api/route.h"
#include "gateway/model_info.h"

namespace vedette::gateway {

// GET /api/model. `model`: null if nobody detects; outlives the table.
void add_model_route(RouteTable& table, ModelInfo* model);
// GET /api/models. `folders`: where .onnx files are looked for; `in_use`: the file that looks for objects, "" if nobody detects.
void add_models_route(RouteTable& table, std::vector<std::string> folders, std::string in_use);

}  // namespace vedette::gateway
