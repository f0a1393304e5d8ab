// What waits to be sent to one viewer, bounded however slow the viewer is: one picture and one state (the newest wins), the
// newest few detections and tracks, the newest events; of inter-coded video a place in the trail that all viewers share.
//
// Thread-safe: a camera's feed offers, the viewer's session takes. When something is offered to a session that found nothing
// before, `wake` is called (from the offering thread, outside the lock); a session that is still writing isn't woken again.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <variant>

#include "gateway/client_message.h"
#include "gateway/messages.h"
#include "gateway/packet_trail.h"

namespace vedette::gateway {

// std::monostate: nothing waits. A Ping is to be answered when its turn comes, with the time that it is then.
using Outgoing = std::variant<std::monostate, Text, StateHead, PicturePtr, Ping>;

class Outbox {
 public:
  enum class Takes { kAll, kPicturesOnly };

  static constexpr std::size_t kDetections = 8;  // and so many tracks
  static constexpr std::size_t kEvents = 32;
  static constexpr int kTextsInARow = 16;  // then a waiting picture has its turn

  explicit Outbox(std::function<void()> wake, Takes takes = Takes::kAll) : wake_(std::move(wake)), takes_(takes) {}

  void offer_hello(Text text);
  void offer_pong(const Ping& ping);  // the newest wins
  void offer_event(Text text);
  void offer_detections(Text text);
  void offer_tracks(Text text);
  void offer_state(StateHead state);
  void offer_picture(PicturePtr picture);
  // Pictures come from `trail` (null: by offer_picture()) from now on, because of `why`.
  void follow(const PacketTrail* trail, std::string_view why);
  void more_in_trail();

  // The next message: hello, pong, events, detections, tracks, state, picture; a picture after kTextsInARow others. In front of a
  // picture that comes in another way than the one before, or of another size, a text says so. After "nothing" the next offer
  // wakes.
  Outgoing next();

  std::uint64_t skipped_pictures() const;  // offered, then replaced by a newer one, or passed over in the trail

 private:
  template <typename Change>
  void offer(Change change);
  Outgoing pick();
  Outgoing pick_text();
  Outgoing pick_picture();

  std::function<void()> wake_;
  const Takes takes_;
  mutable std::mutex mutex_;
  bool idle_ = false;
  Text hello_;
  std::optional<Ping> ping_;
  std::deque<Text> events_;
  std::deque<Text> detections_;
  std::deque<Text> tracks_;
  StateHead state_;  // no text: none
  PicturePtr picture_;
  const PacketTrail* trail_ = nullptr;
  PacketTrail::Place place_;
  std::string_view why_;
  VideoPtr announced_;  // as this viewer was told last, because of told_why_
  std::string_view told_why_;
  PicturePtr announced_picture_;  // goes next, its announcement has gone
  int texts_in_a_row_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace vedette::gateway
