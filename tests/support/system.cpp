#include "support/system.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>

#include "bus/layout.h"
#include "support/net_client.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

bus::TopicName topic(const std::string& camera, const char* name) {
  return std::move(bus::TopicName::make(camera, name)).value();
}

std::string if_there(const std::string& path) { return fs::exists(path) ? path : std::string(); }

}  // namespace

std::string binary(const std::string& name) { return std::string(VEDETTE_BIN_DIR "/") + name; }
std::string default_model() { return if_there(VEDETTE_BUILD_DIR "/models/nanodet_g_416.onnx"); }
std::string pedestrian_clip() { return if_there(VEDETTE_BUILD_DIR "/media/vtest.avi"); }

std::string generated_clip(const std::string& name, const std::string& graph, int seconds) {
  const std::string folder = VEDETTE_BUILD_DIR "/clips";
  const std::string path = folder + "/" + name;
  if (fs::exists(path)) return path;
  fs::create_directories(folder);
  // Under another name first: a test that was killed must not leave half a clip.
  const std::string part = folder + "/" + std::to_string(::getpid()) + "-" + name;
  const std::string command = "ffmpeg -v error -nostdin -y -f lavfi -i '" + graph + "' -t " + std::to_string(seconds) +
                              " -c:v mpeg4 -q:v 5 -g 30 -pix_fmt yuv420p '" + part + "'";
  if (std::system(command.c_str()) != 0) return {};
  fs::rename(part, path);
  return path;
}

std::string moving_clip() { return generated_clip("moving.mp4", "testsrc2=size=640x360:rate=30"); }
std::string empty_clip() { return generated_clip("empty.mp4", "color=color=gray:size=640x360:rate=30"); }

bool mount_tmpfs(const std::string& folder, const std::string& size) {
  static const bool is_private = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return is_private &&
         ::mount("vedette-test", folder.c_str(), "tmpfs", MS_NODEV | MS_NOSUID, ("size=" + size + ",mode=0750").c_str()) == 0;
}

std::uint16_t free_port() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return 0;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void Pulse::beat() {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ > kUndisturbed) disturbed_ = true;
  last_ = now;
}

FrameWatch::FrameWatch(const bus::BusDir& dir, const std::string& camera)
    : frames_(dir, topic(camera, "frames"), kFrameSchema, bus::Demand::every_pixel()) {}

std::optional<FrameMark> FrameWatch::since(std::uint64_t at_ns, std::chrono::seconds watchdog) {
  const auto end = std::chrono::steady_clock::now() + watchdog;
  for (pulse_.beat(); std::chrono::steady_clock::now() < end; pulse_.beat()) {
    frames_.wait(std::chrono::milliseconds(100));
    const bus::Taken taken = frames_.take_newest();
    FrameInfo info;
    if (!taken || taken.lease.bytes().size() < sizeof info) continue;
    std::memcpy(&info, taken.lease.bytes().data(), sizeof info);
    EXPECT_TRUE(check_frame(info, taken.lease.bytes().size()).ok());
    EXPECT_EQ(info.frame_id(), taken.lease.frame_id());
    const auto stats = frames_.stats();
    if (info.captured_at_ns() < at_ns || !stats) continue;
    pulse_.beat();
    return FrameMark{taken.lease.sequence(), taken.lease.frame_id(), info.captured_at_ns(), stats->dropped};
  }
  return std::nullopt;
}

DetectionWatch::DetectionWatch(const bus::BusDir& dir, const std::string& camera)
    : detections_(dir, topic(camera, "detections"), kDetectionsSchema) {}

std::optional<Detections> DetectionWatch::since(std::uint64_t at_ns, std::chrono::seconds watchdog) {
  const auto end = std::chrono::steady_clock::now() + watchdog;
  while (std::chrono::steady_clock::now() < end) {
    detections_.wait(std::chrono::milliseconds(100));
    const bus::Taken taken = detections_.take_next();
    if (!taken) continue;
    Detections record;
    EXPECT_TRUE(read_detections(taken.lease.bytes(), record).ok());
    if (record.info.published_at_ns() >= at_ns) return record;
  }
  return std::nullopt;
}

std::uint64_t DetectionWatch::published() {
  const auto stats = detections_.stats();
  return stats ? stats->published : 0;
}

