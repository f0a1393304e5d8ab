// In Standby the model is spared what doesn't move; what moves is published in any case.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "process/detect/detect_fixture.h"
#include "schema/motion.h"
#include "support/model_scenes.h"

namespace vedette::test {
namespace {

class DetectMotion : public DetectFixture {
 protected:
  // No control says anything before `mode` is set.
  void start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> set{"--set", "detect.fps=1000", "--set", "motion.hold=200ms"};
    for (const std::string& key : more) set.insert(set.end(), {"--set", key});
    program_ = std::make_unique<DetectProgram>(arguments({"front"}, set));
    ASSERT_TRUE(wait_until([&] {
      if (mode_) front_.publish_control(0.0f, false, 7, {}, *mode_);
      return front_.frames.demand().pixels;
    })) << program_->output();
  }

  // A frame, with a square at `column`, and what was made of it: true if the model looked.
  bool looked_at(std::optional<std::uint32_t> column = {}) {
    if (mode_) front_.publish_control(0.0f, false, 7, {}, *mode_);
    const std::uint64_t id = column ? front_.publish_square(*column) : front_.publish_frame();
    const bool known = wait_until([&] {
      const bus::Found found = moves_.find(id);
      return found && read_motion(found.lease.bytes(), motion_).ok();
    });
    EXPECT_TRUE(known) << program_->output();
    EXPECT_EQ(motion_.info.frame_id(), id);
    EXPECT_EQ(motion_.info.trace().trace_id_low(), id ^ 0x5a5a);
    if (motion_.info.model_skipped() == 1) {
      EXPECT_EQ(motion_.info.moving(), 0);
      EXPECT_FALSE(results_.find(id));
      return false;
    }
    Detections seen;
    EXPECT_TRUE(wait_until([&] {
      const bus::Found found = results_.find(id);
      return found && read_detections(found.lease.bytes(), seen).ok();
    })) << program_->output();
    EXPECT_LE(motion_.info.published_at_ns(), seen.info.published_at_ns());
    return true;
  }
  bool becomes_still() {
    return wait_until([&] { return !looked_at() || HasFailure(); });
  }

  std::optional<Mode> mode_ = Mode::Standby;
  Upstream front_{dir_, "front", PixelFormat::I420, 320, 240};
  bus::Subscriber moves_{dir_, {"front", "motion"}, kMotionSchema};
  bus::Subscriber results_{dir_, {"front", "detections"}, kDetectionsSchema};
  std::unique_ptr<DetectProgram> program_;
  Motion motion_;
};

TEST_F(DetectMotion, AStillPictureSparesTheModelAndMotionDoesNot) {
  start();
  EXPECT_TRUE(looked_at()) << "the first frame";
  ASSERT_TRUE(becomes_still());
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(looked_at());
  EXPECT_TRUE(looked_at(3));
  EXPECT_EQ(motion_.info.moving(), 1);
  EXPECT_GT(motion_.info.area(), 0.001f);
  EXPECT_EQ(motion_.cells.size(), std::size_t{motion_.info.columns()} * motion_.info.rows());
  EXPECT_GE(motion_.info.columns() * motion_.info.cell_width(), 320);
  EXPECT_TRUE(looked_at(5));
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0) << program_->output();
  EXPECT_NE(program_->output().find(" still, 0 late, 0 bad, 0 unpublished"), std::string::npos) << program_->output();
}

TEST_F(DetectMotion, NowAndThenTheModelLooksAnyway) {
  start({"motion.recheck=300ms"});
  ASSERT_TRUE(becomes_still());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(wait_until([&] { return looked_at() || HasFailure(); }));
    EXPECT_FALSE(looked_at());
  }
}

TEST_F(DetectMotion, OnGuardNothingIsSpared) {
  mode_ = Mode::Tracking;
  start();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(looked_at());
  EXPECT_EQ(motion_.info.moving(), 0);
  mode_ = Mode::Standby;
  EXPECT_TRUE(becomes_still());
  mode_ = Mode::Validation;
  EXPECT_TRUE(wait_until([&] { return looked_at() || HasFailure(); }));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(looked_at());
}

