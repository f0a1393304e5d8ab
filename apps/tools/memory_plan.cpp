#include "tools/memory_plan.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/process.h"
#include "base/unique_fd.h"
#include "bus/inspect.h"
#include "bus/log.h"
#include "schema/frame.h"
#include "stage/topics.h"

namespace vedette::tools {
namespace {

constexpr std::uint64_t kPatienceNs = 10'000'000'000;
// Of H.264 at its largest: 16 reference pictures, one in work, one handed out.
constexpr std::uint32_t kAssumedWriterSlots = 18;

// A bus directory of nobody, for capture to look at a camera without the running bus: gone with this.
class EmptyBus {
 public:
  EmptyBus() {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~EmptyBus() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  EmptyBus(const EmptyBus&) = delete;
  EmptyBus& operator=(const EmptyBus&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/dev/shm/vedette-doctor-XXXXXX";
};

// A program of ours whose first line on standard output is the answer. Ends with this object.
class Question {
 public:
  explicit Question(std::vector<std::string> arguments) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    answer_.reset(ends[0]);
    const UniqueFd theirs(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    if (::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
    ::posix_spawn_file_actions_destroy(&actions);
  }
  ~Question() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  // Empty if it ends, or the time does, without one.
  std::string answer(std::uint64_t until_ns) {
    std::string text;
    while (pid_ > 0 && text.find('\n') == std::string::npos && text.size() < 4096) {
      const std::uint64_t now = monotonic_ns();
      pollfd ready{.fd = answer_.get(), .events = POLLIN, .revents = 0};
      if (now >= until_ns || stop_requested() || ::poll(&ready, 1, static_cast<int>((until_ns - now) / 1'000'000 + 1)) <= 0)
        break;
      char chunk[512];
      const ssize_t got = ::read(answer_.get(), chunk, sizeof chunk);
      if (got <= 0) break;
      text.append(chunk, static_cast<std::size_t>(got));
    }
    return text.substr(0, text.find('\n'));
  }

 private:
  UniqueFd answer_;
  pid_t pid_ = -1;
};

struct Pictures {
  std::uint64_t slot_bytes = 0;
  std::uint32_t writer_slots = 0;
  std::optional<std::uint64_t> packets_bytes = std::nullopt;  // 0: no such topic
};

std::optional<Pictures> parse(const std::string& answer) {
  const auto json = nlohmann::json::parse(answer, nullptr, false);
  if (!json.is_object() || !json.contains("slot_bytes") || !json.contains("writer_slots")) return std::nullopt;
  if (!json["slot_bytes"].is_number_unsigned() || !json["writer_slots"].is_number_unsigned()) return std::nullopt;
  Pictures pictures{json["slot_bytes"].get<std::uint64_t>(), json["writer_slots"].get<std::uint32_t>()};
  if (json.contains("packets_bytes") && json["packets_bytes"].is_number_unsigned())
    pictures.packets_bytes = json["packets_bytes"].get<std::uint64_t>();
  return pictures;
}

std::optional<Pictures> on_the_bus(const std::optional<bus::BusDir>& dir, const std::string& camera) {
  if (!dir) return std::nullopt;
  const auto report = bus::inspect(*dir, {camera, "frames"});
  if (!report.ok()) return std::nullopt;
  return Pictures{report->options.slot_bytes, report->options.writer_slots};
}

// What an input's log takes by the configuration alone.
std::uint64_t packets_bytes(const CameraConfig& camera, const InputConfig& input, const stage::Share& share) {
  // A camera whose pictures are changed here has JPEGs of ours; else who streams over these sends H.264 or H.265.
  const bool remade = (!camera.masks.empty() || camera.rotate != 0 || camera.flip != "none") && !camera.record_unmasked;
  const bool streams = input.url.starts_with("rtsp") || input.url.starts_with("rtmp") || input.url.starts_with("tcp:") ||
                       input.url.starts_with("udp:");
  stage::PacketsKept kept;
  kept.codec = streams && !remade ? Codec::H264 : Codec::MJPEG;
  kept.pre_roll = camera.pre_roll;
  kept.keyframe_interval = camera.keyframe_interval;
  kept.max_mbit = camera.max_mbit;
  kept.fps = camera.fps;
  return bus::bytes_needed(stage::packets_log(share, kept));
}

// An input's log: as it is on the bus, as the camera's packets ask for it, or as the configuration lets one expect.
void plan_packets(MemoryPlan& plan, const CameraConfig& camera, const InputConfig& input, const stage::Share& share,
                  const std::optional<bus::BusDir>& dir, const std::optional<Pictures>& looked, bool runs) {
  const bus::TopicName topic{camera.name, stage::packets_topic(input.name)};
  if (dir)
    if (const auto report = bus::inspect(*dir, topic); report.ok())
      return plan.topics.push_back({topic.text(), report->bytes(), "bus"});
  if (runs && input.name.empty()) return;  // it has none
  const bool changed = !camera.masks.empty() || camera.rotate != 0 || camera.flip != "none";
  if (looked && looked->packets_bytes && input.name.empty() && !changed) {
    if (*looked->packets_bytes > 0) plan.topics.push_back({topic.text(), *looked->packets_bytes, "camera"});
    return;
  }
  plan.topics.push_back({topic.text(), packets_bytes(camera, input, share), "config"});
}

// What is made of a camera that sends pictures without a bitstream; of one that has a bitstream nothing is.
void plan_encoded(MemoryPlan& plan, const Config& config, const CameraConfig& camera, const stage::Share& share,
                  const std::optional<bus::BusDir>& dir) {
  if (!may_be_raw(camera)) return;
  const auto is_planned = [&](const PlannedTopic& topic) { return topic.topic == camera.name + "/" + stage::packets_topic(""); };
  if (std::any_of(plan.topics.begin(), plan.topics.end(), is_planned)) return;
  const bus::TopicName topic{camera.name, stage::kEncodedTopic};
  if (dir)
    if (const auto report = bus::inspect(*dir, topic); report.ok())
      return plan.topics.push_back({topic.text(), report->bytes(), "bus"});
  const auto log = stage::encoded_log(share, config.encode.keyframe_interval, config.encode.max_mbit);
  plan.topics.push_back({topic.text(), bus::bytes_needed(log), "config"});
}

}  // namespace

std::uint64_t MemoryPlan::bytes() const {
  std::uint64_t sum = 0;
  for (const PlannedTopic& topic : topics) sum += topic.bytes;
  return sum;
}

MemoryPlan plan_memory(const Config& config, const CommonOptions& options, const std::optional<bus::BusDir>& dir) {
  const stage::Share share{config.bus.readers, config.bus.held_per_reader};
  const EmptyBus nobodys;
  const std::vector<std::string> handed_on = hand_on(options);
  std::vector<std::optional<Pictures>> known;
  std::vector<std::unique_ptr<Question>> questions;
  for (const CameraConfig& camera : config.cameras) {
    known.push_back(on_the_bus(dir, camera.name));
    questions.emplace_back();
    if (known.back() || nobodys.path().empty() || camera.url == kExternalCamera) continue;
    if (camera.url == kIngestedCamera) continue;  // nobody pushes its pictures to the bus of nobody
    std::vector<std::string> arguments = {executable_dir() + "/vedette-capture"};
    arguments.insert(arguments.end(), handed_on.begin(), handed_on.end());
    arguments.insert(arguments.end(), {"--camera", camera.name, "--bus-dir", nobodys.path(), "--plan"});
    questions.back() = std::make_unique<Question>(std::move(arguments));
  }
  const std::uint64_t until = monotonic_ns() + kPatienceNs;
  MemoryPlan plan;
  for (std::size_t i = 0; i < config.cameras.size(); ++i) {
    const CameraConfig& camera = config.cameras[i];
    const auto looked = questions[i] ? parse(questions[i]->answer(until)) : std::nullopt;
    const Pictures pictures = known[i] ? *known[i]
                              : looked ? *looked
                                       : Pictures{frame_layout(PixelFormat::I420, 1920, 1088).slot_bytes, kAssumedWriterSlots};
    const auto add = [&](const char* topic, const bus::RingOptions& ring, const std::string& basis) {
      plan.topics.push_back({camera.name + "/" + topic, bus::bytes_needed(ring), basis, camera.url == kExternalCamera});
    };
    add("frames", stage::frames_ring(share, pictures.slot_bytes, pictures.writer_slots),
        known[i] ? "bus"
        : looked ? "camera"
                 : "assumed");
    if (camera.url != kExternalCamera) {
      for (const InputConfig& input : inputs_of(camera)) {
        plan.topics.push_back(
            {camera.name + "/" + stage::source_topic(input.name), bus::bytes_needed(stage::source_ring(share)), "config"});
        plan_packets(plan, camera, input, share, dir, looked, known[i].has_value());
        if (input.url == kIngestedCamera)
          plan.topics.push_back({camera.name + "/" + stage::kIngestTopic,
                                 bus::bytes_needed(stage::ingest_log(share, stage::kIngestPictureBytes)), "config"});
      }
    }
    // The names of the model's classes may take a page.
    if (camera.detect) add("detections", stage::detections_ring(share, std::string(4000, ' ')), "config");
    if (camera.detect) add("tracks", stage::tracks_ring(share, std::string(4000, ' ')), "config");
    if (camera.detect && config.motion.gate) add("motion", stage::motion_ring(share), "config");
    plan_encoded(plan, config, camera, share, dir);
    add("control", stage::control_ring(share), "config");
    add("state", stage::state_ring(share), "config");
    add("events", stage::events_ring(share), "config");
    if (config.record.enabled) add("media", stage::media_ring(share), "config");
  }
  return plan;
}

}  // namespace vedette::tools
