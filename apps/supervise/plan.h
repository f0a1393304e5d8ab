// Which programs a configuration needs, in the order of starting. They stop in the opposite order: first who reads, last who
// writes. One capture an input of a camera (docs/decisions/0004-one-capture-per-input.md). No detect stage if no camera wants it,
// no capture for a camera that another program publishes, encode only if a camera may send pictures without a bitstream, notify
// only if there is somebody to tell.
#pragma once

#include <string>
#include <vector>

#include "bus/directory.h"
#include "config/config.h"

namespace vedette::supervise {

struct StageSpec {
  std::string tag;      // "capture/front", "capture/front.record" (an input with a name), "detect"; as in its log lines
  std::string program;  // absolute path
  std::vector<std::string> arguments;
};

// `common`: the arguments that make every stage load the same configuration (hand_on()).
std::vector<StageSpec> plan(const Config& config, const std::vector<std::string>& common);

// The topics that those stages may write (a raw camera has no packets, an input that nobody wants pixels of no frames). Others in
// the same bus directory are other programs' business.
std::vector<bus::TopicName> written_topics(const Config& config);

// Some camera is another program's: its end is nothing that the supervisor would see.
bool has_external_camera(const Config& config);

}  // namespace vedette::supervise
