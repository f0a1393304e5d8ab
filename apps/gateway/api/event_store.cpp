#include "gateway/api/event_store.h"

namespace vedette::gateway {

template <typename Open>
Result<std::shared_ptr<store::Store>> EventStore::get(Opened& opened, const Open& open) {
  const std::lock_guard lock(mutex_);
  const FileMark now = mark_of(tree_.database());
  const bool same = opened.store && now.inode != 0 && now.inode == opened.file.inode && now.device == opened.file.device;
  if (!same) {
    opened = {};
    VD_ASSIGN(store::Store store, open(root_));
    opened = {std::make_shared<store::Store>(std::move(store)), now};
  }
  return opened.store;
}

Result<std::shared_ptr<const store::Store>> EventStore::to_read() {
  VD_ASSIGN(auto store, get(read_, store::Store::open_to_read));
  return std::shared_ptr<const store::Store>(std::move(store));
}

Result<std::shared_ptr<store::Store>> EventStore::to_change() { return get(change_, store::Store::open_to_change); }

}  // namespace vedette::gateway
