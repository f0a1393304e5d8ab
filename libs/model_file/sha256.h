// SHA-256 of files and of what is still on its way. Thread-bound objects; errors name the path.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace vedette::model_file {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::span<const std::byte> bytes);
  // Of all that was added, 64 small hexadecimal digits. Nothing can be added afterwards.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of the whole file, read in pieces.
Result<std::string> sha256_of(const std::string& path);

}  // namespace vedette::model_file
