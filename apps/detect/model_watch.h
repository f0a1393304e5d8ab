// ModelWatch: the model's files, watched. Another model at the same path is loaded beside the one in use, on a thread of its own,
// and handed to the detect loop, which lets it take over between two frames. One that can't be used is refused with a line in the
// log, and the one in use goes on; of several that come one after the other, the last wins. Who writes in place into a file that
// is loaded from is at the mercy of the backend; a rename is always safe.
//
// Owner: main(). take() and discard() belong to the detect loop's thread and never block; loading and freeing are this one's.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "detect/file_watch.h"
#include "model/detector.h"

namespace vedette::detect {

// What a model is made of: its file, those of its weights that it names, there or not, and that of its class names ("": none).
std::vector<std::string> files_of_model(const std::string& model, const std::string& labels);

class ModelWatch {
 public:
  using List = std::function<std::vector<std::string>()>;
  using Load = std::function<Result<std::unique_ptr<model::Detector>>()>;

  // `in_use`: the marks of `files` as they were before the model in use was loaded; `list`: its files as they are now, the first
  // the same. Its thread runs where the caller's does.
  ModelWatch(std::vector<std::string> files, FileMarks in_use, List list, Load load);
  ~ModelWatch();  // waits for a load that is under way: see loading()
  ModelWatch(ModelWatch&&) = delete;

  // The newest model, once; null: there is none.
  std::unique_ptr<model::Detector> take();
  // Freed soon.
  void discard(std::unique_ptr<model::Detector> old);

  // A model is being loaded now: minutes, where an engine is built for it.
  bool loading() const { return loading_; }

 private:
  void run();
  void look();
  void free_discarded();
  void hand_over(std::unique_ptr<model::Detector> loaded);

  const std::string path_;
  FileWatch files_;
  FileMarks known_;  // loaded or refused
  const List list_;
  const Load load_;
  UniqueFd wake_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> loading_{false};
  std::atomic<bool> has_loaded_{false};  // a hint, so that take() need not lock
  std::mutex mutex_;
  std::unique_ptr<model::Detector> loaded_;
  std::vector<std::unique_ptr<model::Detector>> discarded_;
  std::thread thread_;
};

}  // namespace vedette::detect
