#include "tools/replay.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/process.h"
#include "look/records.h"
#include "recording/reader.h"
#include "recording/stamps.h"
#include "schema/frame.h"
#include "tools/bus_place.h"
#include "tools/output.h"
#include "tools/playback.h"

namespace vedette::tools {
namespace {

using recording::IndexEntry;

constexpr std::uint64_t kForever = ~0ull;
// A picture that wasn't answered so long is shown again, as a new one: a reader may have found it too old, or have just come.
constexpr std::uint64_t kShowAgainNs = 2'000'000'000;
constexpr std::size_t kShiftsKept = 1024;  // frames whose annotations may still come

enum class Pace { kOriginal, kFast, kLockstep };

std::optional<Pace> pace_of(const std::string& text) {
  if (text == "original") return Pace::kOriginal;
  if (text == "fast") return Pace::kFast;
  if (text == "lockstep") return Pace::kLockstep;
  return std::nullopt;
}

struct Plan {
  Pace pace = Pace::kOriginal;
  std::map<std::string, std::string> cameras;                       // recorded -> on the bus
  std::vector<bus::TopicName> names;                                // on the bus, by recorded number
  std::vector<bool> plays;                                          // by recorded number
  std::map<std::string, std::unique_ptr<bus::Subscriber>> answers;  // by camera on the bus
  std::vector<const IndexEntry*> records;                           // in order
  std::map<std::string, std::int64_t> id_shifts;                    // by camera on the bus
};

Result<> map_cameras(const ReplayOptions& options, const recording::RecordingReader& file, Plan& plan) {
  for (const std::string& text : options.camera_maps) {
    const auto equals = text.find('=');
    const std::string from = text.substr(0, equals), to = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (!bus::TopicName::make(to, "x").ok())
      return Error{ErrorCode::kInvalidArgument, "--camera-map " + text + ": expected old=new, names of a-z, 0-9, _ and -"};
    const auto& topics = file.topics();
    if (std::none_of(topics.begin(), topics.end(), [&](const auto& topic) { return topic.name.camera == from; }))
      return Error{ErrorCode::kNotFound, "--camera-map " + text + ": the recording has no camera \"" + from + "\""};
    plan.cameras[from] = to;
  }
  for (const recording::RecordedTopic& topic : file.topics()) {
    const auto mapped = plan.cameras.find(topic.name.camera);
    plan.names.push_back(mapped == plan.cameras.end() ? topic.name : bus::TopicName{mapped->second, topic.name.topic});
  }
  return {};
}

Result<> choose_topics(const ReplayOptions& options, const bus::BusDir& dir, const recording::RecordingReader& file, Plan& plan) {
  plan.plays.assign(file.topics().size(), options.topics.empty());
  for (const std::string& wanted : options.topics) {
    bool there = false;
    for (std::size_t i = 0; i < file.topics().size(); ++i) {
      const bus::TopicName& name = file.topics()[i].name;
      if (wanted == name.text() || wanted == name.camera) plan.plays[i] = there = true;
    }
    if (!there)
      return Error{ErrorCode::kNotFound, "the recording has no topic \"" + wanted + "\"; vedette dump --info lists its topics"};
  }
  for (const std::string& text : options.acks) {
    VD_ASSIGN(const bus::TopicName name, bus::TopicName::parse(text));
    plan.answers[name.camera] = std::make_unique<bus::Subscriber>(dir, name, bus::kAnySchema);
    // Its records are what the answers will be; the recorded ones would be taken for them.
    for (std::size_t i = 0; i < plan.names.size(); ++i)
      if (plan.plays[i] && plan.names[i] == name) plan.plays[i] = false, note(text + " answers, and isn't replayed");
  }
  for (const IndexEntry& entry : file.records())
    if (plan.plays[entry.record.topic]) plan.records.push_back(&entry);
  if (plan.records.empty()) return Error{ErrorCode::kInvalidArgument, options.file + ": no records of these topics"};
  return {};
}

Result<Plan> make_plan(const ReplayOptions& options, const bus::BusDir& dir, const recording::RecordingReader& file) {
  Plan plan;
  const auto pace = pace_of(options.pace);
  if (!pace) return Error{ErrorCode::kInvalidArgument, "--pace " + options.pace + ": expected original, fast or lockstep"};
  plan.pace = *pace;
  if ((plan.pace == Pace::kLockstep) == options.acks.empty())
    return Error{ErrorCode::kInvalidArgument, plan.pace == Pace::kLockstep
                                                  ? "--pace lockstep needs --ack, the topic that answers (--ack cam0/detections)"
                                                  : "--ack belongs to --pace lockstep"};
  VD_TRY(map_cameras(options, file, plan));
  VD_TRY(choose_topics(options, dir, file, plan));
  return plan;
}

class Replay {
 public:
  Replay(const ReplayOptions& options, const bus::BusDir& dir, const recording::RecordingReader& file, Plan plan)
      : options_(options), dir_(dir), file_(file), plan_(std::move(plan)), bus_(dir) {}

