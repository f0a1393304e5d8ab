// Another model takes over while vedette-detect runs: however its file comes, with other classes and another input, or refused.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "conformance/backends/graphs.h"
#include "process/detect/detect_fixture.h"
#include "support/model_scenes.h"

namespace vedette::test {
namespace {

using std::chrono::milliseconds;

// One box of the second of two classes.
const std::vector<SceneObject> kOther{{0.5f, 0.5f, 0.2f, 0.2f, 0.6f, 1, 2}};
const std::string kOtherNames = "cat\ndog";

OnnxModel other_model(std::int64_t side = kSceneSide) {
  OnnxModel model = raw_scene(kOther, 2, false);
  model.inputs[0].shape = {1, 3, side, side};
  model.metadata = {{"names", "{0: 'cat', 1: 'dog'}"}};
  return model;
}

// The model of `scene` with its scores in a file of their own, and that file's bytes.
struct Parts {
  std::string model, weights;
};
Parts in_parts(const OnnxModel& scene, const std::string& weights_file) {
  const OnnxTensor &logits = scene.outputs[0], &boxes = scene.outputs[1];
  const auto sides = [](const OnnxTensor& tensor) {
    std::vector<Side> shape;
    for (const std::int64_t side : tensor.shape) shape.push_back({side, ""});
    return shape;
  };
  GraphWriter graph;
  graph.input(scene.inputs[0].name, kF32, sides(scene.inputs[0]));
  graph.weights("scores", logits.shape, ExternalData{weights_file, 0, logits.f32.size() * sizeof(float)});
  graph.weights("places", boxes.shape, boxes.f32);
  graph.node("Identity", {"scores"}, logits.name).output(logits.name, kF32, sides(logits));
  graph.node("Identity", {"places"}, boxes.name).output(boxes.name, kF32, sides(boxes));
  for (const auto& [key, text] : scene.metadata) graph.metadata(key, text);
  return {graph.file(), {reinterpret_cast<const char*>(logits.f32.data()), logits.f32.size() * sizeof(float)}};
}

class HotSwap : public DetectFixture {
 protected:
  void start() {
    program_ = std::make_unique<DetectProgram>(arguments({"front"}, {"--set", "detect.fps=1000"}));
    ASSERT_TRUE(wait_until([&] { return front_.frames.demand().pixels; })) << program_->output();
    ASSERT_NO_FATAL_FAILURE(look());
    ASSERT_EQ(names_.substr(0, 14), "person\nbicycle") << "the first model";
  }

  // A frame and its result: no frame goes without one, and each is read with the names of the model that saw it.
  void look() {
    const std::uint64_t id = front_.publish_frame();
    for (;;) {
      ASSERT_TRUE(wait_until([&] { return results_.wait(milliseconds(100)) == bus::Wait::kNew; })) << program_->output();
      const bus::Taken taken = results_.take_next();
      if (!taken) continue;
      names_ = results_.metadata();
      ASSERT_TRUE(read_detections(taken.lease.bytes(), seen_).ok());
      ASSERT_EQ(seen_.boxes.size(), names_ == kOtherNames ? kOther.size() : kScene.size()) << "names: " << names_;
      if (taken.lease.frame_id() == id) return;
    }
  }
  bool look_until_names(const std::string& names) {
    return wait_until([&] {
      look();
      return names_ == names || HasFatalFailure();
    });
  }

  // A finished file beside the model.
  std::string write_beside(const std::string& bytes) const {
    write_file(folder_ + "/next", bytes);
    return folder_ + "/next";
  }
  int told(const std::string& text) const {
    const std::string output = program_->output();
    int count = 0;
    for (std::size_t at = 0; (at = output.find(text, at)) != std::string::npos; ++at) ++count;
    return count;
  }

