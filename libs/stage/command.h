// What control is asked for over its socket `<bus>/control.sock`, as a plain struct: its bytes there and back, and asking.
// encode() and decode() are pure, thread-safe; send_command() blocks for a moment, any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/records.h"

namespace vedette::stage {

// schema::Command
struct Command {
  std::string camera;
  schema::CommandKind kind = schema::CommandKind::Pause;
  Mode mode = Mode::Standby;  // for ForceMode
  std::string key;            // for Set and Unset; for Tell: the event's kind
  std::string value;          // for Set: YAML; for Tell: the event's text
};

std::vector<std::byte> encode(const Command& command);
// Copied first, then verified, every value in its range.
Result<Command> decode_command(std::span<const std::byte> packet);

// Ok if control said yes; else why not: its own words, or why it can't be asked. `bus_dir` "": the default one.
Result<> send_command(const std::string& bus_dir, const Command& command,
                      std::chrono::milliseconds patience = std::chrono::seconds(3));

}  // namespace vedette::stage
