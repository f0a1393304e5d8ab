#include "tools/machine_checks.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

#include "base/process.h"
#include "tools/output.h"

namespace vedette::tools {
namespace {

namespace fs = std::filesystem;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The folder itself, or the nearest above it that exists.
std::string existing(std::string place) {
  std::error_code error;
  while (!fs::exists(place, error) && place.size() > 1) place = fs::path(place).parent_path();
  return place.empty() ? "." : place;
}

std::string tidy(const std::string& path) { return fs::path(path).lexically_normal(); }

// As much again as there is missing, in whole MiB.
std::uint64_t mebibytes(std::uint64_t bytes) { return (bytes + (1u << 20) - 1) >> 20; }

void check_cgroup(Findings& findings, std::uint64_t missing) {
  const std::size_t free = bus::cgroup_free_bytes();
  if (free == std::numeric_limits<std::size_t>::max())
    return findings.push_back({Health::kOk, "cgroup", "no memory limit on this process", ""});
  if (free >= missing) return findings.push_back({Health::kOk, "cgroup", size_text(free) + " left of the memory limit", ""});
  findings.push_back(
      {Health::kBad, "cgroup",
       fmt::format("{} left of the memory limit, but the topics need {} more", size_text(free), size_text(missing)),
       fmt::format("raise the limit by {} MiB (docker --memory, a Pod's resources.limits.memory, systemd MemoryMax)",
                   mebibytes(missing - free))});
}

// A thread that spins keeps its processor for itself; the loader has seen to it that the processor is there.
void check_processors(Findings& findings, const Config& config) {
  const unsigned processors = std::thread::hardware_concurrency();
  unsigned spinning = 0;
  for (const WaitConfig& waiting : {config.detect.waiting, config.control.waiting, config.gateway.waiting})
    spinning += waiting.wait.kind == bus::WaitPolicy::Kind::kSpin;
  if (spinning != 0 && spinning >= processors)
    findings.push_back({Health::kBad, "processors",
                        fmt::format("{} stages spin on {} processors: nothing is left for the rest", spinning, processors),
                        "wait: hybrid(50us) or block for some of them"});
  else
    findings.push_back({Health::kOk, "processors",
                        spinning == 0 ? fmt::format("{}, no stage spins", processors)
                                      : fmt::format("{}, of which {} for stages that spin", processors, spinning),
                        ""});
}

}  // namespace

void check_memory(Findings& findings, const std::string& place, std::optional<std::uint64_t> needed, std::uint64_t taken) {
  const std::uint64_t missing = needed ? *needed - std::min(*needed, taken) : 0;
  const std::string there = existing(place);
  struct statfs filesystem {};
  if (::statfs(there.c_str(), &filesystem) != 0)
    return findings.push_back({Health::kBad, "tmpfs", there + " can't be looked at", "check the path given by --bus-dir"});
  if (filesystem.f_type != TMPFS_MAGIC)
    return findings.push_back({Health::kBad, "tmpfs", place + " is not in a tmpfs: frames would go through a disk",
                               "choose a folder below /dev/shm (--bus-dir), or mount a tmpfs there"});
  const std::uint64_t free = filesystem.f_bavail * static_cast<std::uint64_t>(filesystem.f_bsize);
  const std::uint64_t size = filesystem.f_blocks * static_cast<std::uint64_t>(filesystem.f_bsize);
  const std::string topics =
      needed ? fmt::format("the topics need {}, of which {} are there", size_text(*needed), size_text(std::min(*needed, taken)))
             : fmt::format("the topics take {}", size_text(taken));
  const std::string text = fmt::format("{}; {} of {} are free", topics, size_text(free), size_text(size));
  if (size != 0 && free < missing)
    findings.push_back(
        {Health::kBad, "tmpfs", text,
         fmt::format("enlarge it to {} MiB (mount -o remount,size={}m {}; docker --shm-size; sizeLimit of the emptyDir), "
                     "or lower bus.readers",
                     mebibytes(size + missing - free), mebibytes(size + missing - free), there)});
  else
    findings.push_back({Health::kOk, "tmpfs", text, ""});
  check_cgroup(findings, missing);
}

void check_kernel(Findings& findings) {
  constexpr long kSysFutexWaitv = 449;  // older headers lack it
  const long answer = ::syscall(kSysFutexWaitv, nullptr, 0, 0, nullptr, 0);
  if (answer < 0 && (errno == ENOSYS || errno == EPERM))
    findings.push_back({Health::kWarn, "futex_waitv", "not to be had here: waiting for several topics takes a thread each",
                        "Linux 5.16 or later, or a container runtime whose seccomp profile allows it"});
  else
    findings.push_back({Health::kOk, "futex_waitv", "there: one call waits for several topics", ""});
}

void check_swap(Findings& findings) {
  std::ifstream file("/proc/swaps");
  std::string line, devices;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) devices += (devices.empty() ? "" : ", ") + line.substr(0, line.find_first_of(" \t"));
  const std::string swappiness = first_line("/proc/sys/vm/swappiness");
  if (devices.empty()) return findings.push_back({Health::kOk, "swap", "none: frames stay in memory", ""});
  if (swappiness == "0") return findings.push_back({Health::kOk, "swap", devices + ", but vm.swappiness is 0", ""});
  findings.push_back({Health::kWarn, "swap",
                      devices + " is active and vm.swappiness is " + swappiness + ": pages of a tmpfs can be swapped out",
                      "swapoff -a, or sysctl vm.swappiness=0, or mount the tmpfs with noswap (Linux 6.4)"});
}

