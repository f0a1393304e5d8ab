// vedette-encode: cameras that send no bitstream, as H.264 for all who watch, while anybody does. One process for all of them, a
// thread each.
//
//   <cam>/frames ─► encoder (hardware, libx264, libopenh264) ─► <cam>/encoded
#include <poll.h>

#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "base/process.h"
#include "base/text.h"
#include "base/thread.h"
#include "bus/directory.h"
#include "config/command_line.h"
#include "encode/camera.h"
#include "telemetry/log.h"

namespace vedette::encode {
namespace {

void wait_for_stop() {
  pollfd stop{stop_fd(), POLLIN, 0};
  while (!stop_requested()) ::poll(&stop, 1, -1);
}

int encode(const Config& config) {
  const auto dir = bus::BusDir::open(config.bus.dir);
  if (!dir) return log::error("{}", dir.error().text), exit_code_of(dir.error());
  const auto ways = find_ways(config.encode.encoder);
  if (!ways) {  // no reason to be started again and again
    log::error("{}: cameras that send no bitstream are shown as JPEGs", ways.error().text);
    wait_for_stop();
    return EXIT_SUCCESS;
  }
  if (!ways->remark.empty()) log::warning("{}; encoding on the processor by {}", ways->remark, ways->chosen.name());
  std::vector<std::unique_ptr<Camera>> cameras;
  for (const CameraConfig& camera : config.cameras)
    if (may_be_raw(camera))
      cameras.push_back(std::make_unique<Camera>(
          *dir, CameraOptions{camera.name, config.encode, {config.bus.readers, config.bus.held_per_reader}}, *ways));
  log::info("encodes by {}; {} may need it", ways->chosen.name(), counted(cameras.size(), "camera"));
  std::vector<std::thread> threads;
  for (const auto& camera : cameras) threads.push_back(start_thread("camera", [&camera] { camera->run(); }));
  for (std::thread& thread : threads) thread.join();
  wait_for_stop();
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace vedette::encode

int main(int argc, char** argv) {
  using namespace vedette;
  install_stop_signals();
  CLI::App app{"Encodes the pictures of cameras that send no bitstream as H.264 (<camera>/encoded), while somebody asks for it."};
  CommonOptions common;
  add_common_options(app, common);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const Result<Config> config = load_and_start_log(common, "encode");
  if (!config) return fail(config.error(), exit_code_of(config.error()));
  set_libav_log([](std::string_view line) { log::debug("libav: {}", line); });
  return encode::encode(*config);
}
