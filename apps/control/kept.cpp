#include "control/kept.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/thread.h"
#include "telemetry/log.h"

namespace vedette::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kCountsEveryNs = 10'000'000'000;
constexpr std::array kModes{Mode::Standby, Mode::Validation, Mode::Tracking};

Error not_ours(std::string_view what) { return {ErrorCode::kCorrupt, std::string(what) + "; expected what control writes"}; }

bool is_commanded(const KeptCamera& a, const KeptCamera& b) {
  return a.paused != b.paused || a.detecting != b.detecting || a.forced != b.forced;
}

Result<std::vector<rules::Count>> parse_lines(const Json& json) {
  std::vector<rules::Count> lines;
  for (const Json& line : json) {
    if (!line.is_object() || !line.value("line", Json()).is_string() || !line.value("label", Json()).is_string() ||
        !line.value("into", Json()).is_number_unsigned() || !line.value("out_of", Json()).is_number_unsigned())
      return not_ours("a count without line, label, into or out_of");
    lines.push_back({line["line"].get<std::string>(), line["label"].get<std::string>(), 0, line["into"].get<std::uint64_t>(),
                     line["out_of"].get<std::uint64_t>()});
  }
  return lines;
}

Result<KeptCamera> parse_camera(const Json& json) {
  if (!json.is_object() || !json.value("paused", Json()).is_boolean() || !json.value("detecting", Json()).is_boolean() ||
      !json.value("lines", Json()).is_array())
    return not_ours("a camera without paused, detecting or lines");
  KeptCamera camera{json["paused"].get<bool>(), json["detecting"].get<bool>(), std::nullopt, {}, 0};
  const Json forced = json.value("forced", Json());
  for (const Mode mode : kModes)
    if (forced.is_string() && forced.get<std::string>() == to_string(mode)) camera.forced = mode;
  if (!forced.is_null() && !camera.forced) return not_ours("a forced mode that there isn't");
  VD_ASSIGN(camera.lines, parse_lines(json["lines"]));
  const Json newest = json.value("newest_event_id", Json(0u));
  if (!newest.is_number_unsigned()) return not_ours("a newest_event_id that is none");
  camera.newest_event_id = newest.get<std::uint64_t>();
  return camera;
}

}  // namespace

std::string to_json(const KeptCameras& cameras) {
  Json all = Json::object();
  for (const auto& [name, camera] : cameras) {
    Json lines = Json::array();
    for (const rules::Count& count : camera.lines)
      lines.push_back({{"line", count.place}, {"label", count.label}, {"into", count.into}, {"out_of", count.out_of}});
    all[name] = {{"paused", camera.paused},
                 {"detecting", camera.detecting},
                 {"forced", camera.forced ? Json(to_string(*camera.forced)) : Json(nullptr)},
                 {"lines", std::move(lines)},
                 {"newest_event_id", camera.newest_event_id}};
  }
  return Json{{"cameras", std::move(all)}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<KeptCameras> parse_kept(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.value("cameras", Json()).is_object()) return not_ours("no JSON with \"cameras\"");
  KeptCameras cameras;
  for (const auto& [name, camera] : json["cameras"].items()) {
    VD_ASSIGN(cameras[name], parse_camera(camera));
  }
  return cameras;
}

Kept::Kept(std::string path, Nanoseconds again_after) : path_(std::move(path)), again_after_(again_after) {
  std::error_code error;
  if (std::filesystem::exists(path_, error)) {
    const Result<std::string> text = read_file(path_);
    Result<KeptCameras> read = text ? parse_kept(*text) : Result<KeptCameras>(text.error());
    if (read) {
      cameras_ = *std::move(read);
    } else {
      std::filesystem::rename(path_, path_ + ".broken", error);
      log::warning("{}: {}; begins anew, it is kept as control.json.broken", path_, read.error().text);
    }
  }
  writer_ = start_thread("kept", [this] { run(); });
}

Kept::~Kept() {
  if (dirty_) hand_over(handed_over_at_ns_);
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  woken_.notify_one();
  writer_.join();
}

const KeptCamera* Kept::find(const std::string& camera) const {
  const auto found = cameras_.find(camera);
  return found == cameras_.end() ? nullptr : &found->second;
}

void Kept::note(const std::string& camera, const KeptCamera& now, std::uint64_t now_ns) {
  const auto [known, fresh] = cameras_.try_emplace(camera);
  if (fresh || known->second != now) {
    const bool at_once = is_commanded(known->second, now);
    known->second = now;
    dirty_ = true;
    if (at_once) return hand_over(now_ns);
  }
  if (dirty_ && now_ns - handed_over_at_ns_ >= kCountsEveryNs) hand_over(now_ns);
}

void Kept::hand_over(std::uint64_t now_ns) {
  dirty_ = false;
  handed_over_at_ns_ = now_ns;
  {
    const std::lock_guard lock(mutex_);
    waiting_ = to_json(cameras_);
  }
  woken_.notify_one();
}

void Kept::run() {
  bool told = false;
  std::unique_lock lock(mutex_);
  for (;;) {
    woken_.wait(lock, [this] { return stop_ || waiting_; });
    if (!waiting_) return;
    const bool last_time = stop_;
    std::string text = *std::exchange(waiting_, std::nullopt);
    lock.unlock();
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
    const Result<> written = write_file(path_, text);
    if (!written && !std::exchange(told, true))
      log::warning("what control keeps over a restart can't be written: {}", written.error().text);
    if (written) told = false;
    lock.lock();
    if (written || last_time) continue;
    if (!waiting_) waiting_ = std::move(text);
    woken_.wait_for(lock, again_after_, [this] { return stop_; });
  }
}

}  // namespace vedette::control
