// The examples, built as their readers would build them, work together: a camera in C, a reader in C, a stage in C++; and this
// test looks on through <vedette/bus.hpp>.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <vedette/camera.hpp>

#include "installation.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// A picture of the camera with its boxes, once the stage has found some.
struct Annotated {
  Frame frame;
  Detections detections;
};

std::optional<Annotated> annotated(Subscriber& frames, Subscriber& bright, std::uint64_t newer_than) {
  std::optional<Annotated> result;
  wait_until([&] {
    std::optional<Frame> frame = frames.newest_frame(milliseconds(100));
    if (!frame || frame->frame_id() <= newer_than) return false;
    // The stage takes the newest picture each time: it may have left this one out.
    for (bool never = false; !never && !result;) {
      if (const auto record = bright.find(frame->frame_id(), &never))
        result = Annotated{std::move(*frame), read_detections(*record)};
      if (!result && !bright.wait(milliseconds(500))) break;
      if (!result) (void)bright.newest();
    }
    return result.has_value();
  });
  return result;
}

void expect_square(const Annotated& picture) {
  const Frame& frame = picture.frame;
  ASSERT_EQ(frame.width(), 320u);
  ASSERT_EQ(frame.height(), 240u);
  ASSERT_EQ(frame.format(), int{VD_RGB24});
  EXPECT_EQ(frame.camera(), "cam9");
  EXPECT_EQ(picture.detections.info.frame_id, frame.frame_id());
  EXPECT_EQ(picture.detections.info.captured_at_ns, frame.info().captured_at_ns);
  ASSERT_EQ(picture.detections.boxes.size(), 1u);
  const vd_detection& box = picture.detections.boxes[0];
  EXPECT_NEAR(box.width * 320, 32, 0.01);
  EXPECT_NEAR(box.height * 240, 32, 0.01);
  const auto left = static_cast<std::size_t>(std::lround(box.x * 320)), top = static_cast<std::size_t>(std::lround(box.y * 240));
  for (std::size_t y = 0; y < 240; ++y)
    for (std::size_t x = 0; x < 320; ++x) {
      const bool inside = x >= left && x < left + 32 && y >= top && y < top + 32;
      ASSERT_EQ(int{frame.plane(0).row(y)[3 * x + 1]}, inside ? 240 : 16) << x << ", " << y;
    }
}

// Every line that read_frames prints: the frame ids in it.
std::vector<std::uint64_t> read_ids(const std::string& out) {
  std::vector<std::uint64_t> ids;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    unsigned long long id = 0;
    double age_ms = -1;
    EXPECT_EQ(std::sscanf(line.c_str(), "frame %llu 320x240 format 5 first pixel 16, %lf ms old", &id, &age_ms), 2) << line;
    EXPECT_GE(age_ms, 0.0);
    ids.push_back(id);
  }
  return ids;
}

void expect_that_they_work_together(const Installation& installation, const std::string& programs) {
  ExampleBus running(installation, programs);
  // The reader and the stage come first: a topic needn't exist yet.
  const auto reader = running.run("read_frames", "cam9", 5);
  const auto stage = running.run("detections_stage", "cam9", 0);
  auto camera = running.run("be_the_camera", "cam9", 0);
  EXPECT_EQ(reader->wait_exit(), 0) << reader->err();
  const std::vector<std::uint64_t> ids = read_ids(reader->out());
  ASSERT_EQ(ids.size(), 5u);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));

  const Bus bus(running.dir());
  Subscriber frames = bus.subscribe("cam9/frames");
  Subscriber bright = bus.subscribe("cam9/bright");
  std::optional<Annotated> picture = annotated(frames, bright, 0);
  ASSERT_TRUE(picture) << stage->err() << camera->err();
  expect_square(*picture);
  EXPECT_EQ(bright.metadata(), "bright\n");

  // A camera that is killed has a successor; nobody else notices more than a pause.
  camera->signal(SIGKILL);
  (void)camera->wait_exit();
  const std::uint64_t last = frames.stats().value().frame_id;
  expect_square(*picture);
  picture.reset();
  camera = running.run("be_the_camera", "cam9", 0);
  picture = annotated(frames, bright, last);
  ASSERT_TRUE(picture) << stage->err() << camera->err();
  expect_square(*picture);
  EXPECT_EQ(frames.stats().value().epoch, 2u);
  EXPECT_TRUE(stage->running()) << stage->err();
}

TEST(Installed, is_found_by_cmake_wherever_it_lies_and_the_examples_work_together) {
  const Installation installation;
  expect_that_they_work_together(installation, installation.build_with_cmake());
}

