#include "detect/model_watch.h"

#include <malloc.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "model/onnx/model_file.h"
#include "telemetry/log.h"

namespace vedette::detect {

std::vector<std::string> files_of_model(const std::string& model, const std::string& labels) {
  std::vector<std::string> files{model};
  for (std::string& weights : model::onnx::data_files_of(model)) files.push_back(std::move(weights));
  if (!labels.empty()) files.push_back(labels);
  return files;
}

ModelWatch::ModelWatch(std::vector<std::string> files, FileMarks in_use, List list, Load load)
    : path_(files.front()),
      files_(std::move(files)),
      known_(std::move(in_use)),
      list_(std::move(list)),
      load_(std::move(load)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      thread_([this] { run(); }) {}

ModelWatch::~ModelWatch() {
  stop_ = true;
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

std::unique_ptr<model::Detector> ModelWatch::take() {
  // acquire: pairs with hand_over(); but for the lock the flag alone would do.
  if (!has_loaded_.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard lock(mutex_);
  has_loaded_.store(false, std::memory_order_relaxed);
  return std::move(loaded_);
}

void ModelWatch::discard(std::unique_ptr<model::Detector> old) {
  const std::lock_guard lock(mutex_);
  discarded_.push_back(std::move(old));
  ::eventfd_write(wake_.get(), 1);
}

void ModelWatch::run() {
  while (!stop_) {
    look();
    files_.wait(wake_.get());
    free_discarded();
  }
}

void ModelWatch::look() {
  const auto is_new = [this](const FileMarks& marks) { return marks != known_ && marks.front().inode != 0; };
  if (!is_new(files_.marks()) || !files_.settle(wake_.get())) return;
  // The new file may keep its weights under other names, and they may come after it.
  if (files_.follow(list_()) && !files_.settle(wake_.get())) return;
  FileMarks marks = files_.marks();
  if (!is_new(marks)) return;
  log::info("model {}: a new file, being loaded", path_);
  loading_ = true;
  auto loaded = load_();
  loading_ = false;
  if (files_.marks() != marks) return;  // changed meanwhile: again
  known_ = std::move(marks);
  if (loaded)
    hand_over(std::move(*loaded));
  else
    log::warning("the new model is refused, the old one goes on: {}", loaded.error().text);
}

void ModelWatch::hand_over(std::unique_ptr<model::Detector> loaded) {
  const std::lock_guard lock(mutex_);
  if (loaded_) discarded_.push_back(std::move(loaded_));
  loaded_ = std::move(loaded);
  has_loaded_.store(true, std::memory_order_release);
}

void ModelWatch::free_discarded() {
  eventfd_t ignored = 0;
  ::eventfd_read(wake_.get(), &ignored);
  std::vector<std::unique_ptr<model::Detector>> discarded;
  {
    const std::lock_guard lock(mutex_);
    discarded.swap(discarded_);
  }
  if (discarded.empty()) return;
  discarded.clear();
  ::malloc_trim(0);  // the weights are gone: the machine has the memory again
}

}  // namespace vedette::detect
