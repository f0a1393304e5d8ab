// tools/quantize.py, run as a child of this process with the Python of scripts/fetch-python-tools. Thread-bound.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace vedette::models {

// The interpreter (VEDETTE_PYTHON, else that of the Python tools beside the programs) and the script. kNotFound says how to get
// them.
struct PythonTool {
  std::string python, script;
};
Result<PythonTool> find_quantizer();

// Waits for its end. What it prints goes to the file `log`; the Error has the last line of it.
Result<> run_tool(const PythonTool& tool, const std::vector<std::string>& arguments, const std::string& log);

}  // namespace vedette::models
