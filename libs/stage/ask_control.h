// Asks control to do something, over its socket in the bus directory (schema/control_socket.h). Thread-safe. Blocks until control
// answers, at most 3 s: not for threads that others wait for.
#pragma once

#include <string>

#include "base/result.h"
#include "bus/directory.h"
#include "schema/records.h"

namespace vedette::stage {

// schema::Command
struct ControlCommand {
  std::string camera;
  schema::CommandKind kind = schema::CommandKind::Pause;
  Mode mode = Mode::Standby;  // for ForceMode
  std::string key;            // for Set and Unset
  std::string value;          // for Set
};

// Ok if control said yes; kInvalidArgument with its own words if it refused; kUnavailable if it can't be asked or doesn't answer.
Result<> ask_control(const bus::BusDir& dir, const ControlCommand& command);

}  // namespace vedette::stage