System::System(SystemOptions options) : options_(std::move(options)), folder_(fs::temp_directory_path()), port_(free_port()) {
  if (options_.bus_dir.empty()) shm_ = std::make_unique<TempFolder>("/dev/shm");
  bus_path_ = shm_ ? shm_->file("bus") : options_.bus_dir;
  std::string text = "cameras:\n";
  for (const auto& [name, url] : options_.cameras) text += "  " + name + ":\n    url: \"" + url + "\"\n";
  // Restarts come soon, so that many of them fit into a test.
  text += "supervise:\n  backoff_min: 100ms\n  backoff_max: 500ms\n  healthy_after: 2s\n";
  if (!default_model().empty()) text += "detect:\n  model: \"" + default_model() + "\"\n";
  text += "storage:\n  dir: " + folder_.file("storage") + "\n";
  folder_.write("vedette.yaml", text);
}

System::~System() {
  if (!up_ || !up_->running()) return;
  if (::testing::Test::HasFailure()) ADD_FAILURE() << "log of vedette up:\n" << up_->err();
  up_->signal(SIGTERM);
  (void)up_->wait_exit(std::chrono::seconds(10));
}

std::vector<std::string> System::arguments_of(const std::string& program, const std::vector<std::string>& more) const {
  std::vector<std::string> arguments{binary(program)};
  if (program == "vedette") arguments.push_back("up");
  for (const std::string& text : {std::string("-c"), config_path(), std::string("--bus-dir"), bus_path_})
    arguments.push_back(text);
  arguments.insert(arguments.end(), {"--set", "gateway.port=" + std::to_string(port_)});
  for (const std::string& text : options_.set) arguments.insert(arguments.end(), {"--set", text});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::unique_ptr<Program> System::run(const std::string& program, const std::vector<std::string>& more) {
  return std::make_unique<Program>(arguments_of(program, more), folder_.file(std::to_string(runs_++) + "-" + program));
}

void System::start() { up_ = run("vedette", options_.arguments); }

bool System::answers(const std::string& target) const { return http_get(port_, target).status == 200; }

bool System::wait_ready() {
  const auto is_ready = [this] {
    const bool recorders = std::all_of(options_.cameras.begin(), options_.cameras.end(), [this](const auto& camera) {
      return fs::exists(bus_path_ + "/" + camera.first + "/media");
    });
    return up_->out().find("page: http://") != std::string::npos && fs::exists(bus_path_ + "/control.sock") && recorders &&
           answers("/readyz");
  };
  return wait_until([&] { return !up_->running() || is_ready(); }) && up_->running();
}

std::optional<pid_t> System::stage(const std::string& program) const {
  for (const ChildProcess& child : stages())
    if (child.name == program) return child.pid;
  return std::nullopt;
}

const bus::BusDir& System::bus() {
  if (!bus_) bus_ = std::move(bus::BusDir::open(bus_path_)).value();
  return *bus_;
}

std::map<std::string, std::int64_t> System::bus_files() const {
  std::map<std::string, std::int64_t> files;
  std::error_code gone;
  for (const auto& entry : fs::recursive_directory_iterator(bus_path_, gone)) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) == 0) files[fs::relative(entry.path(), bus_path_, gone)] = status.st_blocks * 512;
  }
  return files;
}

std::map<std::string, std::int64_t> System::all_bus_files() const {
  wait_until([&] { return bus_files().contains("front/tracks"); });
  return bus_files();
}

std::map<std::string, int> System::settled_bus_readers() const {
  std::map<std::string, int> readers;
  auto since = std::chrono::steady_clock::now();
  wait_until([&] {
    const auto now = bus_readers();
    if (now != readers) since = std::chrono::steady_clock::now(), readers = now;
    return std::chrono::steady_clock::now() - since > std::chrono::milliseconds(1500);
  });
  return readers;
}

std::map<std::string, int> System::bus_readers() const {
  std::map<std::string, int> readers;
  for (const auto& [name, size] : bus_files()) {
    if (!name.ends_with(".leases")) continue;
    const std::string bytes = read_file(bus_path_ + "/" + name);
    std::uint32_t entries = 0, stride = 0;
    if (bytes.size() < sizeof(bus::LeaseHeader)) continue;
    std::memcpy(&entries, bytes.data() + offsetof(bus::LeaseHeader, readers), sizeof entries);
    std::memcpy(&stride, bytes.data() + offsetof(bus::LeaseHeader, entry_stride), sizeof stride);
    for (std::size_t i = 0; i < entries && sizeof(bus::LeaseHeader) + (i + 1) * stride <= bytes.size(); ++i) {
      std::int32_t pid = 0;
      std::memcpy(&pid, bytes.data() + sizeof(bus::LeaseHeader) + i * stride + offsetof(bus::LeaseEntry, pid), sizeof pid);
      readers[name] += pid != 0;
    }
  }
  return readers;
}

}  // namespace vedette::test
