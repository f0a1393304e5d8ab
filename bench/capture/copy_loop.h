// The least that reading a camera can cost: packets read by libav as capture reads them, each copied once. Thread-bound.
#pragma once

#include <string>

namespace vedette::bench {

// Until SIGTERM, or for good if the URL can't be read (exit code 1, a sentence on stderr). A file is played at its own pace,
// again and again.
int copy_loop(const std::string& url);

}  // namespace vedette::bench
