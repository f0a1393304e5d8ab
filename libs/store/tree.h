// Tree: where the files of events and continuous recordings lie below the storage folder, by date (UTC):
//
//   events/2026/11/26/front-120501-1846212334592.json    all that is known of the event: there as long as the event is
//                                               .jpg     its best picture; .crop.jpg the part with the event, .box.jpg with a box
//                                               .mp4     its clip; .2.mp4, .3.mp4, … further parts
//   recordings/front/2026/11/26/120500-000.mp4           a segment of continuous recording, by the millisecond it begins
//
// A file is written under its name with ".part" behind it, brought to the disk, renamed, and its folder brought to the disk:
// under its last name it is whole, whatever dies in between, and what is left with ".part" is nothing. Of an event the .json
// comes first and goes first: media without one are what a removal didn't finish. Names are told and read by pure functions;
// thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/event.h"

namespace vedette::store {

inline constexpr std::string_view kPart = ".part";
inline constexpr std::string_view kEventsFolder = "events";
inline constexpr std::string_view kRecordingsFolder = "recordings";

class Tree {
 public:
  // `root`: the storage folder, absolute.
  explicit Tree(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string database() const { return root_ + "/events.db"; }

  // An event's files. `part` from 1.
  std::string sidecar(const EventKey& key, std::int64_t started_at_ms) const { return stem(key, started_at_ms) + ".json"; }
  std::string snapshot(const EventKey& key, std::int64_t started_at_ms) const { return stem(key, started_at_ms) + ".jpg"; }
  std::string crop(const EventKey& key, std::int64_t started_at_ms) const { return stem(key, started_at_ms) + ".crop.jpg"; }
  std::string boxed(const EventKey& key, std::int64_t started_at_ms) const { return stem(key, started_at_ms) + ".box.jpg"; }
  std::string clip(const EventKey& key, std::int64_t started_at_ms, std::uint32_t part) const;
  // Those of them that are there, the .json first.
  std::vector<std::string> files_of(const Event& event) const;

  std::string segment(const std::string& camera, std::int64_t started_at_ms) const;
  // Of a segment's file, by its path.
  std::optional<Segment> segment_of(const std::string& path) const;

  // Whether `path` is the name of a file of an event, whichever.
  bool is_of_event(const std::string& path) const;
  // Of any file of an event: its path up to where the names of the event's files begin to differ.
  static std::string stem_of(const std::string& path);

 private:
  std::string stem(const EventKey& key, std::int64_t started_at_ms) const;
  std::string root_;
};

// Makes the folder that `path` lies in, those above it too, each brought to the disk.
Result<> make_folder_for(const std::string& path);
// `path` + ".part" becomes `path`: whole, on the disk.
Result<> settle(const std::string& path);
// A whole small file, in the same way.
Result<> write_durably(const std::string& path, std::string_view content);
// Removes a file; one that isn't there is fine. On the disk with the folder's next settle() or sync_folder_of().
Result<> remove_file(const std::string& path);
// 0 if it isn't there.
std::uint64_t file_bytes(const std::string& path);

}  // namespace vedette::store