void check_stages(Findings& findings, const look::BusSample& sample) {
  std::size_t stages = 0;
  std::string with_cores, outdated, elsewhere;
  for (const auto& [pid, process] : sample.processes) {
    if (process.name.rfind("vedette-", 0) != 0 || process.name == "vedette-tools") continue;
    ++stages;
    const std::string shown = fmt::format(" {} {}", process.name, pid);
    if (const auto limit = look::core_limit(pid); limit && *limit != 0) with_cores += shown;
    std::error_code error;
    const std::string program = fs::read_symlink("/proc/" + std::to_string(pid) + "/exe", error);
    if (error) continue;  // of another user
    if (program.ends_with(" (deleted)"))
      outdated += shown;
    else if (fs::path(program).parent_path() != fs::path(executable_dir()))
      elsewhere += shown + " (" + program + ")";
  }
  if (!outdated.empty())
    findings.push_back({Health::kWarn, "versions", "run a program that was replaced since:" + outdated, "restart vedette up"});
  if (!elsewhere.empty())
    findings.push_back({Health::kWarn, "versions", "come from another installation than this vedette:" + elsewhere,
                        "use the vedette beside them, or stop one of the two"});
  if (outdated.empty() && elsewhere.empty())
    findings.push_back(
        {Health::kOk, "versions",
         (stages == 0 ? "no stage runs; this is" : counted(stages, "stage") + " of") + std::string(" vedette " VEDETTE_VERSION),
         ""});
  const std::string pattern = first_line("/proc/sys/kernel/core_pattern");
  if (with_cores.empty())
    findings.push_back(
        {Health::kOk, "core dumps", stages == 0 ? "no stage runs" : "off in all stages: a dead one's locks fall at once", ""});
  else
    findings.push_back(
        {Health::kWarn, "core dumps",
         "on in" + with_cores + " (core_pattern " + pattern + "): while one is written its leases stay held for seconds",
         "leave RLIMIT_CORE at the 0 that stages set (prlimit --core=0 --pid PID)"});
}

void check_configured(Findings& findings, const Config& config) {
  const std::string model = config.detect.model.empty() ? tidy(data_dir() + "/models/nanodet_g_416.onnx") : config.detect.model;
  const auto detects = [](const CameraConfig& camera) { return camera.detect; };
  if (std::none_of(config.cameras.begin(), config.cameras.end(), detects))
    findings.push_back({Health::kOk, "model", "no camera wants a detector", ""});
  else if (::access(model.c_str(), R_OK) != 0)
    findings.push_back({Health::kBad, "model", model + " can't be read", "make demo makes the default one; or set detect.model"});
  else
    findings.push_back({Health::kOk, "model", model, ""});
  const std::string page =
      (config.gateway.web_root.empty() ? tidy(data_dir() + "/web") : config.gateway.web_root) + "/index.html";
  if (::access(page.c_str(), R_OK) != 0)
    findings.push_back({Health::kWarn, "page", page + " can't be read: there is no page, only the API",
                        "make build builds it; or set gateway.web_root"});
  else
    findings.push_back({Health::kOk, "page", page, ""});
  check_processors(findings, config);
}

}  // namespace vedette::tools