  Upstream front_{dir_, "front", PixelFormat::I420, 96, 64};
  bus::Subscriber results_{dir_, {"front", "detections"}, kDetectionsSchema};
  std::unique_ptr<DetectProgram> program_;
  std::string names_;  // of the last result
  Detections seen_;
};

TEST_F(HotSwap, ANewFileRenamedOverTheOldTakesOverWithItsOwnNames) {
  start();
  std::filesystem::rename(write_beside(serialize(other_model())), model_);
  ASSERT_TRUE(look_until_names(kOtherNames)) << program_->output();
  EXPECT_NEAR(seen_.boxes[0].x(), 0.4, 1e-4);
  EXPECT_EQ(seen_.boxes[0].class_id(), 1u);
  EXPECT_EQ(told("the new model takes over"), 1) << program_->output();
}

TEST_F(HotSwap, AFileWrittenInPlaceIsLoadedOnceItIsClosed) {
  start();
  const std::string bytes = serialize(other_model());
  std::FILE* file = std::fopen(model_.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  std::fwrite(bytes.data(), 1, bytes.size() / 2, file);
  std::fflush(file);
  for (int i = 0; i < 10; ++i) {  // longer than the files of a model may be quiet between each other
    ASSERT_NO_FATAL_FAILURE(look());
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_EQ(told("being loaded"), 0) << program_->output();
  std::fwrite(bytes.data() + bytes.size() / 2, 1, bytes.size() - bytes.size() / 2, file);
  std::fclose(file);
  ASSERT_TRUE(look_until_names(kOtherNames)) << program_->output();
  EXPECT_EQ(told("refused"), 0) << program_->output();
}

TEST_F(HotSwap, ASymlinkThatPointsElsewhereIsFollowedAndSoIsOneFurtherUp) {
  // As Kubernetes does with what it mounts: the file is a link into a folder that is a link.
  std::filesystem::create_directories(folder_ + "/one");
  std::filesystem::create_directories(folder_ + "/two");
  std::filesystem::create_directory_symlink("one", folder_ + "/data");
  std::filesystem::rename(model_, folder_ + "/one/model");
  write_file(folder_ + "/two/model", serialize(other_model()));
  std::filesystem::create_symlink("data/model", model_);
  start();
  std::filesystem::create_directory_symlink("two", folder_ + "/data-next");
  std::filesystem::rename(folder_ + "/data-next", folder_ + "/data");
  ASSERT_TRUE(look_until_names(kOtherNames)) << program_->output();

  std::filesystem::create_symlink("one/model", folder_ + "/next");
  std::filesystem::rename(folder_ + "/next", model_);
  ASSERT_TRUE(wait_until([&] {
    look();
    return names_ != kOtherNames || HasFatalFailure();
  })) << program_->output();
}

TEST_F(HotSwap, ABadOneIsRefusedAndTheOldOneGoesOn) {
  start();
  std::filesystem::rename(write_beside("this is no model"), model_);
  ASSERT_TRUE(wait_until([&] { return told("the new model is refused, the old one goes on") == 1; })) << program_->output();
  EXPECT_EQ(told(model_ + ": not a usable ONNX model"), 1) << program_->output();
  ASSERT_NO_FATAL_FAILURE(look());
  std::filesystem::remove(model_);  // none at all: nothing to say
  ASSERT_NO_FATAL_FAILURE(look());
  OnnxModel crowded = other_model();  // more names than a topic can tell
  for (auto& [key, value] : crowded.metadata) value = "{0: '" + std::string(5000, 'x') + "', 1: 'dog'}";
  std::filesystem::rename(write_beside(serialize(crowded)), model_);
  ASSERT_TRUE(wait_until([&] { return told("the new model is refused, the old one goes on") == 2; })) << program_->output();
  ASSERT_NO_FATAL_FAILURE(look());
  std::filesystem::rename(write_beside(serialize(other_model())), model_);
  ASSERT_TRUE(look_until_names(kOtherNames)) << program_->output();
}

TEST_F(HotSwap, WeightsInAFileOfTheirOwnAreWatchedWhateverItsName) {
  const Parts first = in_parts(raw_scene(kScene, 80, false), "first.bin");
  write_file(folder_ + "/first.bin", first.weights);
  write_file(model_, first.model);
  start();

  // Other weights alone, renamed over those in use: the car is surer than the person now.
  std::vector<SceneObject> fainter = kScene;
  fainter[0].score = 0.45f;
  std::filesystem::rename(write_beside(in_parts(raw_scene(fainter, 80, false), "first.bin").weights), folder_ + "/first.bin");
  ASSERT_TRUE(wait_until([&] {
    look();
    return seen_.boxes[0].class_id() == 2 || HasFatalFailure();
  })) << program_->output();

  // A model that names another file, which comes long after it.
  const Parts other = in_parts(other_model(), "other.bin");
  std::filesystem::rename(write_beside(other.model), model_);
  ASSERT_TRUE(wait_until([&] { return told("its weights' file \"other.bin\": No such file") == 1; })) << program_->output();
  ASSERT_NO_FATAL_FAILURE(look());
  std::filesystem::rename(write_beside(other.weights), folder_ + "/other.bin");
  ASSERT_TRUE(look_until_names(kOtherNames)) << program_->output();
}

TEST_F(HotSwap, AnotherInputSizeIsAskedFor) {
  start();
  EXPECT_EQ(front_.frames.demand().width, kSceneSide);
  std::filesystem::rename(write_beside(serialize(other_model(96))), model_);
  ASSERT_TRUE(wait_until([&] { return front_.frames.demand().width == 96; })) << program_->output();
  ASSERT_NO_FATAL_FAILURE(look());
  EXPECT_EQ(names_, kOtherNames);
}

TEST_F(HotSwap, OfSeveralTheLastWins) {
  start();
  const std::string first = serialize(raw_scene(kScene, 80, false)), other = serialize(other_model());
  for (int i = 0; i < 15; ++i) {
    ASSERT_NO_FATAL_FAILURE(look());
    std::filesystem::rename(write_beside(i % 2 == 0 ? other : first), model_);
    std::this_thread::sleep_for(milliseconds(23 * i));
  }
  // The last was an `other`: it comes, and stays.
  int in_a_row = 0;
  EXPECT_TRUE(wait_until([&] {
    std::this_thread::sleep_for(milliseconds(100));
    look();
    in_a_row = names_ == kOtherNames ? in_a_row + 1 : 0;
    return in_a_row == 15 || HasFatalFailure();
  })) << program_->output();
}

TEST_F(HotSwap, EndsAtOnceThoughAModelIsBeingLoaded) {
  start();
  // A file that takes long to read: a pipe nobody writes to any more would be no file, so many megabytes of one tensor.
  OnnxModel large = other_model();
  large.outputs.push_back({"unused", {1 << 24}, std::vector<float>(1 << 24, 1.0f), {}, false});
  std::filesystem::rename(write_beside(serialize(large)), model_);
  ASSERT_TRUE(wait_until([&] { return told("being loaded") == 1; })) << program_->output();
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0) << program_->output();
}

}  // namespace
}  // namespace vedette::test
