// What stands around vedette-record in its benchmarks (bench/record_run.py), and what it is compared with:
//   bench_record cameras BUS CLIP N            N cameras' packets at their pace, until SIGTERM
//   bench_record remux FOLDER CLIP N SECONDS   the same packets by libavformat alone into MP4s of so many seconds, until SIGTERM
//   bench_record list | list_bare              a filtered list of events by libs/store, or its SQL by SQLite alone: prints the
//   time
#include <sys/prctl.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/process.h"
#include "bench/record/lists.h"
#include "bench/record/streams.h"
#include "bench/support/result.h"

int main(int argc, char** argv) {
  using namespace vedette::bench;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  vedette::install_stop_signals();
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "list") return list_by_store();
  if (verb == "list_bare") return list_bare();
  if (verb == "cameras" && argc == 5) return publish_cameras(argv[2], argv[3], std::atoi(argv[4]));
  if (verb == "remux" && argc == 6) return remux_bare(argv[2], argv[3], std::atoi(argv[4]), std::atoi(argv[5]));
  return kExitUnsupported;
}
