// The real vedette-detect on a real bus, from outside: what it publishes, how it follows control, how it ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <sstream>

#include "base/cpu.h"
#include "base/process.h"
#include "bus/attachment.h"
#include "process/detect/detect_fixture.h"
#include "support/model_scenes.h"
#include "vision/jpeg.h"

namespace vedette::test {
namespace {

class DetectProcess : public DetectFixture {
 protected:
  bus::Subscriber detections_of(const std::string& camera) { return {dir_, {camera, "detections"}, kDetectionsSchema}; }

  // The result for exactly that frame.
  bool find(bus::Subscriber& results, std::uint64_t frame_id, Detections& out) {
    return wait_until([&] {
      const bus::Found found = results.find(frame_id);
      return found && read_detections(found.lease.bytes(), out).ok();
    });
  }
};

TEST_F(DetectProcess, PublishesWhatItSawUnderTheFramesOwnId) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64);
  DetectProgram program(arguments({"front"}));
  bus::Subscriber results = detections_of("front");
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().pixels; })) << program.output();
  EXPECT_FLOAT_EQ(front.frames.demand().fps, 30.0f);  // the configured rate: control is away
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t id = front.publish_frame();
    Detections seen;
    ASSERT_TRUE(find(results, id, seen)) << program.output();
    EXPECT_EQ(seen.info.frame_id(), id);
    EXPECT_EQ(seen.info.trace().trace_id_low(), id ^ 0x5a5a);
    EXPECT_EQ(seen.info.source_width(), 192u);
    EXPECT_GT(seen.info.captured_at_ns(), 0u);
    EXPECT_GE(seen.info.published_at_ns(), seen.info.captured_at_ns());
    EXPECT_GT(seen.info.inference_ns(), 0u);
    ASSERT_EQ(seen.boxes.size(), kScene.size());
    EXPECT_NEAR(seen.boxes[0].x(), 0.175, 1e-4);
  }
  EXPECT_EQ(results.metadata().substr(0, 18), "person\nbicycle\ncar");
}

TEST_F(DetectProcess, LooksAtARegionAtTheModelsResolutionAndSaysWhereThingsAreInTheWholePicture) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64);
  DetectProgram program(arguments({"front"}, {"--set", "cameras.front.detect_region=0.2,0.5 0.7,0.75"}));
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().pixels; })) << program.output();
  EXPECT_EQ(front.frames.demand().width, 2 * kSceneSide);
  EXPECT_EQ(front.frames.demand().height, 4 * kSceneSide);
  bus::Subscriber results = detections_of("front");
  Detections seen;
  ASSERT_TRUE(find(results, front.publish_frame(), seen)) << program.output();
  ASSERT_EQ(seen.boxes.size(), kScene.size());
  // The region's pixels: 19 to 68 of 96, 32 to 48 of 64.
  EXPECT_NEAR(seen.boxes[0].x(), (19 + 49 * 0.175) / 96, 1e-4);
  EXPECT_NEAR(seen.boxes[0].width(), 49 * 0.25 / 96, 1e-4);
  EXPECT_NEAR(seen.boxes[0].y(), (32 + 16 * 0.2) / 64, 1e-4);
  EXPECT_NEAR(seen.boxes[0].height(), 16 * 0.5 / 64, 1e-4);
}

TEST_F(DetectProcess, SpinsOnACoreOfItsOwnAndRingsNoBell) {
  if (online_cpus().size() < 2 || cpu_quota() < 1.0) GTEST_SKIP() << "nobody may spin here";
  const std::string cpu = std::to_string(allowed_cpus().back());
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64);
  const auto frames = bus::Attachment::attach_to_wait(dir_, topic("front/frames"), kFrameSchema);
  ASSERT_TRUE(frames.ok());
  const std::uint32_t rung = (*frames)->header().doorbell.load();
  DetectProgram program(
      arguments({"front"}, {"--set", "detect.wait=spin", "--set", "detect.cpu=" + cpu, "--set", "detect.fps=1000"}));
  bus::Subscriber results = detections_of("front");
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().pixels; })) << program.output();
  for (int i = 0; i < 10; ++i) {
    Detections seen;
    ASSERT_TRUE(find(results, front.publish_frame(), seen)) << program.output();
  }
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait_exit(), 0);
  EXPECT_EQ((*frames)->header().doorbell.load(), rung) << "it never slept on the topic";
}

