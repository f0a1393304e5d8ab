// FileBook: which files record has written about an event, for the newest events of all cameras. Pure logic, thread-bound.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "notify/messages.h"

namespace vedette::notify {

class FileBook {
 public:
  void add(const Media& media) {
    const Key key{media.camera, media.event_id};
    const auto [found, fresh] = files_.try_emplace(key);
    (media.kind == schema::MediaKind::Snapshot ? found->second.snapshot : found->second.clip) = media.path;
    if (fresh) order_.push_back(key);
    if (order_.size() <= kMost) return;
    files_.erase(order_.front());
    order_.pop_front();
  }
  EventFiles of(const std::string& camera, std::uint64_t event_id) const {
    const auto found = files_.find({camera, event_id});
    return found != files_.end() ? found->second : EventFiles{};
  }

 private:
  static constexpr std::size_t kMost = 1000;
  using Key = std::pair<std::string, std::uint64_t>;
  std::map<Key, EventFiles> files_;
  std::deque<Key> order_;
};

}  // namespace vedette::notify
