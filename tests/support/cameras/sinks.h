// Where the scene's records go. Thread-bound. Errors end the program: it is a test's.
#pragma once

#include <memory>
#include <string>

#include "support/cameras/encoder.h"

namespace vedette::test {

class SceneSink {
 public:
  virtual ~SceneSink() = default;
  virtual void write(const SceneRecord& record) = 0;
};

// By the stream's `wrap` and `to`. `encoder` must outlive it.
std::unique_ptr<SceneSink> open_sink(const SceneStream& stream, const SceneEncoder& encoder);

}  // namespace vedette::test
