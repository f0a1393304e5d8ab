// Segments: continuous recording of one camera: files of about a minute, each from a keyframe to the next one that comes a
// segment's length later. Owner: the camera's thread. If this process dies, the segment in progress is lost.
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
  // Begins again after the disk was full; ends a segment whose camera is gone. At least once a second.
  void step(std::uint64_t now_ns);

 private:
  void begin();
  void end();
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
};

}  // namespace vedette::record