  Result<> run() {
    if (auto opened = open_topics(); !opened.ok()) return bus_.remove(), opened;
    wait_for_readers();
    Result<> played;
    do {
      played = play_round();
    } while (played.ok() && options_.loop && !stop_requested());
    if (played.ok() && !stop_requested() && plan_.pace != Pace::kLockstep)
      for (const std::string& name : open_) bus_.wait_taken(*bus::TopicName::parse(name));
    if (!options_.leave) bus_.remove();
    tell(true);
    return played;
  }

 private:
  // All topics before the first record, so that readers may attach; ids go on where the bus is already.
  Result<> open_topics() {
    for (const IndexEntry* entry : plan_.records) {
      const bus::TopicName& name = plan_.names[entry->record.topic];
      first_id_[name.camera] = std::min(first_id_.try_emplace(name.camera, kForever).first->second, entry->record.frame_id);
      last_id_[name.camera] = std::max(last_id_[name.camera], entry->record.frame_id);
      if (std::find(open_.begin(), open_.end(), name.text()) != open_.end()) continue;
      const auto there = bus::inspect(dir_, name);
      VD_TRY(bus_.open(name, file_.topics()[entry->record.topic]));
      current_[name.text()] = entry->record.topic;
      open_.push_back(name.text());
      if (there.ok()) newest_there_[name.camera] = std::max(newest_there_[name.camera], there->stats.frame_id);
    }
    // An answer of before must not be taken for one of now.
    for (const auto& [camera, answers] : plan_.answers)
      if (const auto there = bus::inspect(dir_, answers->topic()); there.ok())
        newest_there_[camera] = std::max(newest_there_[camera], there->stats.frame_id);
    for (const auto& [camera, first] : first_id_) {
      const std::uint64_t newest = newest_there_[camera];
      plan_.id_shifts[camera] = newest < first ? 0 : static_cast<std::int64_t>(newest + 1 - first);
      if (newest >= first)
        note(fmt::format("{}: frame ids go on after {}, {} more than recorded", camera, newest, plan_.id_shifts[camera]));
    }
    return {};
  }

  void wait_for_readers() {
    const bool lockstep = plan_.pace == Pace::kLockstep;
    if (!options_.wait_reader && !lockstep) return;
    for (const auto& [name, number] : current_) {
      const bus::TopicName topic = *bus::TopicName::parse(name);
      const bool needed =
          !lockstep || (file_.topics()[number].options.schema_id == kFrameSchema && plan_.answers.contains(topic.camera));
      if (!needed || bus_.has_reader(topic)) continue;
      note(name + ": waiting for a reader");
      bus_.wait_until(kForever, [&] { return bus_.has_reader(topic); });
    }
  }

  Result<> play_round() {
    const std::uint64_t began = monotonic_ns();
    const auto earlier = [](const IndexEntry* a, const IndexEntry* b) { return a->record.at_ns < b->record.at_ns; };
    const std::uint64_t first_at = (*std::min_element(plan_.records.begin(), plan_.records.end(), earlier))->record.at_ns;
    for (const IndexEntry* entry : plan_.records) {
      const std::uint64_t due = began + (entry->record.at_ns - first_at);
      if (plan_.pace == Pace::kOriginal) bus_.wait_until(due, [] { return false; });
      if (stop_requested()) return {};
      VD_ASSIGN(const auto payload, file_.read(*entry, buffer_));
      VD_TRY(fit_slots(*entry));
      const std::uint64_t now = plan_.pace == Pace::kOriginal ? due : monotonic_ns();
      const std::uint64_t id = publish(*entry, payload, now);
      ++played_;
      if (plan_.pace == Pace::kFast) bus_.wait_taken(plan_.names[entry->record.topic]);
      if (plan_.pace == Pace::kLockstep) VD_TRY(wait_answer(*entry, payload, id));
      tell(false);
    }
    // The next round is another time: its ids are larger.
    for (auto& [camera, shift] : plan_.id_shifts) shift += static_cast<std::int64_t>(last_id_[camera] - first_id_[camera] + 1);
    return {};
  }

  // The topic had other slots from here on.
  Result<> fit_slots(const IndexEntry& entry) {
    const bus::TopicName& name = plan_.names[entry.record.topic];
    if (std::exchange(current_[name.text()], entry.record.topic) == entry.record.topic) return {};
    return bus_.open(name, file_.topics()[entry.record.topic]);
  }

