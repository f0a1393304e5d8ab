#include "notify/progress.h"

#include <filesystem>
#include <sstream>

#include "base/clock.h"
#include "base/file.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

constexpr char kFile[] = "notify_progress";
constexpr std::uint64_t kSaveEveryNs = 1'000'000'000;

}  // namespace

Progress::Progress(const std::string& storage_dir) : path_(storage_dir + "/" + kFile) {
  std::error_code ignored;  // save() tells
  std::filesystem::create_directories(storage_dir, ignored);
  const auto text = read_file(path_);
  std::istringstream words(text ? *text : "");
  std::string camera;
  Place place;
  while (words >> camera >> place.instance >> place.sequence) places_[camera] = place;
}

Place Progress::of(const std::string& camera) const {
  const auto found = places_.find(camera);
  return found != places_.end() ? found->second : Place{};
}

void Progress::set(const std::string& camera, const Place& place) {
  Place& known = places_[camera];
  changed_ = changed_ || known != place;
  known = place;
}

void Progress::save(When when) {
  const std::uint64_t now = monotonic_ns();
  if (!changed_ || (when == When::kInTime && age_ns(saved_at_ns_, now) < kSaveEveryNs)) return;
  changed_ = false;
  saved_at_ns_ = now;
  std::ostringstream text;
  for (const auto& [camera, place] : places_) text << camera << ' ' << place.instance << ' ' << place.sequence << '\n';
  const auto written = write_file(path_, text.str());
  if (!written && !failed_)
    log::warning("{}; after a restart, some events may be told again or not at all", written.error().text);
  failed_ = !written;
}

}  // namespace vedette::notify
