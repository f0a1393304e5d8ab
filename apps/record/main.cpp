// vedette-record: keeps what happened: pictures, clips and the index of both, of all cameras. As `vedette events` it lists them.
//
//   <cam>/events ─► recordings ─► <storage>/events/…, events.db ─► <cam>/media
//   <cam>/packets (or frames) ─┴► segments ─► <storage>/recordings/…      retention removes the oldest
#include <poll.h>

#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/process.h"
#include "base/signals_blocked.h"
#include "base/text.h"
#include "bus/directory.h"
#include "config/command_line.h"
#include "libav/libav.h"
#include "record/camera.h"
#include "record/disk.h"
#include "record/disk_news.h"
#include "record/events_command.h"
#include "record/retention.h"
#include "store/lock.h"
#include "store/mend.h"
#include "store/store.h"
#include "telemetry/log.h"

namespace vedette::record {
namespace {

constexpr int kLookEveryMs = 1000;  // the shortest segment: limits are held within one

CameraOptions options_of(const Config& config, const CameraConfig& camera) {
  CameraOptions options;
  options.name = camera.name;
  for (const InputConfig& input : inputs_of(camera))
    if (input.roles.record) options.input = input.name;
  options.recording = {to_ns(camera.pre_roll), to_ns(config.record.post_roll), to_ns(config.record.longest_clip)};
  options.snapshots = {config.record.snapshot_quality, config.record.snapshot_boxes};
  options.continuous = config.record.continuous;
  options.segment_ns = to_ns(config.record.segment);
  options.share = {config.bus.readers, config.bus.held_per_reader};
  return options;
}

std::vector<std::string> names_of(const Config& config) {
  std::vector<std::string> names;
  for (const CameraConfig& camera : config.cameras) names.push_back(camera.name);
  return names;
}

RetentionLimits limits_of(const RecordConfig& config) {
  return {config.keep.count(), config.most, config.keep_continuous.count(), config.most_continuous};
}

void tell(const store::Mended& mended) {
  if (mended.nothing()) return;
  log::info(
      "the start-up check: {} unfinished and {} stray files removed; events: {} found, {} gone, {} corrected, {} interrupted",
      mended.parts, mended.orphans, mended.added, mended.dropped, mended.corrected, mended.interrupted);
  for (const std::string& path : mended.unreadable)
    log::warning("{}: not an event's JSON; it and its media are left alone", path);
}

std::int64_t now_ms() { return static_cast<std::int64_t>(wall_ns() / 1'000'000); }

// On a full disk the check may lack room to write: what is too old or too much goes first, and if that doesn't help, recording
// waits for room and the check for the next start.
Result<store::Mended> mend(store::Store& store, Disk& disk, const RetentionLimits& limits) {
  const auto is_full = [](const auto& mended) { return !mended && mended.error().code == ErrorCode::kResourceExhausted; };
  auto mended = store::mend(store);
  if (is_full(mended)) {
    enforce(store, limits, now_ms());
    mended = store::mend(store);
  }
  if (!is_full(mended)) return mended;
  log::warning("the start-up check: {}", mended.error().text);
  disk.failed(mended.error());
  return store::Mended{};
}

Result<store::Store> open_store(const std::string& folder, Disk& disk, const RetentionLimits& limits) {
  VD_ASSIGN(store::Store store, store::Store::open(folder));
  if (store.put_aside()) log::warning("the index was damaged: it is now {}, and is made anew from the files", *store.put_aside());
  VD_ASSIGN(const store::Mended mended, mend(store, disk, limits));
  tell(mended);
  return store;
}

void pause() {
  pollfd stop{stop_fd(), POLLIN, 0};
  ::poll(&stop, 1, kLookEveryMs);
}

void tell(Disk& disk, DiskNews& news) {
  if (const auto change = disk.take_change()) news.tell(*change);
  news.step();
}

// A disk that is full, or not there yet, may mend itself: until then nothing is recorded, and everybody is told so. An Error: the
// process is to end, or there is something that waiting doesn't help.
Result<store::Store> wait_for_store(const std::string& folder, Disk& disk, DiskNews& news, const RetentionLimits& limits) {
  for (;;) {
    auto store = open_store(folder, disk, limits);
    if (store || !is_of_disk(store.error())) return store;
    disk.failed(store.error());
    do {
      tell(disk, news);
      pause();
      if (stop_requested()) return store;
    } while (!disk.has_room());
  }
}

// Until the process is to end.
void watch(store::Store& store, Disk& disk, DiskNews& news, const RetentionLimits& limits) {
  std::string told;
  while (!stop_requested()) {
    tell(disk, news);
    const Removed removed = enforce(store, limits, now_ms());
    if (!removed.failed.empty() && removed.failed != told) log::warning("retention: {}", removed.failed);
    told = removed.failed;
    if (removed.events + removed.segments > 0)
      log::info("removed the oldest: {}, {}", counted(removed.events, "event"), counted(removed.segments, "segment"));
    pause();
  }
}

int record(const Config& config) {
  const auto dir = bus::BusDir::open(config.bus.dir);
  if (!dir) return log::error("{}", dir.error().text), exit_code_of(dir.error());
  const std::string folder = storage_dir(config.storage);
  const auto lock = store::lock_for_recording(folder);
  if (!lock) return log::error("{}", lock.error().text), EXIT_FAILURE;
  Disk disk(folder, config.record.least_free);
  DiskNews news(config.bus.dir, names_of(config));
  auto store = wait_for_store(folder, disk, news, limits_of(config.record));
  if (!store && stop_requested()) return EXIT_SUCCESS;
  if (!store)
    return log::error("{}", store.error().text), store.error().code == ErrorCode::kIncompatible ? kExitConfig : EXIT_FAILURE;

  Transcoder transcoder(*store);
  const SharedParts parts{*store, disk, transcoder};
  std::vector<std::unique_ptr<CameraRecorder>> cameras;
  for (const CameraConfig& camera : config.cameras) {
    auto opened = CameraRecorder::open(*dir, options_of(config, camera), parts);
    if (!opened) return log::error("{}", opened.error().text), exit_code_of(opened.error());
    cameras.push_back(*std::move(opened));
  }
  log::info("records {} below {}", counted(cameras.size(), "camera"), folder);
  std::vector<std::jthread> threads;
  {
    const SignalsBlocked blocked;
    for (const auto& camera : cameras) threads.emplace_back([&camera] { camera->run(); });
  }
  watch(*store, disk, news, limits_of(config.record));
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace vedette::record

int main(int argc, char** argv) {
  using namespace vedette;
  install_stop_signals();
  if (argc > 1 && std::string_view(argv[1]) == "events") return record::events_command(argc - 1, argv + 1);
  CLI::App app{"Records what happens at all cameras: an index of events, their pictures and clips."};
  CommonOptions common;
  add_common_options(app, common);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const Result<Config> config = load_and_start_log(common, "record");
  if (!config) return fail(config.error(), exit_code_of(config.error()));
  set_libav_log([](std::string_view line) { log::debug("libav: {}", line); });
  return record::record(*config);
}
