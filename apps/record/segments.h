// Segments: continuous recording of one camera: files of about a minute, each from a keyframe to the next one that comes a
// segment's length later. Without room the segment in progress ends; where the camera's pictures are what can't be recorded it
// pauses by itself. Owner: the camera's thread. If this process dies, the segment in progress is lost.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "record/clip.h"
#include "record/disk.h"
#include "record/feed.h"
#include "store/store.h"

namespace vedette::record {

class Segments : public Sink {
 public:
  Segments(store::Store& store, Disk& disk, Feed& feed, std::string camera, std::uint64_t segment_ns);
  ~Segments() override;
  Segments(const Segments&) = delete;

  void take(const PacketView& packet) override;
  // Ends when the disk is full and begins again after that; ends a segment whose camera is gone. At least once a second.
  void step(std::uint64_t now_ns);

 private:
  void begin(std::uint64_t now_ns);
  void end();
  void pause();
  void stop(const Error& error);

  store::Store& store_;
  Disk& disk_;
  Feed& feed_;
  const std::string camera_;
  const std::uint64_t segment_ns_;
  bool recording_ = false;
  std::unique_ptr<ClipFile> clip_;
  store::Segment segment_;
  std::uint64_t packet_at_ns_ = 0;
  std::uint64_t next_try_ns_ = 0;
  std::string told_;  // why the last segment failed
};

}  // namespace vedette::record
