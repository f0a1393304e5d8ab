// EventStore: the index of events as long as there is one: opened at the first use, anew if another file has taken its place. The
// recorder writes it beside us. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "store/store.h"

namespace vedette::gateway {

class EventStore {
 public:
  explicit EventStore(std::string root) : tree_(root), root_(std::move(root)) {}

  const store::Tree& tree() const { return tree_; }
  // kNotFound: nothing was recorded yet.
  Result<std::shared_ptr<const store::Store>> to_read();
  Result<std::shared_ptr<store::Store>> to_change();

 private:
  struct Opened {
    std::shared_ptr<store::Store> store;
    FileMark file;
  };
  template <typename Open>
  Result<std::shared_ptr<store::Store>> get(Opened& opened, const Open& open);

  const store::Tree tree_;
  const std::string root_;
  std::mutex mutex_;
  Opened read_, change_;
};

}  // namespace vedette::gateway
