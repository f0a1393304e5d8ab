// vedette-tools: looks at the bus and moves its records to files and back. What `vedette top`, `echo`, `doctor`, `dump` and
// `replay` become. Ordinary readers and writers of the bus, or lookers that leave no trace; no part of the running system needs
// them. `vedette mot` measures the tracker and needs no bus.
#include <CLI/CLI.hpp>

#include "base/process.h"
#include "config/command_line.h"
#include "tools/doctor.h"
#include "tools/dump.h"
#include "tools/echo.h"
#include "tools/mot.h"
#include "tools/replay.h"
#include "tools/top.h"

namespace {

using namespace vedette;
using namespace vedette::tools;

void add_bus_dir(CLI::App& app, std::string& place) {
  app.add_option("--bus-dir", place, "Where topics live")->type_name("DIR")->envname("VEDETTE_BUS_DIR");
}

CLI::App* add_top(CLI::App& app, TopOptions& options) {
  CLI::App* top = app.add_subcommand("top", "Live table: topics, writers, readers, fps, age, drops, missed, held slots, CPU");
  add_bus_dir(*top, options.bus_dir);
  top->add_option("--interval", options.interval_s, "Seconds between two looks")
      ->check(CLI::Range(0.05, 3600.0))
      ->capture_default_str();
  top->add_flag("--once", options.once, "One table over one interval, then end");
  top->add_flag("--json", options.json, "One JSON object a look");
  top->footer(
      "Looks only: takes no reader entry, asks nothing of anybody. A reader's MISSED counts records published between two that "
      "it\n"
      "took: one that wants 3 of 30 frames a second misses 27 on purpose.\n\nExamples:\n"
      "  vedette top\n  vedette top --interval 0.2 --bus-dir /dev/shm/vedette-1000\n"
      "  vedette top --once --json | jq '.topics[] | {topic, fps, age_ms}'");
  return top;
}

CLI::App* add_echo(CLI::App& app, EchoOptions& options) {
  CLI::App* echo = app.add_subcommand("echo", "Print each record of a topic as it comes");
  echo->add_option("topic", options.topic, "<camera>/<topic>; one that isn't there yet is waited for")->required();
  add_bus_dir(*echo, options.bus_dir);
  echo->add_flag("--json", options.json, "One JSON object a line");
  echo->add_option("--count", options.count, "End after so many records")->type_name("N");
  auto* newest = echo->add_flag("--newest", options.newest, "Only what is newest when the last one is printed");
  echo->add_flag("--all", options.all, "Every record, the kept ones of before first (the default); frames keep only their newest")
      ->excludes(newest);
  echo->add_flag("--passive", options.passive, "Ask the camera for no pictures: see those that others asked for");
  echo->footer(
      "Examples:\n  vedette echo cam0/detections\n  vedette echo cam0/frames --json --count 1\n  vedette echo cam0/events --all");
  return echo;
}

CLI::App* add_doctor(CLI::App& app, DoctorOptions& options) {
  CLI::App* doctor =
      app.add_subcommand("doctor", "Look whether this machine and its bus are as Vedette needs them; say what to do");
  add_common_options(*doctor, options.common);
  doctor->add_flag("--size", options.size, "Print only the bytes of tmpfs that the configuration needs");
  doctor->add_flag("--json", options.json, "For scripts");
  doctor->add_flag("--fix", options.fix, "First remove the files of topics whose writers are gone");
  doctor->footer(
      "Exit code 0, or 1 if something is bad. Looks at cameras that no capture runs for.\n\nExamples:\n"
      "  vedette doctor -c vedette.yaml\n  vedette doctor --fix\n  mount -o remount,size=$(vedette doctor -c vedette.yaml "
      "--size) /dev/shm");
  return doctor;
}

struct DumpArguments {
  DumpOptions options;
  std::string info;
  bool json = false;
};

CLI::App* add_dump(CLI::App& app, DumpArguments& arguments) {
  DumpOptions& options = arguments.options;
  CLI::App* dump = app.add_subcommand("dump", "Record topics to a file, or tell what is in one");
  add_bus_dir(*dump, options.bus_dir);
  auto* output = dump->add_option("-o,--output", options.output, "The file to write")->type_name("FILE");
  dump->add_option("topics", options.topics, "<camera>/<topic> or <camera>; none: all, those that come later too");
  dump->add_option("--seconds", options.seconds, "End after so long; else Ctrl-C ends it")->check(CLI::Range(0.0, 1e9));
  dump->add_option("--buffer", options.buffer, "Memory between the bus and a disk that is slow for a moment")
      ->capture_default_str();
  dump->add_flag("--passive", options.passive, "Ask the camera for no pictures: record those that others asked for");
  dump->add_flag("--force", options.force, "Overwrite the file");
  auto* info = dump->add_option("--info", arguments.info, "Tell what is in a recording")->type_name("FILE")->excludes(output);
  dump->add_flag("--json", arguments.json, "With --info: as JSON")->needs(info);
  dump->footer(
      "The file is readable up to its last whole record whatever ends the dump: Ctrl-C, kill -9, a full disk, a power cut.\n\n"
      "Examples:\n  vedette dump -o bus.rec\n  vedette dump -o frames.rec cam0/frames --seconds 10\n"
      "  vedette dump --info bus.rec");
  return dump;
}

CLI::App* add_replay(CLI::App& app, ReplayOptions& options) {
  CLI::App* replay = app.add_subcommand("replay", "Play a recorded bus: its records again, on this bus, now");
  replay->add_option("file", options.file, "A recording of vedette dump")->required();
  add_bus_dir(*replay, options.bus_dir);
  replay
      ->add_option("--pace", options.pace,
                   "original: with the recorded gaps; fast: the next when all readers took the last; lockstep: the "
                   "next picture when --ack has answered the last")
      ->type_name("PACE")
      ->capture_default_str();
  replay
      ->add_option("--ack", options.acks,
                   "For lockstep, one a camera: the topic that answers each picture with a record of its frame id")
      ->type_name("TOPIC")
      ->expected(1)
      ->take_all();
  replay->add_option("--ack-timeout", options.ack_timeout_s, "Seconds without an answer after which it gives up")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str();
  replay->add_option("--topics", options.topics, "Only these (as recorded): <camera>/<topic> or <camera>")->type_name("TOPIC");
  replay->add_option("--camera-map", options.camera_maps, "Under another camera's name: old=new")->type_name("OLD=NEW");
  replay->add_flag("--loop", options.loop, "Again from the front at its end, with frame ids that go on");
  replay->add_flag("--wait-reader", options.wait_reader, "Begin when each topic has a reader");
  replay->add_flag("--leave", options.leave, "Leave the topics behind at the end");
  replay->footer(
      "Capture and publish times become those of now, so that nothing is stale; pixels, frame ids and wall times stay.\n\n"
      "Examples:\n  vedette replay bus.rec --topics cam0/frames\n  vedette replay bus.rec --loop --camera-map cam0=cam1\n"
      "  vedette replay frames.rec --pace lockstep --ack cam0/detections");
  return replay;
}

CLI::App* add_mot(CLI::App& app, MotOptions& options) {
  CLI::App* mot = app.add_subcommand("mot", "Measure the tracker: MOTA, IDF1, switches of ids");
  auto* detections =
      mot->add_option("--detections", options.detections, "Boxes to follow, a MOT Challenge file; none: made-up scenes")
          ->type_name("FILE");
  mot->add_option("--truth", options.truth, "What there really is, the same kind of file")->type_name("FILE");
  mot->add_option("-o,--output", options.output, "Write the tracks there; with --generate the folder for gt.txt and det.txt")
      ->type_name("PATH");
  mot->add_option("--generate", options.generate, "Write a made-up scene's truth and detections")
      ->type_name("SCENE")
      ->excludes(detections);
  mot->add_option("--fps", options.fps, "Frames a second (30; made-up scenes: 3, 10 and 30)")->check(CLI::Range(0.1, 1000.0));
  mot->add_option("--size", options.size, "The pictures' size; else as far as boxes reach")->type_name("WxH");
  mot->add_option("--seed", options.seed, "Of the made-up scenes")->capture_default_str();
  mot->add_option("--fit", options.fit, "How a box fits an object: likelihood, iou, giou")->capture_default_str();
  mot->add_option("--without", options.without, "Leave out a part of the tracker: motion, unsure, best, shake")
      ->type_name("PART");
  mot->add_flag("--json", options.json, "For scripts");
  mot->footer(
      "Examples:\n  vedette mot\n  vedette mot --without motion --fit iou\n"
      "  vedette mot --truth gt/gt.txt --detections det/det.txt --fps 25 -o tracks.txt\n"
      "  vedette mot --generate crossings --fps 10 -o scene");
  return mot;
}

}  // namespace

