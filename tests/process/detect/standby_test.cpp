// What the detector costs while nothing happens, in counts: how often it calls the kernel, and what it keeps in memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "process/detect/detect_fixture.h"
#include "schema/motion.h"
#include "support/model_scenes.h"
#include "support/system_calls.h"

namespace vedette::test {
namespace {

using std::chrono::milliseconds;

class DetectStandby : public DetectFixture {
 protected:
  void start() {
    program_ = std::make_unique<DetectProgram>(arguments({"front"}, {"--set", "motion.hold=200ms"}));
    ASSERT_TRUE(wait_until([&] {
      play();
      return front_.frames.demand().pixels;
    })) << program_->output();
    bus::Subscriber moves(dir_, {"front", "motion"}, kMotionSchema);
    ASSERT_TRUE(wait_until([&] {
      play();
      const bus::Taken taken = moves.take_newest();
      MotionInfo info;
      if (taken) std::memcpy(&info, taken.lease.bytes().data(), sizeof info);
      return taken && info.model_skipped() == 1;
    })) << program_->output();
  }

  // Capture and control as they are in Standby: three pictures a second, signs of life four times.
  void play() {
    const std::uint64_t now = monotonic_ns();
    if (age_ns(last_frame_ns_, now) >= 333'000'000) front_.publish_frame(), last_frame_ns_ = now, ++frames_;
    if (age_ns(last_control_ns_, now) < 250'000'000) return;
    last_control_ns_ = now;
    front_.publish_control(3.0f, false, 7);
    front_.frames.beat();
    front_.control.beat();
  }

  Upstream front_{dir_, "front", PixelFormat::I420, 640, 360};
  std::unique_ptr<DetectProgram> program_;
  std::uint64_t last_frame_ns_ = 0, last_control_ns_ = 0;
  int frames_ = 0;
};

TEST_F(DetectStandby, AStillPictureWakesItForItsFramesAndItsSignsOfLife) {
  start();
  SystemCalls calls(program_->pid());
  ASSERT_TRUE(calls.traced());
  frames_ = 0;
  const std::uint64_t begun = monotonic_ns();
  const std::size_t made = calls.count(milliseconds(6000), [this] { play(); });
  const double seconds = static_cast<double>(age_ns(begun)) / 1e9;
  std::cout << static_cast<double>(made) / seconds << " system calls a second" << std::endl;
  EXPECT_GT(frames_, 10);
  EXPECT_GE(made, static_cast<std::size_t>(2 * seconds)) << "it does give signs of life";
  // A sleep a picture, and two looks whether the files are still the topic's; once a second readers are counted; every
  // two seconds the overrides are looked for, every five the model's file.
  EXPECT_LE(made, static_cast<std::size_t>(12 * seconds));
}

// Kilobytes in memory of a process's mappings, but for those of files below any of `folders`.
std::size_t resident_kb_but(pid_t pid, const std::vector<std::string>& folders) {
  std::ifstream maps("/proc/" + std::to_string(pid) + "/smaps");
  std::size_t sum = 0;
  bool counted = false;
  for (std::string line; std::getline(maps, line);) {
    const std::size_t dash = line.find('-'), colon = line.find(':');
    if (dash < colon && dash < line.find(' ')) {  // "7f00-7f01 r--p 0 00:01 7 /a/file": its figures follow
      const std::string file = line.substr(std::min(line.find('/'), line.size()));
      counted =
          std::none_of(folders.begin(), folders.end(), [&](const std::string& folder) { return file.rfind(folder, 0) == 0; });
    } else if (counted && line.rfind("Rss:", 0) == 0) {
      sum += std::stoul(line.substr(4));
    }
  }
  return sum;
}

TEST_F(DetectStandby, KeepsLittleInMemory) {
  const std::string model = VEDETTE_BUILD_DIR "/models/nanodet_g_416.onnx";
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "no default model in this build: run scripts/fetch-model";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's own memory counts too";
#endif
  std::filesystem::copy_file(model, model_, std::filesystem::copy_options::overwrite_existing);
  Upstream yard(dir_, "yard", PixelFormat::I420, 1920, 1080);
  DetectProgram program(arguments({"yard"}, {"--set", "detect.cache=" + folder_ + "/cache"}));
  bus::Subscriber results(dir_, {"yard", "detections"}, kDetectionsSchema);
  ASSERT_TRUE(wait_until([&] { return yard.frames.demand().pixels; })) << program.output();
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t id = yard.publish_square(static_cast<std::uint32_t>(i % 15));
    ASSERT_TRUE(wait_until([&] { return static_cast<bool>(results.find(id)); })) << program.output();
  }
  const std::size_t kb = resident_kb_but(program.pid(), {path_, folder_});
  std::cout << "resident without rings and the model's files: " << kb / 1024 << " MiB" << std::endl;
  EXPECT_GT(kb, 5'000u);
  EXPECT_LE(kb, 60u * 1024);
}

}  // namespace
}  // namespace vedette::test
