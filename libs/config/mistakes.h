// Mistakes: collects what is wrong with a configuration, so that all of it is told at once and in the order of the file.
// Thread-bound.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vedette::config {

// Where a value was written: "vedette.yaml" with line and column from 1, or a variable or flag with line 0.
struct Origin {
  std::string source;
  int line = 0;
  int column = 0;
};

class Mistakes {
 public:
  // More than these aren't told: a file of another kind has thousands.
  static constexpr std::size_t kMost = 50;

  // `key` may be "" (the file as a whole). Control characters of `text` are replaced, long ones cut.
  void add(const Origin& origin, std::string_view key, std::string_view text);
  bool empty() const { return lines_.empty(); }
  // Something was told of a key that begins so.
  bool about(std::string_view key_prefix) const;
  // All of them, one a line; call only if there are any.
  Error error() const;

 private:
  struct Line {
    Origin origin;
    std::string key;
    std::string text;
  };
  std::vector<Line> lines_;
};

}  // namespace vedette::config
