// What all programs share at their start: one exit code for one kind of fault; nothing secret on a command line.
#include "config/command_line.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace vedette {
namespace {

TEST(CommandLine, WhatARestartCanMendIsAPlainFailure) {
  for (const ErrorCode code : {ErrorCode::kBusy, ErrorCode::kUnavailable, ErrorCode::kIo})
    EXPECT_EQ(exit_code_of({code, ""}), EXIT_FAILURE) << to_string(code);
  for (const ErrorCode code : {ErrorCode::kInvalidArgument, ErrorCode::kNotFound, ErrorCode::kPermissionDenied,
                               ErrorCode::kIncompatible, ErrorCode::kCorrupt, ErrorCode::kResourceExhausted})
    EXPECT_EQ(exit_code_of({code, ""}), kExitConfig) << to_string(code);
}

// As a stage of `vedette up` does it.
TEST(CommandLine, AChildLoadsTheSameAndItsArgumentsHoldNoSecret) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("vedette-hand-on-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "v.yaml") << "cameras:\n  front:\n    url: /dev/video0\n";
  CommonOptions parent;
  parent.config = (folder / "v.yaml").string();
  parent.set = {"cameras.front.url=rtsp://user:hunter22@host/a", "gateway.token=a long token"};
  parent.log_level = "warning";
  const Result<Config> config = load_config(parent.config, overrides_of(parent));
  ASSERT_TRUE(config) << config.error().text;

  std::vector<std::string> words = hand_on(parent);
  words.insert(words.begin(), "child");
  std::vector<const char*> argv;
  for (const std::string& word : words) {
    EXPECT_EQ(word.find("hunter22"), std::string::npos) << word;
    EXPECT_EQ(word.find("a long token"), std::string::npos) << word;
    argv.push_back(word.c_str());
  }
  CLI::App app;
  CommonOptions child;
  add_common_options(app, child);
  ASSERT_FALSE(parse_command_line(app, static_cast<int>(argv.size()), argv.data()));
  const Result<Config> same = load_config(child.config, overrides_of(child));
  ASSERT_TRUE(same) << same.error().text;
  EXPECT_TRUE(*same == *config);
  EXPECT_EQ(same->cameras[0].url, "rtsp://user:hunter22@host/a");
  ::unsetenv("VEDETTE_SET");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace vedette