TEST_F(DetectProcess, WhereThereIsNoCudaTheLogSaysWhyAndTheCpuDoesIt) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64);
  DetectProgram program(arguments({"front"}, {"--set", "detect.provider=cuda"}));
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().pixels; })) << program.output();
  bus::Subscriber results = detections_of("front");
  Detections seen;
  ASSERT_TRUE(find(results, front.publish_frame(), seen)) << program.output();
  EXPECT_EQ(seen.boxes.size(), kScene.size());
  const std::string said = program.output();
  if (said.find(" classes, on cuda") != std::string::npos) GTEST_SKIP() << "there is one here";
  EXPECT_NE(said.find(" classes, on cpu, "), std::string::npos) << said;
  // One line, at the level that is seen, with a reason.
  std::istringstream lines(said);
  int remarks = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find("cuda can't run the model: ");
    if (at == std::string::npos) continue;
    ++remarks;
    EXPECT_NE(line.substr(0, at).find("warn"), std::string::npos) << line;
    EXPECT_GT(line.size(), at + std::strlen("cuda can't run the model: ") + 10) << line;
  }
  EXPECT_EQ(remarks, 1) << said;
}

TEST_F(DetectProcess, EveryCameraGetsItsTurn) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64), yard(dir_, "yard", PixelFormat::NV12, 33, 47);
  DetectProgram program(arguments({"front", "yard"}, {"--set", "detect.fps=1000"}));
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().pixels && yard.frames.demand().pixels; })) << program.output();
  bus::Subscriber front_results = detections_of("front"), yard_results = detections_of("yard");
  // The front camera never pauses; yard's single frames are seen all the same.
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t id = yard.publish_frame();
    ASSERT_TRUE(wait_until([&] {
      front.publish_frame();
      return static_cast<bool>(yard_results.find(id));
    })) << program.output();
  }
  EXPECT_TRUE(wait_until([&] { return static_cast<bool>(front_results.take_newest()); }));
}

TEST_F(DetectProcess, ControlSaysHowManyAndWhether) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64);
  front.publish_control(3.0f, false, 7);
  DetectProgram program(arguments({"front"}));
  bus::Subscriber results = detections_of("front");
  const auto demands = [&](bool pixels, float fps) {
    return wait_until([&] {
      const bus::Demand demand = front.frames.demand();
      return demand.pixels == pixels && (!pixels || demand.fps == fps);
    });
  };
  const auto keep_saying = [&](float fps, bool paused, bool pixels, float wanted) {
    return wait_until([&] {
      front.publish_control(fps, paused, 7);
      const bus::Demand demand = front.frames.demand();
      return demand.pixels == pixels && (!pixels || demand.fps == wanted);
    });
  };
  EXPECT_TRUE(keep_saying(3.0f, false, true, 3.0f)) << program.output();
  EXPECT_TRUE(keep_saying(3.0f, true, false, 0.0f)) << program.output();
  EXPECT_TRUE(keep_saying(0.0f, false, true, 0.0f)) << program.output();  // every frame
  EXPECT_TRUE(wait_until([&] {
    front.publish_control(3.0f, false, 7, {}, Mode::Standby, false);
    return !front.frames.demand().pixels;
  })) << "detection is off: "
      << program.output();
  EXPECT_TRUE(keep_saying(5.0f, false, true, 5.0f)) << program.output();
  EXPECT_TRUE(demands(true, 30.0f)) << program.output();  // silent for 2 s: the configured rate
}

