// FrameIds: the numbers of a camera's frames, the same in <camera>/frames and <camera>/packets. They grow in the order of
// showing, over restarts too, and are below 2^53 (exact in JSON). Pure logic; thread-bound.
#pragma once

#include <cstdint>

namespace vedette::capture {

class FrameIds {
 public:
  // `last`: the largest that was ever published; 0: none, they start at unix seconds × 2^20.
  FrameIds(std::uint64_t last, std::uint64_t wall_ns);

  // Packets come in the order of showing: the next one.
  std::uint64_t next() { return ++last_; }
  // Packets come ahead of others that are shown before them (B-frames): by the time of showing, in microseconds, which grow
  // slower than the ids of a new topic (2^20 a second). A jump of the stamps goes on behind all before.
  std::uint64_t at(std::int64_t pts_ns);
  std::uint64_t last() const { return last_; }

 private:
  std::uint64_t last_;
  bool anchored_ = false;
  std::int64_t anchor_ = 0;  // id of time 0
};

}  // namespace vedette::capture
