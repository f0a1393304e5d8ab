#include "cli/programs.h"

#include <unistd.h>

#include "base/process.h"

namespace vedette::cli {

const std::vector<Program>& programs() {
  static const std::vector<Program> all = {
      {"up", "vedette-supervise", "Start everything that a configuration asks for, and keep it running"},
      {"capture", "vedette-capture", "Run one camera: decode its frames into shared memory"},
      {"detect", "vedette-detect", "Run the detector for all cameras"},
      {"control", "vedette-control", "Run the sentry logic for all cameras"},
      {"record", "vedette-record", "Record events of all cameras: pictures, clips and their index"},
      {"encode", "vedette-encode", "Encode cameras that send no bitstream as H.264, while somebody watches"},
      {"gateway", "vedette-gateway", "Serve the page, its WebSocket and health"},
      {"notify", "vedette-notify", "Tell of events by MQTT, webhooks and programs; take commands by MQTT"},
      {"cameras", "vedette-capture", "List the cameras of this machine, or say what a URL sends", true},
      {"events", "vedette-record", "What was recorded: list it, mark favourites, remove events", true},
      {"model", "vedette-model", "Models: list, fetch, look at, measure, quantise them"},
      {"top", "vedette-tools", "Live table of the bus: topics, writers, readers, fps, age, drops, CPU", true},
      {"doctor", "vedette-tools", "Look whether this machine and its bus are as Vedette needs them; say what to do", true},
      {"echo", "vedette-tools", "Print each record of a topic as it comes", true},
      {"dump", "vedette-tools", "Record topics to a file, or tell what is in one", true},
      {"replay", "vedette-tools", "Play a recorded bus: its records again, now", true},
      {"decide", "vedette-control", "What the rules make of recorded detections: try rules on what has happened", true},
      {"mot", "vedette-tools", "Measure the tracker: MOTA, IDF1, switches of ids", true},
  };
  return all;
}

Error become(const Program& program, int argc, char** argv) {
  const std::string path = executable_dir() + "/" + std::string(program.binary);
  // `vedette up -c x` becomes `vedette-supervise -c x`, `vedette top` becomes `vedette-tools top`.
  std::vector<char*> arguments = {const_cast<char*>(path.c_str())};
  for (int i = program.has_subcommands ? 1 : 2; i < argc; ++i) arguments.push_back(argv[i]);
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
  return errno_error(path);
}

}  // namespace vedette::cli
