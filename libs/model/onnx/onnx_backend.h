// A model that ONNX Runtime runs: its tensors described, bound once, and warmed up. Thread-bound.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <string>
#include <vector>

#include "model/backend.h"
#include "model/onnx/bound_tensor.h"

namespace vedette::model::onnx {

class OnnxBackend final : public Backend {
 public:
  // Binds the tensors and runs once, so that whatever the provider makes at its first run is made. Throws what the runtime
  // throws.
  OnnxBackend(Ort::Session session, Provider provider);

  const TensorContract& contract() const override { return contract_; }
  std::string metadata(std::string_view key) const override;
  Provider provider() const override { return provider_; }
  std::span<const std::string> remarks() const override { return remarks_; }
  TensorView input(std::size_t index) override;
  TensorView output(std::size_t index) override;
  Result<> run() override;

  void set_remarks(std::vector<std::string> remarks) { remarks_ = std::move(remarks); }

 private:
  using Types = std::vector<ONNXTensorElementDataType>;

  void describe(Types& inputs, Types& outputs);
  void bind(const Types& inputs, const Types& outputs);
  void learn_output_shapes();
  void run_bound();

  Ort::Session session_;
  Provider provider_;
  Ort::AllocatorWithDefaultOptions allocator_;
  Ort::RunOptions run_options_;
  TensorContract contract_;
  std::vector<BoundTensor> inputs_, outputs_;
  Ort::IoBinding binding_{session_};
  std::vector<std::string> remarks_;
};

}  // namespace vedette::model::onnx
