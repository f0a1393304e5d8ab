// `vedette model …` as somebody types it, in a folder of the test's own, and a web server beside it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "support/program.h"

namespace vedette::test {

inline const std::string kSharedDir = SHARED_DIR;
inline const std::string kPhotos = kSharedDir + "/media/coco_val32";
inline const std::string kDefaultModel = VEDETTE_BUILD_DIR "/models/nanodet_g_416.onnx";
inline const std::string kPythonTools = VEDETTE_BUILD_DIR "/python-tools/bin/python";

class ModelFixture : public testing::Test {
 protected:
  ModelFixture() { ::setenv("XDG_CACHE_HOME", folder_.file("ran-cache").c_str(), 1); }
  struct Ran {
    int code = -1;  // -1: it didn't end
    std::string out, err;
  };
  Ran run(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) {
    arguments.insert(arguments.begin(), {VEDETTE_BIN_DIR "/vedette", "model"});
    return run_program(std::move(arguments), environment);
  }
  Ran run_program(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) {
    if (!environment.empty()) {
      arguments.insert(arguments.begin(), environment.begin(), environment.end());
      arguments.insert(arguments.begin(), "/usr/bin/env");
    }
    Program program(arguments, folder_.file("ran-" + std::to_string(++runs_)));
    const int code = program.wait_exit(std::chrono::seconds(900)).value_or(-1);
    return {code, program.out(), program.err()};
  }
  static nlohmann::json parsed(const std::string& text) { return nlohmann::json::parse(text, nullptr, false); }

  // One sentence on stderr, nothing on stdout, an exit code that says so.
  static void expect_refused(const Ran& ran, const std::string& text) {
    EXPECT_NE(ran.code, 0);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1) << ran.err;
    EXPECT_NE(ran.err.find(text), std::string::npos) << ran.err << "\nexpected: " << text;
  }

  TempFolder folder_{std::filesystem::temp_directory_path()};
  int runs_ = 0;
};

// http_server.py, serving a folder.
class WebServer {
 public:
  explicit WebServer(const TempFolder& folder)
      : log_(folder.file("requests")),
        program_({"/usr/bin/python3", "-B", MODEL_TESTS_DIR "/http_server.py", folder.path(), log_}, folder.file("server")) {
    EXPECT_TRUE(wait_until([this] { return program_.out().find('\n') != std::string::npos; })) << program_.err();
    address_ = "127.0.0.1:" + std::to_string(std::atoi(program_.out().c_str()));
  }
  std::string url(const std::string& path) const { return "http://" + address_ + path; }
  const std::string& address() const { return address_; }
  // "PATH RANGE|-", in order.
  std::vector<std::string> requests() const {
    std::vector<std::string> lines;
    std::istringstream text(read_file(log_));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

 private:
  std::string log_;
  Program program_;
  std::string address_;
};

}  // namespace vedette::test
