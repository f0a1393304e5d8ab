// NearestRecords: annotations of one input of a camera for the pictures of another. Boxes are relative and lie on the frames of
// the input that detects; a picture of the main stream has other frame ids, so it gets the record that is nearest in capture
// time, within a bound. Where the camera tells its own clock for both (RTCP sender reports), that decides: one stream may reach
// us later than the other by more than a picture, which our own clock can't tell from a picture taken later.
//
// The bound is 100 ms unless the caller says otherwise: half a frame period at 5 fps, and twice what streams of one camera differ
// by that are mapped to the clock separately. A slower annotation is found for pictures around it only; to have boxes on every
// picture while detection runs at 3 fps, say 167 ms.
//
// Owner: the stage that shows or records the other input; thread-bound. Follows one topic whose records begin with frame_id and
// captured_at_ns (FrameInfo, DetectionsInfo, …) and keeps the times of the newest 64, as many as such topics keep records;
// nothing is allocated by a look-up. Pictures may be asked for in any order (packets of B-frames are), records may come in any
// order. If the writer of the topic dies or hangs, pictures get none once `patience` is over; what it had published is found as
// long as it is there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bus/ring.h"

namespace vedette::stage {

struct NearestOptions {
  Nanoseconds bound{100'000'000};       // a record further away than this is none
  Nanoseconds record_gap{0};            // records are at least so far apart: the frame period of their input. 0: unknown
  Nanoseconds patience{1'000'000'000};  // a record comes at most so long after its capture
};

class NearestRecords {
 public:
  enum class Status {
    kFound,
    kNotYet,     // a nearer one than `record` (if there is one) may still come
    kNone,       // there is none within the bound, and none will come
    kShareUsed,  // the caller holds as many records as a reader may: it must release one
  };
  struct Answer {
    Status status = Status::kNone;
    std::uint64_t captured_at_ns = 0;  // of the record
    bus::Lease record;                 // kFound; kNotYet: the nearest so far, for who can't wait
  };

  // `dir` must outlive it.
  NearestRecords(const bus::BusDir& dir, bus::TopicName topic, std::uint64_t schema_id, NearestOptions options = {});

  // Takes note of what was published since; call it before find(), at least every 64 records.
  void poll(std::uint64_t now_ns);
  // The record nearest to a picture that was taken at `captured_at_ns`, by the camera's clock at `camera_wall_at_ns` (0: it
  // doesn't say). Of two that are as near, the earlier one.
  Answer find(std::uint64_t captured_at_ns, std::uint64_t camera_wall_at_ns, std::uint64_t now_ns);

  bus::Subscriber& topic() { return topic_; }  // to wait on; its error() says why it can't be read
  std::uint64_t bad_records() const { return bad_records_; }

 private:
  struct Entry {
    std::uint64_t captured_at_ns = 0;
    std::uint64_t frame_id = 0;
  };

  void note(const Entry& entry);
  void note_clock(std::span<const std::byte> record, std::uint64_t captured_at_ns);
  std::uint64_t in_time_of_records(std::uint64_t captured_at_ns, std::uint64_t camera_wall_at_ns) const;
  bool settled(std::uint64_t captured_at_ns, std::uint64_t distance_ns, std::uint64_t now_ns) const;
  std::size_t nearest(std::uint64_t captured_at_ns) const;  // count_: none within the bound
  void forget(std::size_t index);

  bus::Subscriber topic_;
  NearestOptions options_;
  std::array<Entry, 64> entries_{};  // in order of capture
  std::size_t count_ = 0;
  // The camera's clock at a moment of the records' time; 0: not known.
  std::uint32_t clock_ms_ = 0;
  std::uint64_t clock_at_ns_ = 0;
  std::uint64_t bad_records_ = 0;
};

}  // namespace vedette::stage
