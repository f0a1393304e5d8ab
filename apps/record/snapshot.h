// SnapshotWriter: the pictures of an event: whole, the part that it is about, and with a box around that. Thread-bound.
#pragma once

#include <cstdint>
#include <string>

#include "record/feed.h"
#include "record/still.h"
#include "store/tree.h"

namespace vedette::record {

struct SnapshotOptions {
  std::uint32_t quality = 90;  // of what isn't the camera's own JPEG
  bool boxes = true;
};

struct Snapshot {
  std::string path;  // of the one for people: with the box, if there is one
  std::uint64_t frame_id = 0;
  std::uint64_t bytes = 0;  // of `path`
};

class SnapshotWriter {
 public:
  // `feed` must outlive it.
  SnapshotWriter(Feed& feed, const SnapshotOptions& options) : feed_(feed), options_(options) {}

  // The picture that was taken at `best_ns`, or the newest there is: one of another time has neither crop nor box, and replaces
  // none. kNotFound: there is none.
  Result<Snapshot> write(const store::Tree& tree, const store::Event& event, std::uint64_t best_ns);

 private:
  Result<Still> take(std::uint64_t best_ns);
  Result<> write_jpeg(const std::string& path, const vision::ImageView& picture);

  Feed& feed_;
  SnapshotOptions options_;
  vision::JpegEncoder encoder_;
};

}  // namespace vedette::record
