// The process's one ONNX Runtime: its environment, its version, what was built into it, and why it last refused. Thread-safe.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <string>
#include <string_view>

namespace vedette::model::onnx {

// Made at the first call, never destroyed (sessions may outlive main). From version 1.30 on the runtime tells its maker about
// its use, with a thread of its own and files in the user's cache folder; that is switched off here, before it starts.
Ort::Env& environment();

std::string_view runtime_version();                     // "1.30.0", of the library, not of its headers
bool is_built_in(std::string_view execution_provider);  // "CUDAExecutionProvider"; its own library may still be missing
std::string library_folder();                           // where the runtime lies; its providers' libraries lie beside it

// Why a call failed, in one line without the runtime's own source files. The exception says too little where a provider's
// library couldn't be loaded: what the runtime logged meanwhile on this thread says more.
class Failure {
 public:
  Failure();  // from here on
  std::string reason(const std::exception& error) const;
};

}  // namespace vedette::model::onnx