  // Published as if at `now_ns`; its id.
  std::uint64_t publish(const IndexEntry& entry, std::span<const std::byte> payload, std::uint64_t now_ns) {
    const recording::RecordedTopic& topic = file_.topics()[entry.record.topic];
    const bus::TopicName& name = plan_.names[entry.record.topic];
    const auto shift = static_cast<std::int64_t>(now_ns - entry.record.at_ns);
    recording::Move move{.shift_ns = shift, .captured_shift_ns = shift, .id_shift = plan_.id_shifts[name.camera]};
    if (name.camera != topic.name.camera) move.camera = name.camera;
    const auto id = entry.record.frame_id + static_cast<std::uint64_t>(move.id_shift);
    // What belongs to a frame says the same capture time as the frame.
    auto& shifts = shifts_[name.camera];
    if (topic.options.schema_id == kFrameSchema) {
      if (shifts.size() >= kShiftsKept) shifts.erase(shifts.begin());
      shifts[id] = shift;
    } else if (const auto frame = shifts.find(id); frame != shifts.end()) {
      move.captured_shift_ns = frame->second;
    }
    record_.assign(payload.begin(), payload.end());
    recording::restamp(topic.options.schema_id, record_, move);
    const bus::LogStamp stamp{.frame_id = id,
                              .at_ns = look::happened_at_ns(topic.options.schema_id, record_).value_or(now_ns),
                              .keyframe = (entry.record.sequence & recording::kKeyframe) != 0};
    bus_.publish(name, stamp, record_);
    return id;
  }

  Result<> wait_answer(const IndexEntry& entry, std::span<const std::byte> payload, std::uint64_t id) {
    const bus::TopicName& name = plan_.names[entry.record.topic];
    const auto answers = plan_.answers.find(name.camera);
    if (file_.topics()[entry.record.topic].options.schema_id != kFrameSchema || answers == plan_.answers.end()) return {};
    bus::Subscriber& topic = *answers->second;
    const std::uint64_t give_up = monotonic_ns() + static_cast<std::uint64_t>(options_.ack_timeout_s * 1e9);
    while (!stop_requested()) {
      const bool answered = bus_.wait_until(std::min(give_up, monotonic_ns() + kShowAgainNs),
                                            [&] { return topic.find(id).status == bus::Find::kFound; });
      if (answered || stop_requested()) break;
      if (monotonic_ns() >= give_up)
        return Error{ErrorCode::kUnavailable, fmt::format("{}: no record of frame {} within {} s; is its writer up?",
                                                          topic.topic().text(), id, options_.ack_timeout_s)};
      ++shown_again_;
      publish(entry, payload, monotonic_ns());
    }
    return {};
  }

  void tell(bool at_end) {
    const std::uint64_t now = monotonic_ns();
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    if (!at_end && (!terminal || now < next_tell_ns_)) return;
    next_tell_ns_ = now + 1'000'000'000;
    const std::string line =
        fmt::format("{} of {} records{}, {} dropped{}", played_, plan_.records.size(), options_.loop ? " a round" : "",
                    bus_.dropped(), shown_again_ != 0 ? fmt::format(", {} shown again", shown_again_) : "");
    std::fprintf(stderr, "%s%s%s", terminal ? "\r" : "", line.c_str(), terminal && !at_end ? "\x1b[K" : "\n");
  }

  const ReplayOptions& options_;
  const bus::BusDir& dir_;
  const recording::RecordingReader& file_;
  Plan plan_;
  Playback bus_;
  std::vector<std::string> open_;
  std::map<std::string, std::uint32_t> current_;  // topic on the bus -> recorded number whose slots it has
  std::map<std::string, std::uint64_t> first_id_, last_id_, newest_there_;  // by camera
  std::map<std::string, std::map<std::uint64_t, std::int64_t>> shifts_;     // by camera and frame id
  std::vector<std::byte> buffer_, record_;
  std::uint64_t played_ = 0, shown_again_ = 0, next_tell_ns_ = 0;
};

}  // namespace

Result<> replay(const ReplayOptions& options) {
  VD_ASSIGN(const auto file, recording::RecordingReader::open(options.file));
  // Unlike tools that only look, a replay may be the first on a bus.
  VD_ASSIGN(const auto dir, bus::BusDir::open(options.bus_dir));
  VD_ASSIGN(auto plan, make_plan(options, dir, file));
  if (!file.complete()) note(options.file + ": was not ended in order; its whole records are played");
  return Replay(options, dir, file, std::move(plan)).run();
}

}  // namespace vedette::tools
