// ModelInfo: what the model's card says, for the page. The file is looked at on a thread of its own, as its checksum takes a
// while, when somebody asks and it or its card has changed. Belongs to the network thread.
#pragma once

#include <array>
#include <future>
#include <string>

#include "base/file.h"
#include "model_file/card.h"

namespace vedette::gateway {

class ModelInfo {
 public:
  explicit ModelInfo(std::string path) : path_(std::move(path)) {}

  // The body of /api/model. Waits a few milliseconds at most; until the first look is over the card is "checking".
  std::string json();

 private:
  using Stamp = std::array<FileMark, 2>;  // of the model's file and of its card

  std::string path_;
  Stamp looked_at_, looking_at_;
  std::future<Result<model_file::FileWithCard>> look_;
  std::string known_;
};

}  // namespace vedette::gateway
