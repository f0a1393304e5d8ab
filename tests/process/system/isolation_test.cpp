// The stages in Pods that share nothing but one tmpfs: capture in one, detect and control in another, the gateway outside. Each
// of them killed in turn, then each Pod; nobody restarts them but this test, as an orchestrator does.
#include <gtest/gtest.h>

#include <sys/mount.h>

#include <csignal>
#include <filesystem>
#include <map>

#include "process/system/expectations.h"
#include "support/pod.h"

namespace vedette::test {
namespace {

class SystemIsolation : public ::testing::Test {
 protected:
  void SetUp() override {
    VD_NEED_MODEL_AND_CLIP();
    if (!mount_tmpfs(shared_.path(), "512m")) GTEST_SKIP() << "mounting a tmpfs of one's own takes root";
    mounted_ = true;
    make_pods();
    if (!capture_pod_->lives() || !analysis_pod_->lives())
      GTEST_SKIP() << "no permission to make pid, mount, net and ipc namespaces, or no unshare of util-linux";
    system_ = std::make_unique<System>(SystemOptions{.cameras = {{"front", moving_clip()}}, .bus_dir = shared_.path() + "/bus"});
  }
  void TearDown() override {
    stages_.clear();
    capture_pod_.reset(), analysis_pod_.reset();
    system_.reset();
    if (mounted_) ::umount2(shared_.path().c_str(), MNT_DETACH);
  }

  void make_pods() {
    capture_pod_ = std::make_unique<Pod>(logs_.file("capture-pod"));
    analysis_pod_ = std::make_unique<Pod>(logs_.file("analysis-pod"));
  }
  void start(const std::string& stage) {
    const std::vector<std::string> more =
        stage == "capture" ? std::vector<std::string>{"--camera", "front"} : std::vector<std::string>{};
    const auto arguments = system_->arguments_of("vedette-" + stage, more);
    stages_[stage] = stage == "gateway"   ? system_->run("vedette-gateway")
                     : stage == "capture" ? capture_pod_->run(arguments)
                                          : analysis_pod_->run(arguments);
  }
  // The stage's own process: not nsenter, and it is really elsewhere.
  pid_t process_of(const std::string& stage) {
    if (stage == "gateway") return stages_[stage]->pid();
    std::optional<pid_t> pid;
    EXPECT_TRUE(wait_until([&] { return (pid = inner_process(*stages_[stage])).has_value(); })) << stages_[stage]->err();
    for (const char* space : {"pid", "mnt", "net", "ipc"}) {
      const auto link = [&](const std::string& who) {
        return std::filesystem::read_symlink("/proc/" + who + "/ns/" + space).string();
      };
      EXPECT_NE(link(std::to_string(*pid)), link("self")) << stage;
    }
    return *pid;
  }
  bool is_ready() {
    return wait_until([&] { return system_->answers("/readyz"); });
  }

  TempFolder logs_{std::filesystem::temp_directory_path()};
  TempFolder shared_{"/dev/shm"};
  bool mounted_ = false;
  std::unique_ptr<Pod> capture_pod_, analysis_pod_;
  std::unique_ptr<System> system_;
  std::map<std::string, std::unique_ptr<Program>> stages_;
};

TEST_F(SystemIsolation, StagesInPodsOfTheirOwnAreKilledAndComeBack) {
  for (const char* stage : {"capture", "detect", "control", "gateway"}) start(stage);
  ASSERT_TRUE(is_ready()) << stages_["capture"]->err() << stages_["detect"]->err() << stages_["gateway"]->err();
  FrameWatch frames(system_->bus(), "front");
  DetectionWatch detections(system_->bus(), "front");
  ASSERT_TRUE(frames.since(0) && detections.since(0));
  const auto files = system_->all_bus_files();
  const auto readers = system_->settled_bus_readers();

  for (const std::string stage : {"detect", "control", "gateway", "capture", "detect", "capture"}) {
    SCOPED_TRACE(stage);
    const auto before = frames.since(0);
    ASSERT_TRUE(before);
    const pid_t victim = process_of(stage);
    ::kill(victim, SIGKILL);
    ASSERT_TRUE(wait_until([&] { return has_ended(victim); }));
    if (stage != "capture") {  // the camera doesn't notice
      const auto after = frames.since(monotonic_ns());
      ASSERT_TRUE(after);
      EXPECT_EQ(after->dropped, before->dropped);
    }
    start(stage);
    const auto frame = frames.since(monotonic_ns());
    ASSERT_TRUE(frame) << stages_[stage]->err();
    EXPECT_GT(frame->sequence, before->sequence) << "the same files, taken over";
    EXPECT_GT(frame->frame_id, before->frame_id);
    EXPECT_TRUE(detections.since(frame->captured_at_ns)) << stages_["detect"]->err();
    EXPECT_TRUE(is_ready());
  }
  EXPECT_TRUE(wait_until([&] { return system_->bus_readers() == readers; })) << "reader entries leak";
  EXPECT_TRUE(wait_until([&] { return system_->bus_files() == files; }));
}

TEST_F(SystemIsolation, APodThatDiesAsAWholeIsMadeAgain) {
  for (const char* stage : {"capture", "detect", "control", "gateway"}) start(stage);
  ASSERT_TRUE(is_ready()) << stages_["capture"]->err() << stages_["detect"]->err();
  FrameWatch frames(system_->bus(), "front");
  DetectionWatch detections(system_->bus(), "front");
  ASSERT_TRUE(frames.since(0) && detections.since(0));
  for (const bool analysis : {true, false, true}) {
    auto& pod = analysis ? analysis_pod_ : capture_pod_;
    const auto before = frames.since(0);
    ASSERT_TRUE(before);
    pod->kill();
    const std::uint64_t killed_ns = monotonic_ns();
    EXPECT_TRUE(!analysis || frames.since(killed_ns)) << "the camera's Pod goes on";
    pod = std::make_unique<Pod>(logs_.file(std::to_string(killed_ns)));
    ASSERT_TRUE(pod->lives());
    for (const std::string stage : {"capture", "detect", "control"})
      if ((stage != "capture") == analysis) start(stage);
    const auto frame = frames.since(monotonic_ns());
    ASSERT_TRUE(frame);
    EXPECT_GT(frame->sequence, before->sequence);
    EXPECT_TRUE(detections.since(frame->captured_at_ns));
    EXPECT_TRUE(is_ready());
  }
}

}  // namespace
}  // namespace vedette::test
