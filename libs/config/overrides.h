// Overrides: what was changed while Vedette ran, in a YAML file of its own that lies over the configuration file, below the
// environment and flags. load_config() reads it; control writes it. It only has keys of cameras that may change
// (Field::changeable); a camera that the configuration doesn't have (any more) is passed over (Config::passed_over):
//
//   cameras:
//     front:
//       zones: [{name: door, polygon: "0,0 0.3,0 0.3,0.2"}]
//
// Functions are thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace vedette {

// <storage.dir>/overrides.yaml
std::string overrides_path(const StorageConfig& storage);

struct Change {
  std::string camera;
  std::string key;                   // "zones", "lines", "rules", "threshold", "masks"
  std::optional<std::string> value;  // YAML; none: as the configuration file says
};
struct Changed {
  Config config;          // with it, all layers
  std::string overrides;  // the overrides file's new text
};

// What the change makes of the configuration that load_config() would read with the same arguments now; writes nothing. The Error
// holds every mistake in the value, "value:line:column: key: …" a line.
Result<Changed> try_change(const std::string& path, const std::vector<std::string>& overrides, const Change& change);

}  // namespace vedette
