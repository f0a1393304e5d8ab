// `vedette …` as somebody types it: one run to its end, with what it printed.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/program.h"

namespace vedette::test {

struct Ran {
  int code = -1;  // -1: it didn't end
  std::string out, err;
};

inline std::string vedette() { return VEDETTE_BIN_DIR "/vedette"; }

inline Ran run_vedette(const TempFolder& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), vedette());
  Program program(arguments, folder.file("ran"));
  const int code = program.wait_exit().value_or(-1);
  return {code, program.out(), program.err()};
}

// One sentence: one line that ends the output, no more.
inline void expect_one_sentence(const std::string& text) {
  EXPECT_GT(text.size(), 1u);
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
}

}  // namespace vedette::test