int main(int argc, char** argv) {
  install_stop_signals();
  CLI::App app{"Looks at the bus and moves its records to files and back.", "vedette"};
  app.require_subcommand(1);
  TopOptions top_options;
  EchoOptions echo_options;
  DumpArguments dump_arguments;
  ReplayOptions replay_options;
  DoctorOptions doctor_options;
  MotOptions mot_options;
  const CLI::App* top_app = add_top(app, top_options);
  const CLI::App* echo_app = add_echo(app, echo_options);
  add_dump(app, dump_arguments);
  const CLI::App* replay_app = add_replay(app, replay_options);
  const CLI::App* doctor_app = add_doctor(app, doctor_options);
  const CLI::App* mot_app = add_mot(app, mot_options);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  doctor_options.config_given = doctor_app->count("--config") > 0;
  const auto run = [&]() -> Result<int> {
    const auto code_of = [](Result<> done) { return done.ok() ? Result<int>(EXIT_SUCCESS) : std::move(done).error(); };
    if (*doctor_app) return doctor(doctor_options);
    if (*top_app) return code_of(top(top_options));
    if (*echo_app) return code_of(echo(echo_options));
    if (*mot_app) return code_of(mot(mot_options));
    if (*replay_app) return code_of(replay(replay_options));
    if (!dump_arguments.info.empty()) return code_of(show_recording(dump_arguments.info, dump_arguments.json));
    if (!dump_arguments.options.output.empty()) return code_of(dump(dump_arguments.options));
    return Error{ErrorCode::kInvalidArgument, "dump needs -o FILE to record to, or --info FILE to look at"};
  };
  const Result<int> code = run();
  return code.ok() ? *code : fail(code.error());
}
