// LogRelay: passes a child's output on to our stderr, line by line. Lines of our own log pass as they are; others (a library's,
// an assertion's) get time and tag. Thread-bound.
#pragma once

#include <string>

namespace vedette::supervise {

class LogRelay {
 public:
  static constexpr std::size_t kMostAtOnce = 64 * 1024;

  explicit LogRelay(std::string tag) : tag_(std::move(tag)) {}

  // Reads what is there without blocking, at most kMostAtOnce: one that floods its log doesn't keep us from the others. False at
  // the end of the output.
  bool drain(int fd);
  // The text of the newest line: what a stage that can't run said last.
  const std::string& last() const { return last_; }

 private:
  void pass(const std::string& line);
  std::string tag_;
  std::string pending_;  // a line without its end yet
  std::string last_;
};

}  // namespace vedette::supervise