TEST_F(DetectProcess, PausedForGoodReasonsIsNotPausedForEver) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64);
  front.publish_control(3.0f, true, 7);
  DetectProgram program(arguments({"front"}));
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().pixels; })) << program.output();  // the heartbeat went silent
  bus::Subscriber results = detections_of("front");
  Detections seen;
  EXPECT_TRUE(find(results, front.publish_frame(), seen)) << program.output();
}

TEST_F(DetectProcess, CapsItsRateWhateverTheSourceDoes) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64);
  front.publish_control(2.0f, false, 7);
  DetectProgram program(arguments({"front"}, {"--set", "detect.fps=2"}));
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().fps == 2.0f; })) << program.output();
  bus::Subscriber results = detections_of("front");
  // A viewer wants 100 frames a second; of those the detector takes one in half a second, or less on a busy machine.
  std::vector<std::uint64_t> stamps;
  ASSERT_TRUE(wait_until([&] {
    front.publish_control(2.0f, false, 7);
    front.publish_frame();
    while (const bus::Taken taken = results.take_next()) {
      Detections seen;
      if (read_detections(taken.lease.bytes(), seen).ok()) stamps.push_back(seen.info.published_at_ns());
    }
    return stamps.size() >= 5;
  })) << program.output();
  EXPECT_GE(stamps.back() - stamps.front(), std::uint64_t{1'500'000'000});  // four intervals of 500 ms, less jitter's third
}

TEST_F(DetectProcess, LateAndBrokenFramesAreSkippedAndCounted) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64);
  DetectProgram program(arguments({"front"}, {"--set", "detect.fps=1000", "--set", "detect.deadline=9s"}));
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().pixels; })) << program.output();
  bus::Subscriber results = detections_of("front");
  Detections seen;
  const auto says = [&](const std::string& text) {
    return wait_until([&] { return program.output().find(text) != std::string::npos; });
  };
  ASSERT_TRUE(find(results, front.publish_frame(), seen)) << program.output();
  const std::uint64_t late = front.publish_frame(100, std::chrono::milliseconds(10000));
  EXPECT_TRUE(says("front: 1 frames skipped, older than the deadline")) << program.output();
  front.publish_broken_frame();
  EXPECT_TRUE(says("front: 1 bad records skipped, the last: ")) << program.output();
  EXPECT_NE(program.output().find("does not lie inside its slot"), std::string::npos) << program.output();
  ASSERT_TRUE(find(results, front.publish_frame(), seen)) << program.output();  // and goes on
  EXPECT_EQ(results.find(late).status, bus::Find::kNever);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait_exit(), 0) << program.output();
  EXPECT_NE(program.output().find("front: 2 frames detected, 0 still, 1 late, 1 bad, 0 unpublished"), std::string::npos)
      << program.output();
}

TEST_F(DetectProcess, EndsToBeRestartedWhenTheSessionChanges) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64);
  front.publish_control(3.0f, false, 7);
  DetectProgram program(arguments({"front"}));
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().fps == 3.0f; })) << program.output();  // 7 is adopted
  front.publish_control(3.0f, false, 8);
  EXPECT_EQ(program.wait_exit(), kExitRestart) << program.output();
}

TEST_F(DetectProcess, ShowsThatItLivesAndEndsOnSigterm) {
  DetectProgram program(arguments({"front"}));  // nothing upstream
  bus::Subscriber results = detections_of("front");
  std::uint64_t first = 0;
  ASSERT_TRUE(wait_until([&] {
    const auto stats = results.stats();
    if (stats && first == 0) first = stats->beat_at_ns;
    return stats && first != 0 && stats->beat_at_ns > first;
  })) << program.output();
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait_exit(), 0) << program.output();
}

