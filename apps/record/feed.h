// Feed: the bitstream of one camera for everybody in this process who records it at the moment.
//
// While nobody does, nothing is read: the log keeps what there was. Who begins gets what is kept from a keyframe on, then all
// that comes; packets are copied out of the log once for all of them. A camera without a bitstream (raw, or another program's)
// gives its pictures as JPEGs, from the moment on that somebody records: nothing of before is kept. Thread-bound. If capture
// dies, nothing comes until its successor writes; if this thread is held up by a slow disk, packets are missed and counted, and
// nobody else notices.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bus/log.h"
#include "bus/ring.h"
#include "schema/packet.h"
#include "vision/jpeg.h"

namespace vedette::record {

class Sink {
 public:
  virtual ~Sink() = default;
  // `packet` is valid during the call.
  virtual void take(const PacketView& packet) = 0;
};

struct FeedOptions {
  std::string camera;
  std::string input;                // its name; "": the camera's first
  bool always = false;              // packets are asked for all the time: without that there is no pre-roll of a masked camera
  std::uint32_t jpeg_quality = 90;  // of pictures that have no bitstream
};

class Feed {
 public:
  // `dir` must outlive it.
  Feed(const bus::BusDir& dir, FeedOptions options);

  // `sink` gets the newest keyframe not after `from_ns` (capture time), or the oldest there is, and all behind it. It must be
  // removed before it dies; it may remove itself in take().
  void add(Sink& sink, std::uint64_t from_ns);
  void remove(Sink& sink);

  // Hands on what has come, at most for a tenth of a second; false: there may be more at once. Never blocks but where a sink
  // does.
  bool step();

  // What to wait on before the next step(), besides what else the thread waits for; null: nothing. Packets aren't waited for: the
  // log keeps them, and to read them a few at a time costs a fraction of waking up for each.
  bus::Subscription* topic() { return sinks_.empty() || packets_.attached() ? nullptr : &frames_; }
  // A reader of its own, at the newest keyframe not after `at_ns`; an Error while there is no bitstream.
  Result<bus::LogReader> reader_at(std::uint64_t at_ns) const;
  // The newest picture of <cam>/frames; empty: there is none.
  bus::Lease newest_frame();

  std::uint64_t missed() const { return missed_; }

 private:
  void hand_on(std::span<const std::byte> record);
  void hand_on(const PacketView& packet);
  bool step_packets(std::uint64_t until_ns);
  void step_frames();
  void catch_up(Sink& sink, std::uint64_t from_ns);
  void ask();
  bus::LogSubscriber subscribe() const;

  const bus::BusDir& dir_;
  const FeedOptions options_;
  bus::TopicName packets_topic_;
  bus::LogSubscriber packets_;
  bus::Subscriber frames_;
  std::vector<Sink*> sinks_;
  bool handing_on_ = false;  // a sink that goes meanwhile leaves its place empty
  std::vector<std::byte> record_;
  vision::JpegEncoder encoder_;
  std::uint64_t sequence_ = 0;  // of the packet that was handed on last
  std::uint64_t frame_id_ = 0;  // of the picture that was
  std::uint64_t missed_ = 0;
};

}  // namespace vedette::record
