// QuietErrors: while it lives, what the process writes to standard error is kept; then it goes there, but for the noise. Where
// that can't be (no descriptors left) all stays as it is. One at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace vedette::model::onnx {

class QuietErrors {
 public:
  QuietErrors();
  QuietErrors(QuietErrors&&) = delete;
  ~QuietErrors();

 private:
  UniqueFd kept_, own_;
};

// The ONNX library that Debian's runtime is linked with registers every operator twice; each of the 567 is a "Schema error" on
// standard error, which means nothing. The text without those lines.
std::string without_noise(std::string_view text);

}  // namespace vedette::model::onnx
