// PacketFeed: the video packets of one log (<cam>/packets, <cam>/encoded), made into pictures for viewers, while they are wanted.
// Begins at the newest keyframe, so that who comes sees something at once.
//
// Thread-bound. If the log's writer dies, what it has to say is that there is nothing (codec()); new files are taken up as they
// come.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bus/log.h"
#include "gateway/picture.h"

namespace vedette::gateway {

class PacketFeed {
 public:
  // What is behind by more when reading begins isn't shown: it was there before anybody asked.
  static constexpr std::uint64_t kOldNs = 3'000'000'000;
  // So long after it was asked, a log that brings nothing counts as none.
  static constexpr std::uint64_t kPatienceNs = 1'000'000'000;

  struct Sink {
    std::function<void(PicturePtr)> picture;
    std::function<void(const Error&)> bad_record;
  };

  // `dir` outlives it.
  PacketFeed(const bus::BusDir& dir, std::string camera, std::string topic, VideoSource source);

  // Somebody watches: looks for the topic, asks for nothing yet. Nobody does: lets go of it.
  void open();
  void close();
  bool is_open() const { return log_.has_value(); }

  void want(bool wanted);  // asks the writer for packets, or doesn't
  bool wanted() const { return wanted_; }
  // All that has come since.
  void take(const Sink& sink);

  // Is its writer at work? `excused`: all else that it would write is silent too, so that nothing else has more to show.
  void look(bool excused, std::uint64_t now_ns);
  Codec codec() const { return usable_ ? codec_ : Codec::Unknown; }  // of what it brings; Unknown: nothing
  bool pending() const { return pending_; }                          // it isn't known yet
  bus::Subscription* subscription() { return log_ ? &*log_ : nullptr; }

 private:
  void begin_reading();
  void take_record(std::vector<std::byte>& record, bool missed, const Sink& sink);
  void update_video(const PacketView& view);

  const bus::BusDir& dir_;
  const bus::TopicName topic_;
  const VideoSource source_;
  std::optional<bus::LogSubscriber> log_;
  bool wanted_ = false;
  std::uint64_t wanted_at_ns_ = 0;
  std::uint64_t instance_ = 0;  // of the log's files
  bool brought_ = false;        // something since it was wanted, or since these files are there
  bool begun_ = false;          // at a keyframe, nothing missed since
  Codec codec_ = Codec::Unknown;
  bool usable_ = false;
  bool pending_ = false;
  VideoPtr video_;
  std::vector<std::byte> config_;  // that `video_` was made from
  std::vector<std::byte> record_;
};

}  // namespace vedette::gateway
