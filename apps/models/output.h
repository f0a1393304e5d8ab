// What people and scripts get to see: results on standard output, notes and progress on standard error. Thread-bound.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vedette::models {

void print(const std::string& text);  // a newline is added
void print_json(const nlohmann::ordered_json& json);
// Columns as aligned() has them (base/text.h).
void print_table(const std::vector<std::vector<std::string>>& rows);
void note(const std::string& text);

// How far something long is: drawn over one line of a terminal, ten times a second at most; else (a log, a pipe) a line every ten
// seconds. What it drew goes with it.
class Progress {
 public:
  explicit Progress(std::function<std::string(std::uint64_t done)> text_of);
  Progress(const Progress&) = delete;
  ~Progress();

  void show(std::uint64_t done);

 private:
  std::function<std::string(std::uint64_t)> text_of_;
  bool terminal_;
  bool drawn_ = false;
  std::uint64_t next_ns_ = 0;
};

}  // namespace vedette::models
