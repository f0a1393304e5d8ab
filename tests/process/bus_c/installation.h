// An installed Vedette in a folder of the test's own, and the examples built against it. Thread-bound.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/program.h"

namespace vedette::test {

class Installation {
 public:
  // `cmake --install` of a component (bus, programs) into one place, then moved to another: an installation must not know where
  // it was made.
  explicit Installation(const std::string& component = "bus");

  std::string prefix() const { return folder_.file("moved"); }
  const TempFolder& folder() const { return folder_; }

  // Runs a shell command to its end; its output if it succeeds, else a test failure with all it said.
  std::string shell(const std::string& command) const;

  // Both build C as C11 and C++ as C++17, -Wall -Wextra -Wpedantic -Werror, and return the folder of the programs.
  std::string build_with_cmake() const;
  // `with_stage`: the C++ example too.
  std::string build_with_pkg_config(bool with_stage) const;

 private:
  TempFolder folder_;
};

// A bus directory of the test's own and programs that run on it.
class ExampleBus {
 public:
  ExampleBus(const Installation& installation, std::string programs)
      : installation_(installation), programs_(std::move(programs)) {}
  std::string dir() const { return shm_.file("bus"); }
  // An example on this bus: `pictures` 0 runs until it is killed.
  std::unique_ptr<Program> run(const std::string& example, const std::string& camera, int pictures);

 private:
  const Installation& installation_;
  const std::string programs_;
  TempFolder shm_{"/dev/shm"};
  int runs_ = 0;
};

}  // namespace vedette::test
