// One recorder for each storage folder: two would take each other's unfinished files for left-over ones.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace vedette::store {

// Locks `<root>/record.lock` for as long as the descriptor is open, whoever dies. kBusy, with the path and the other's process
// id, while another recorder has it. Before Store::open() and mend().
Result<UniqueFd> lock_for_recording(const std::string& root);

}  // namespace vedette::store
