// Layers: the texts that a configuration is made of, read from where they are. Used by load_config() and try_change() alone.
// Functions are thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/overrides.h"
#include "config/text.h"

namespace vedette::config {

Environment current_environment();
std::string here();  // the current folder

struct Layers {
  std::string path;  // of the configuration file
  std::string text;
  std::string overrides_path;
  std::string overrides_text;  // "" if there is no such file
  std::vector<std::string> flags;
};

// Where the overrides file lies is said by the other layers, so mistakes in them are told first.
Result<Layers> read_layers(const std::string& path, const std::vector<std::string>& flags);
// With one more change, if there is one.
Result<Config> load_layers(const Layers& layers, const Change* change = nullptr);

}  // namespace vedette::config