TEST_F(DetectProcess, ACameraWhoseReaderTableIsFullEndsNothingAndIsTriedAgain) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64), yard(dir_, "yard", PixelFormat::I420, 96, 64);
  std::vector<bus::RingReader> crowd;
  while (auto reader = bus::RingReader::attach(dir_, {"front", "frames"}, kFrameSchema))
    crowd.push_back(std::move(reader).value());
  DetectProgram program(arguments({"front", "yard"}));
  ASSERT_TRUE(wait_until([&] { return program.output().find("front: ") != std::string::npos; })) << program.output();
  bus::Subscriber front_results = detections_of("front"), yard_results = detections_of("yard");
  Detections seen;
  ASSERT_TRUE(wait_until([&] { return yard.frames.demand().pixels; })) << program.output();
  ASSERT_TRUE(find(yard_results, yard.publish_frame(), seen)) << program.output();
  EXPECT_TRUE(program.running());
  crowd.clear();
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().pixels; })) << program.output();
  EXPECT_TRUE(find(front_results, front.publish_frame(), seen)) << program.output();
}

TEST_F(DetectProcess, ADeadControlsLeftoverDoesNotEndItTwice) {
  Upstream front(dir_, "front", PixelFormat::I420, 96, 64);
  front.publish_control(3.0f, true, 7, std::chrono::milliseconds(5000));
  DetectProgram program(arguments({"front"}));
  ASSERT_TRUE(wait_until([&] { return front.frames.demand().pixels; })) << program.output();
  // A new control, another session: the first one that this process adopts.
  ASSERT_TRUE(wait_until([&] {
    front.publish_control(5.0f, false, 8);
    return front.frames.demand().fps == 5.0f || !program.running();
  })) << program.output();
  EXPECT_TRUE(program.running()) << program.output();
}

TEST_F(DetectProcess, AWrongModelIsOneSentence) {
  write_file(model_, "this is no model");
  DetectProgram corrupt(arguments({"front"}));
  EXPECT_EQ(corrupt.wait_exit(), kExitConfig);
  const std::string said = corrupt.output();
  EXPECT_NE(said.find(model_ + ": not a usable ONNX model"), std::string::npos) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_F(DetectProcess, APhotoNeedsNoConfigurationAndTakesTheSameKeys) {
  const std::vector<std::uint8_t> grey(64 * 48 * 3 / 2, 100);
  const std::uint8_t* const pixels = grey.data();
  vision::ImageView view{.format = PixelFormat::I420, .range = ColorRange::Full, .width = 64, .height = 48};
  view.planes = {{{pixels, 64}, {pixels + 64 * 48, 32}, {pixels + 64 * 48 * 5 / 4, 32}}};
  vision::JpegEncoder encoder;
  const auto jpeg = encoder.encode(view, 90);
  ASSERT_TRUE(jpeg.ok()) << jpeg.error().text;
  const std::string photo = folder_ + "/photo.jpg";
  write_file(photo, {reinterpret_cast<const char*>(jpeg->data()), jpeg->size()});

  DetectProgram all({"--image", photo, "--model", model_});
  EXPECT_EQ(all.wait_exit(), 0) << all.output();
  EXPECT_NE(all.output().find(R"("class":"car")"), std::string::npos) << all.output();
  DetectProgram sure({"--image", photo, "--set", "detect.model=" + model_, "--set", "detect.threshold=0.8"});
  EXPECT_EQ(sure.wait_exit(), 0) << sure.output();
  EXPECT_NE(sure.output().find(R"("class":"person")"), std::string::npos) << sure.output();
  EXPECT_EQ(sure.output().find(R"("class":"car")"), std::string::npos) << sure.output();
  DetectProgram typo({"--image", photo, "--set", "detect.providr=cpu"});
  EXPECT_EQ(typo.wait_exit(), kExitConfig);
  EXPECT_EQ(typo.output(), "--set: detect.providr: unknown key; expected \"provider\"?\n");
}

TEST_F(DetectProcess, ASecondDetectorIsRefused) {
  DetectProgram first(arguments({"front"}));
  bus::Subscriber results = detections_of("front");
  ASSERT_TRUE(wait_until([&] { return results.stats().has_value(); })) << first.output();
  DetectProgram second(arguments({"front"}));
  const auto code = second.wait_exit();
  EXPECT_TRUE(code && *code != 0) << second.output();
  EXPECT_TRUE(first.running());
}

}  // namespace
}  // namespace vedette::test
