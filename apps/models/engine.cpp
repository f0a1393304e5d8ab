#include "models/engine.h"

#include "models/output.h"

namespace vedette::models {

Result<> build_engine(const ModelOptions& options) {
  VD_ASSIGN(const std::string place, model::build_engine(options.file, backend_options(options)));
  print(place);
  return {};
}

}  // namespace vedette::models
