// `vedette cameras`: lists this machine's V4L2 devices, or probes a URL. Prints; the exit code is main()'s.
#pragma once

#include <string>

#include "capture/v4l2/v4l2_list.h"

namespace vedette::capture {

// argv[0] is the subcommand's name.
int cameras_command(int argc, char** argv);

std::string to_text(const V4l2DeviceList& list);
std::string to_json(const V4l2DeviceList& list);  // one line

}  // namespace vedette::capture
