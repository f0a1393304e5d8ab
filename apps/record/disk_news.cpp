#include "record/disk_news.h"

#include "schema/records.h"
#include "stage/command.h"
#include "telemetry/log.h"

namespace vedette::record {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(1000);

}  // namespace

void DiskNews::tell(const Disk::Change& change) {
  if (change.stopped)
    log::error("recording stopped: {}", change.why);
  else
    log::info("recording goes on");
  change_ = change;
  untold_ = cameras_;
  step();
}

void DiskNews::step() {
  const schema::EventKind kind = change_.stopped ? schema::EventKind::RecordingStopped : schema::EventKind::RecordingBack;
  while (!untold_.empty()) {
    const stage::Command command{untold_.back(),
                                 schema::CommandKind::Tell,
                                 {},
                                 std::string(to_string(kind)),
                                 change_.stopped ? change_.why : "there is room again"};
    const auto told = stage::send_command(bus_dir_, command, kPatience);
    if (!told && told.error().code == ErrorCode::kUnavailable) return;
    if (!told) log::warning("{}: {}", command.camera, told.error().text);
    untold_.pop_back();
  }
}

}  // namespace vedette::record