TEST(Installed, is_found_by_pkg_config_wherever_it_lies_and_the_examples_work_together) {
  const Installation installation;
  expect_that_they_work_together(installation, installation.build_with_pkg_config(true));
}

TEST(Installed, headers_are_c11_and_every_cplusplus_from_11_and_17_on) {
  const Installation installation;
  const std::string include =
      " -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I" + installation.prefix() + "/include ";
  const std::string c = installation.folder().write("c.c", "#include <vedette/log.h>\n");
  installation.shell("cc -x c -std=c11" + include + c);
  installation.shell(VEDETTE_CXX " -x c++ -std=c++11 -Wold-style-cast" + include + c);
  const std::string cpp = installation.folder().write("cpp.cpp", "#include <vedette/camera.hpp>\n#include <vedette/log.hpp>\n");
  installation.shell(VEDETTE_CXX " -std=c++17" + include + cpp);
  const std::string span = installation.folder().write("span.cpp",
                                                       "#include <span>\n#include <vedette/bus.hpp>\nstd::span<const "
                                                       "std::uint8_t> f(const vedette::Plane& p) { return p.row(0); }\n");
  installation.shell(VEDETTE_CXX " -std=c++20" + include + span);
}

TEST(Installed, goes_below_destdir_with_the_usual_names) {
  const Installation installation;
  const std::string root = installation.folder().file("root");
  installation.shell("DESTDIR=" + root +
                     " " VEDETTE_CMAKE " --install " VEDETTE_BUILD_DIR " --component bus --prefix /opt/vedette");
  EXPECT_TRUE(fs::is_symlink(root + "/opt/vedette/lib/libvedette_bus.so"));
  EXPECT_TRUE(fs::exists(root + "/opt/vedette/lib/libvedette_bus.so.0"));
  EXPECT_TRUE(fs::exists(root + "/opt/vedette/include/vedette/bus.h"));
  for (const auto& entry : fs::recursive_directory_iterator(root + "/opt/vedette")) {
    if (!entry.is_regular_file() || entry.path().filename().string().rfind("libvedette_bus.so", 0) == 0) continue;
    const std::string text = read_file(entry.path());
    EXPECT_EQ(text.find(root), std::string::npos) << entry.path() << " knows DESTDIR";
    EXPECT_EQ(text.find(VEDETTE_BUILD_DIR), std::string::npos) << entry.path() << " knows the build folder";
  }
}

TEST(Installed, examples_say_what_is_wrong_in_one_sentence) {
  const Installation installation;
  ExampleBus running(installation, installation.build_with_pkg_config(false));
  const auto camera = running.run("be_the_camera", "cam9", 0);
  Subscriber frames = Bus(running.dir()).subscribe("cam9/frames");
  ASSERT_TRUE(wait_until([&] { return frames.wait(milliseconds(100)); })) << camera->err();
  const auto second = running.run("be_the_camera", "cam9", 0);
  EXPECT_EQ(second->wait_exit(), 1);
  EXPECT_NE(second->err().find("be_the_camera: cam9/frames: another writer has it (process " + std::to_string(camera->pid())),
            std::string::npos)
      << second->err();
  const auto reader = running.run("read_frames", "No such", 1);
  EXPECT_EQ(reader->wait_exit(), 1);
  EXPECT_NE(reader->err().find("expected two names"), std::string::npos) << reader->err();
}

TEST(Installed, the_c_reader_reads_what_vedette_capture_decodes) {
  if (!fs::exists(VEDETTE_BIN_DIR "/vedette-capture")) GTEST_SKIP() << "vedette-capture isn't built here";
  const Installation installation;
  ExampleBus running(installation, installation.build_with_pkg_config(false));
  const std::string clip = installation.folder().file("gray.mp4");
  installation.shell(
      "ffmpeg -v error -nostdin -f lavfi -i color=color=gray:size=320x240:rate=25 -t 2 -c:v mpeg4 -pix_fmt yuv420p " + clip);
  const std::string config = installation.folder().write("vedette.yaml", "cameras:\n  cam0:\n    url: \"" + clip + "\"\n");
  Program capture({VEDETTE_BIN_DIR "/vedette-capture", "-c", config, "--bus-dir", running.dir(), "--camera", "cam0"},
                  installation.folder().file("capture"));
  const auto reader = running.run("read_frames", "cam0", 5);
  ASSERT_EQ(reader->wait_exit(), 0) << reader->err() << capture.err();
  unsigned luma = 0;
  ASSERT_EQ(std::sscanf(reader->out().c_str(), "frame %*u 320x240 format 1 first pixel %u", &luma), 1) << reader->out();
  EXPECT_NEAR(luma, 126, 3);  // half grey in limited range: 16 + 219 / 2
}

}  // namespace
}  // namespace vedette::test