TEST_F(DetectMotion, WithoutAControlNothingIsSpared) {
  mode_.reset();
  start();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(looked_at());
  mode_ = Mode::Standby;
  EXPECT_TRUE(becomes_still());
  mode_.reset();  // it dies: 2 s later everything is looked at again
  EXPECT_TRUE(wait_until([&] { return looked_at() || HasFailure(); }));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(looked_at());
}

TEST_F(DetectMotion, ANewModelSeesAStillPictureOnce) {
  start({"motion.hold=0ms"});
  EXPECT_TRUE(looked_at());
  EXPECT_FALSE(looked_at());
  write_file(folder_ + "/next", serialize(raw_scene({kScene[0]}, 80, false)));
  std::filesystem::rename(folder_ + "/next", model_);
  ASSERT_TRUE(wait_until([&] { return program_->output().find("takes over") != std::string::npos; })) << program_->output();
  EXPECT_TRUE(looked_at());
  EXPECT_FALSE(looked_at());
}

TEST_F(DetectMotion, WhatMovesWhereNobodyLooksIsNoMotion) {
  camera_keys_ = "    zones: [{name: trees, polygon: '0,0 0.5,0 0.5,1 0,1', motion: ignore}]\n";
  start({"motion.hold=0ms"});
  ASSERT_TRUE(becomes_still());
  EXPECT_EQ(motion_.info.zones(), 1u);
  EXPECT_FALSE(looked_at(2));
  EXPECT_GT(motion_.info.zone_area()->Get(0), 0.0f);
  EXPECT_TRUE(looked_at(12));
}

TEST_F(DetectMotion, WhatMovesOutsideTheRegionIsNoMotion) {
  camera_keys_ = "    detect_region: '0.5,0 1,1'\n";
  start({"motion.hold=0ms", "storage.dir=" + folder_ + "/storage"});
  ASSERT_TRUE(becomes_still());
  EXPECT_FALSE(looked_at(2));
  EXPECT_TRUE(looked_at(12));
  // Nor is it with zones that are changed meanwhile.
  std::filesystem::create_directory(folder_ + "/storage");
  write_file(folder_ + "/storage/overrides.yaml", "cameras:\n  front:\n    zones: [{name: all, polygon: '0,0 1,0 1,1 0,1'}]\n");
  ASSERT_TRUE(wait_until([&] {
    (void)looked_at();
    return motion_.info.zones() == 1 || HasFailure();
  })) << program_->output();
  ASSERT_TRUE(becomes_still());
  EXPECT_FALSE(looked_at(2));
  EXPECT_GT(motion_.info.zone_area()->Get(0), 0.0f) << "where it moved is told all the same";
  EXPECT_TRUE(looked_at(12));
}

TEST_F(DetectMotion, ZonesThatAreChangedWhileItRunsAreInForceSoon) {
  start({"motion.hold=0ms", "storage.dir=" + folder_ + "/storage"});
  ASSERT_TRUE(becomes_still());
  EXPECT_EQ(motion_.info.zones(), 0u);
  std::filesystem::create_directory(folder_ + "/storage");
  write_file(folder_ + "/storage/overrides.yaml", "cameras: {front: {zones: [{name: }]}}");
  EXPECT_TRUE(wait_until([&] { return program_->output().find("the zones in force go on: ") != std::string::npos; }))
      << program_->output();
  write_file(folder_ + "/storage/overrides.yaml",
             "cameras:\n  front:\n    zones: [{name: trees, polygon: '0,0 0.5,0 0.5,1 0,1', motion: ignore}]\n");
  EXPECT_TRUE(wait_until([&] {
    (void)looked_at();
    return motion_.info.zones() == 1 || HasFailure();
  })) << program_->output();
  ASSERT_TRUE(becomes_still());
  EXPECT_FALSE(looked_at(2)) << "a tree";
  EXPECT_TRUE(looked_at(12));
}

TEST_F(DetectMotion, WithTheGateOffThereIsNoSuchTopicAndNothingIsSpared) {
  start({"motion.gate=false"});
  for (int i = 0; i < 20; ++i) {
    front_.publish_control(0.0f, false, 7);
    const std::uint64_t id = front_.publish_frame();
    ASSERT_TRUE(wait_until([&] { return static_cast<bool>(results_.find(id)); })) << program_->output();
  }
  EXPECT_FALSE(std::filesystem::exists(path_ + "/front/motion"));
}

}  // namespace
}  // namespace vedette::test
