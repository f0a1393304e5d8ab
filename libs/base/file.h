// Whole files in and out. Thread-safe; errors name the path.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace vedette {

// Everything in it. A folder or a device is kInvalidArgument.
Result<std::string> read_file(const std::string& path);

// Writes a file that is there whole or not at all, whoever looks or dies meanwhile: beside `path`, to disk, then renamed over it.
Result<> write_file(const std::string& path, std::string_view content);

}  // namespace vedette
