// The folder of what takes long to make from a model: TensorRT engines, and copies that are optimised for this machine and whose
// weights can be mapped. One folder per entry,
//   <model's name>-<hash of its path>-<hash of its content>-<variant>-<hash of runtime and machine>
// in it the files and `manifest`: a line "<hash> <bytes> <name>" for each. An entry is made in a folder of its own and renamed,
// so it is there whole or not at all, whoever dies or makes the same meanwhile. Several processes may use one cache.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/onnx/model_file.h"

namespace vedette::model::onnx {

class CacheEntry {
 public:
  // `variant`: what is kept ("cpu", "tensorrt-fp16-gpu0"). `made_by`: what it is useless without (versions, processor, GPU).
  CacheEntry(const std::string& cache, const ModelFile& model, std::string_view variant, std::string_view made_by);

  const std::string& folder() const { return folder_; }
  // All files are there and as they were written. Reads them once.
  bool is_whole() const;
  void remove();

  // An empty folder to make the entry in, until commit() or discard(). An error names the folder and says why not.
  Result<std::string> begin();
  static void discard(const std::string& made);
  // What lies in it becomes the entry; entries of the model's earlier content, and this variant's of another machine, are
  // removed.
  Result<> commit(const std::string& made);

 private:
  void remove_predecessors() const;

  std::string cache_, family_, own_content_, variant_, folder_;
};

// A folder below `cache` that all entries share (TensorRT's timings); made if it isn't there.
Result<std::string> shared_cache_folder(const std::string& cache, const char* name);

}  // namespace vedette::model::onnx
