// What stands around vedette-gateway and vedette-encode in their benchmarks, and what they are compared with
// (bench/gateway_run.py):
//   bench_gateway bytes PORT_FILE PICTURE VIEWERS FPS    a bare send() loop of the picture's bytes, until SIGTERM
//   bench_gateway encoded PORT_FILE PICTURE VIEWERS FPS  each picture is encoded as a JPEG and sent, until SIGTERM
//   bench_gateway watch PER PORT TARGET VIEWERS PID      viewers of a server: prints its processor time PER picture or KiB
//   delivered bench_gateway encode_clip BUS CAMERA RAW OUT         a clip by vedette-encode: prints the bytes of a picture
//   bench_gateway jpeg_clip RAW QUALITY OUT              the same as JPEGs
// Those that print a number print it as bench/support/result.h has it. All end with who started them.
#include <sys/prctl.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/process.h"
#include "bench/gateway/clip.h"
#include "bench/gateway/servers.h"
#include "bench/gateway/viewers.h"
#include "bench/support/result.h"

namespace vedette::bench {
namespace {

constexpr double kSettleS = 2.0, kMeasureS = 5.0;
constexpr double kKib = 1024;

int print_cost(std::string_view per, const Service& service) {
  const double value = per == "picture" ? service.cpu_ns / 1000 / service.pictures : service.cpu_ns / (service.bytes / kKib);
  std::printf("{\"value\": %.6g, \"unit\": \"%s\"}\n", value, per == "picture" ? "us" : "ns");
  return 0;
}

}  // namespace
}  // namespace vedette::bench

int main(int argc, char** argv) {
  using namespace vedette::bench;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  vedette::install_stop_signals();
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (argc == 6 && (verb == "bytes" || verb == "encoded")) {
    const ServerOptions options{argv[2], argv[3], std::atoi(argv[4]), std::atof(argv[5])};
    return verb == "bytes" ? serve_bytes(options) : serve_encoded(options);
  }
  if (argc == 7 && verb == "watch")
    return print_cost(argv[2], watch(std::atoi(argv[3]), argv[4], std::atoi(argv[5]), std::atoi(argv[6]), kSettleS, kMeasureS));
  if (argc == 6 && verb == "encode_clip") return encode_clip(argv[2], argv[3], argv[4], argv[5]);
  if (argc == 5 && verb == "jpeg_clip") return jpeg_clip(argv[2], std::atoi(argv[3]), argv[4]);
  return kExitUnsupported;
}
