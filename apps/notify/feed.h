// CameraFeed: one camera's topics as news: events in order, none left out as long as they are in the ring; of its state, its
// connection and signs of life only what holds now. Topics may be absent, vanish and come back. Thread-bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bus/ring.h"
#include "notify/messages.h"
#include "notify/news.h"
#include "notify/progress.h"

namespace vedette::notify {

struct FeedOptions {
  std::string camera;
  Told told;                          // what an earlier process has told of
  std::optional<std::string> source;  // the topic that tells of its connection; none: another program publishes the camera
};

struct FreshEvent {
  Event event;
  Place place;
  bool to_mqtt = false;  // it is news to the broker
  bool to_others = false;
};
struct FreshMedia {
  Media media;
  Place place;
  bool to_mqtt = false;  // else it is only good to know
};

class CameraFeed {
 public:
  CameraFeed(const bus::BusDir& dir, const FeedOptions& options);

  const std::string& camera() const { return camera_; }
  void add_topics(std::vector<bus::Subscriber*>& topics);  // to wait for

  // The next one that is new to anybody; none: all are taken. What was told of before, or, if that isn't known, happened long
  // before this process began, is passed by.
  std::optional<FreshEvent> next_event();
  std::optional<FreshMedia> next_media();
  const Told& taken() const { return taken_; }
  // Takes what is new; true: state() or link() may be another now.
  bool update();
  const std::optional<State>& state() const { return state_; }  // none: control is away
  CameraLink link() const;

  struct Counters {
    std::uint64_t missed = 0;  // events that were gone before they were taken
    std::uint64_t corrupt = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  void bad_record(const Error& error);
  bool is_news(const Event& event, const Place& place, const Place& told) const;

  std::string camera_;
  Told taken_;              // or told of by an earlier process
  std::uint64_t began_ns_;  // monotonic
  std::uint64_t began_wall_ns_;
  bus::Subscriber events_;
  bus::Subscriber media_;
  bus::Subscriber state_topic_;
  std::optional<bus::Subscriber> source_topic_;
  bool events_begun_ = false;
  std::optional<State> state_;
  std::optional<Source> source_;
  bool control_alive_ = false;
  bool capture_alive_ = false;
  Counters counters_;
  std::uint64_t next_warning_ns_ = 0;
};

}  // namespace vedette::notify
