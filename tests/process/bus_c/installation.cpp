#include "installation.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace vedette::test {
namespace {

constexpr const char* kStrict = "-Wall -Wextra -Wpedantic -Werror";

}  // namespace

Installation::Installation(const std::string& component) : folder_(std::filesystem::temp_directory_path()) {
  const std::string made = folder_.file("made");
  shell(VEDETTE_CMAKE " --install " VEDETTE_BUILD_DIR " --component " + component + " --prefix " + made);
  std::filesystem::rename(made, prefix());
}

std::string Installation::shell(const std::string& command) const {
  Program program({"/bin/sh", "-c", command}, folder_.file("shell"));
  const std::string out = program.wait_exit() == 0 ? program.out() : std::string();
  if (program.wait_exit() != 0) ADD_FAILURE() << command << "\n" << program.out() << program.err();
  return out;
}

std::string Installation::build_with_cmake() const {
  const std::string folder = folder_.file("with_cmake");
  shell(VEDETTE_CMAKE " -S " VEDETTE_SOURCE_DIR "/examples -B " + folder + " -DCMAKE_PREFIX_PATH=" + prefix() +
        " -DCMAKE_CXX_COMPILER=" + VEDETTE_CXX + " -DCMAKE_C_FLAGS='" + kStrict + "' -DCMAKE_CXX_FLAGS='" + kStrict + "'");
  shell(VEDETTE_CMAKE " --build " + folder);
  return folder;
}

std::string Installation::build_with_pkg_config(bool with_stage) const {
  const std::string folder = folder_.file("with_pkg_config");
  std::filesystem::create_directory(folder);
  const std::string flags = "$(PKG_CONFIG_PATH=" + prefix() + "/lib/pkgconfig pkg-config --cflags --libs vedette_bus)";
  const std::string examples = VEDETTE_SOURCE_DIR "/examples/";
  for (const std::string name : {"read_frames", "be_the_camera"})
    shell("cc -std=c11 " + std::string(kStrict) + " -o " + folder + "/" + name + " " + examples + "c/" + name + ".c " + flags);
  if (with_stage)
    shell(VEDETTE_CXX " -std=c++17 " + std::string(kStrict) + " -o " + folder + "/detections_stage " + examples +
          "cpp/detections_stage.cpp " + flags);
  return folder;
}

std::unique_ptr<Program> ExampleBus::run(const std::string& example, const std::string& camera, int pictures) {
  // The loader finds the library as it finds any in a prefix that ldconfig doesn't know.
  return std::make_unique<Program>(std::vector<std::string>{"/usr/bin/env", "LD_LIBRARY_PATH=" + installation_.prefix() + "/lib",
                                                            programs_ + "/" + example, camera, std::to_string(pictures), dir()},
                                   shm_.file("run" + std::to_string(++runs_)));
}

}  // namespace vedette::test
