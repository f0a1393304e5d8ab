// vedette-control: decides for all cameras.
//
//   <cam>/detections ─► tracker ─► rules ─► sentry ─► <cam>/control (desired state), <cam>/state, <cam>/tracks, <cam>/events
//   <cam>/frames, <cam>/motion (signs of life) ─► lost, back ─┘    ▲
//   <bus>/control.sock (pause, mode, rules, …) ────────────────────┘   <storage>: what was commanded, lines' counts
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "base/signals_blocked.h"
#include "bus/directory.h"
#include "bus/ring.h"
#include "config/command_line.h"
#include "config/overrides.h"
#include "control/camera.h"
#include "control/command_socket.h"
#include "control/decide.h"
#include "control/kept.h"
#include "control/options.h"
#include "stage/waiting.h"
#include "telemetry/log.h"

namespace {

using namespace vedette;
using namespace vedette::control;

constexpr auto kLongestWait = std::chrono::milliseconds(50);  // commands wait so long at most

using Cameras = std::vector<std::unique_ptr<CameraControl>>;

Result<CameraControl*> find(const Cameras& cameras, const std::string& name) {
  std::string names;
  for (const auto& camera : cameras) {
    if (camera->name() == name) return camera.get();
    names += (names.empty() ? "" : ", ") + camera->name();
  }
  return Error{ErrorCode::kNotFound, "no camera \"" + name + "\"; expected one of " + names};
}

Result<Changed> check_and_keep(const CommonOptions& common, const Change& change) {
  VD_ASSIGN(Changed changed, try_change(common.config, overrides_of(common), change));
  const std::string path = overrides_path(changed.config.storage);
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  VD_TRY(write_file(path, changed.overrides));
  return changed;
}

// A key of the configuration that may change while everything runs: checked, kept, in force. The configuration is read anew; of a
// file that was edited meanwhile all other keys wait for the next start. The disk may take its time: all cameras go on meanwhile.
Result<> change(const Cameras& cameras, CameraControl& camera, const CommonOptions& common, const stage::Command& command) {
  const bool set = command.kind == schema::CommandKind::Set;
  const Change change{command.camera, command.key, set ? std::optional(command.value) : std::nullopt};
  std::future<Result<Changed>> kept;
  {
    const SignalsBlocked blocked;
    kept = std::async(std::launch::async, check_and_keep, common, change);
  }
  while (kept.wait_for(kLongestWait) != std::future_status::ready)
    for (const auto& each : cameras) each->step();
  VD_ASSIGN(const Changed changed, kept.get());
  const std::vector<CameraConfig>& known = changed.config.cameras;
  const auto found = std::find_if(known.begin(), known.end(), [&](const CameraConfig& c) { return c.name == command.camera; });
  if (found == known.end())
    return Error{ErrorCode::kNotFound, common.config + " has no camera \"" + command.camera + "\" any more"};
  log::info("{}: {} is {}", command.camera, command.key,
            set ? "changed, and kept in " + overrides_path(changed.config.storage) : "as the configuration has it");
  // Masks are capture's: it reads them when it starts.
  if (command.key == "masks") return camera.obey({.camera = command.camera, .kind = schema::CommandKind::Respawn});
  camera.set_rules(decision_options(changed.config, *found));
  return {};
}

Result<> obey(const Cameras& cameras, const CommonOptions& common, const stage::Command& command) {
  VD_ASSIGN(CameraControl* const camera, find(cameras, command.camera));
  const bool changes = command.kind == schema::CommandKind::Set || command.kind == schema::CommandKind::Unset;
  return changes ? change(cameras, *camera, common, command) : camera->obey(command);
}

CLI::App* add_decide(CLI::App& app, CommonOptions& common, DecideOptions& options) {
  CLI::App* decide = app.add_subcommand("decide", "What the rules make of recorded detections: JSON, an object a line");
  add_common_options(*decide, common);
  decide->add_option("file", options.recording, "A recording of <camera>/detections, by vedette dump")->required();
  decide->add_option("--camera", options.camera, "In the recording, if it has several")->type_name("NAME");
  decide->add_option("--as", options.as, "By the rules of this camera of the configuration, if it has another name there")
      ->type_name("NAME");
  decide->add_flag("--tracks", options.tracks, "Each result's objects too");
  decide->add_option("--minute", options.minute, "Of the week, from Monday 00:00 on, at the recording's begin: for schedules")
      ->check(CLI::Range(0u, rules::kMinutesOfWeek - 1));
  decide->footer(
      "With the recording's own clock: the same on every run.\n\nExamples:\n  vedette dump -o day.rec cam0/detections "
      "cam0/motion\n"
      "  vedette decide day.rec -c vedette.yaml\n  vedette decide day.rec -c vedette.yaml --set cameras.cam0.threshold=0.7");
  return decide;
}

int decide_only(const CommonOptions& common, const DecideOptions& options) {
  const Result<Config> config = load_config(common.config, overrides_of(common));
  if (!config) return fail(config.error(), exit_code_of(config.error()));
  const Result<> decided = decide(*config, options, stdout);
  return decided ? EXIT_SUCCESS : fail(decided.error());
}

}  // namespace

int main(int argc, char** argv) {
  install_stop_signals();
  CLI::App app{
      "Decides for all cameras: reads their detections, runs the sentry, publishes mode, state and events, takes commands."};
  CommonOptions common, decide_common;
  add_common_options(app, common);
  DecideOptions recorded;
  const CLI::App* const decide_app = add_decide(app, decide_common, recorded);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;

  if (*decide_app) return decide_only(decide_common, recorded);

  const Result<Config> config = load_and_start_log(common, "control");
  if (!config) return fail(config.error(), exit_code_of(config.error()));
  const Result<bus::BusDir> bus_dir = bus::BusDir::open(config->bus.dir);
  if (!bus_dir) return log::error("{}", bus_dir.error().text), exit_code_of(bus_dir.error());

  Kept kept(storage_dir(config->storage) + "/control.json");
  Cameras cameras;
  std::vector<bus::Subscriber*> detections;
  for (const CameraConfig& camera : config->cameras) {
    auto opened = CameraControl::open(*bus_dir, camera_options(*config, camera), kept.find(camera.name));
    if (!opened) return log::error("{}", opened.error().text), exit_code_of(opened.error());
    cameras.push_back(*std::move(opened));
    detections.push_back(&cameras.back()->detections());
  }
  const WaitConfig& waiting = config->control.waiting;
  if (const auto settled = stage::settle("control", waiting.cpu, waiting.wait, detections); !settled)
    return log::error("{}", settled.error().text), exit_code_of(settled.error());
  auto commands = CommandSocket::open(*bus_dir);
  if (!commands) return log::error("{}", commands.error().text), exit_code_of(commands.error());

  log::info("decides for {} camera{}", cameras.size(), cameras.size() == 1 ? "" : "s");
  while (!stop_requested()) {
    bus::wait_any(detections, kLongestWait);
    for (const auto& camera : cameras) camera->step();
    commands->serve([&](const stage::Command& command) { return obey(cameras, common, command); });
    for (const auto& camera : cameras) kept.note(camera->name(), camera->kept(), monotonic_ns());
  }

  for (const auto& camera : cameras) {
    const CameraControl::Counters& n = camera->counters();
    log::info("{}: {} results counted; {} repeated, {} stale, {} missed, {} corrupt; {} frames still", camera->name(), n.counted,
              n.repeated, n.stale, n.missed, n.corrupt, n.still);
  }
  return EXIT_SUCCESS;
}
