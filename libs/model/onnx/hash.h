// Hash of content that names entries of the cache and tells whether they are as they were written. Against accidents, not
// attackers.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace vedette::model::onnx {

class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  void add(std::string_view bytes);
  Result<> add_file(const std::string& path);  // piece by piece: such files may be large
  std::string hex() const;                     // 16 digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vedette::model::onnx
