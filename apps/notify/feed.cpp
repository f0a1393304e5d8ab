#include "notify/feed.h"

#include "base/clock.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

constexpr std::uint64_t kAliveNs = 5'000'000'000;  // without a sign of life for so long: away
constexpr std::uint64_t kWarningEveryNs = 10'000'000'000;
constexpr std::uint64_t kNewsNs = 10'000'000'000;

bool is_alive(bus::Subscriber& topic) {
  (void)topic.wait(Nanoseconds(1));  // how a Subscriber notices that a topic's files are gone
  const auto stats = topic.stats();
  return stats && age_ns(stats->beat_at_ns) <= kAliveNs;
}

std::string_view status_text(schema::SourceStatus status) {
  switch (status) {
    case schema::SourceStatus::Opening:
      return "opening";
    case schema::SourceStatus::Open:
      return "open";
    case schema::SourceStatus::Failed:
      return "failed";
  }
  return "unknown";
}

void advance(Place& to, const Place& place) {
  if (place.instance != to.instance || place.sequence > to.sequence) to = place;
}

}  // namespace

CameraFeed::CameraFeed(const bus::BusDir& dir, const FeedOptions& options)
    : camera_(options.camera),
      taken_(options.told),
      began_ns_(monotonic_ns()),
      began_wall_ns_(wall_ns()),
      events_(dir, {camera_, "events"}, kEventSchema),
      media_(dir, {camera_, "media"}, kMediaSchema),
      state_topic_(dir, {camera_, "state"}, kStateSchema) {
  if (options.source) source_topic_.emplace(dir, bus::TopicName{camera_, *options.source}, kSourceSchema);
}

void CameraFeed::add_topics(std::vector<bus::Subscriber*>& topics) {
  topics.insert(topics.end(), {&events_, &media_, &state_topic_});
  if (source_topic_) topics.push_back(&*source_topic_);
}

std::optional<FreshEvent> CameraFeed::next_event() {
  while (const bus::Taken taken = events_.take_next()) {
    if (events_begun_) counters_.missed += taken.missed;
    events_begun_ = true;
    const Place place{events_.instance(), taken.lease.sequence()};
    Result<Event> event = read_event(camera_, taken.lease.bytes());
    if (!event) bad_record(event.error());
    const bool to_mqtt = event && is_news(*event, place, taken_.mqtt);
    const bool to_others = event && is_news(*event, place, taken_.others);
    advance(taken_.mqtt, place);
    advance(taken_.others, place);
    if (to_mqtt || to_others) return FreshEvent{*std::move(event), place, to_mqtt, to_others};
  }
  return std::nullopt;
}

bool CameraFeed::is_news(const Event& event, const Place& place, const Place& told) const {
  if (place.instance == told.instance) return place.sequence > told.sequence;
  return event.wall_at_ns + kNewsNs >= began_wall_ns_;  // another bus than the one of before, or the first start
}

std::optional<FreshMedia> CameraFeed::next_media() {
  while (const bus::Taken taken = media_.take_next()) {
    const Place place{media_.instance(), taken.lease.sequence()};
    Result<Media> media = read_media(camera_, taken.lease.bytes());
    if (!media) {
      bad_record(media.error());
      continue;
    }
    const Place told = taken_.media;
    advance(taken_.media, place);
    const bool news = place.instance == told.instance ? place.sequence > told.sequence : media->at_ns >= began_ns_;
    return FreshMedia{*std::move(media), place, news};
  }
  return std::nullopt;
}

bool CameraFeed::update() {
  bool changed = false;
  if (const bus::Taken taken = state_topic_.take_newest()) {
    Result<State> state = read_state(taken.lease.bytes());
    if (!state) bad_record(state.error());
    if (state && state_ != *state) state_ = *std::move(state), changed = true;
  }
  if (source_topic_) {
    if (const bus::Taken taken = source_topic_->take_newest()) {
      Result<Source> source = read_source(taken.lease.bytes());
      if (!source) bad_record(source.error());
      if (source && source_ != *source) source_ = *std::move(source), changed = true;
    }
  }
  const bool control_alive = is_alive(state_topic_);
  const bool capture_alive = source_topic_ && is_alive(*source_topic_);
  changed = changed || control_alive != control_alive_ || capture_alive != capture_alive_;
  control_alive_ = control_alive;
  capture_alive_ = capture_alive;
  return changed;
}

CameraLink CameraFeed::link() const {
  CameraLink link;
  if (!source_topic_) {  // another program's: control sees whether frames come
    link.online = control_alive_;
    link.status = "external";
    return link;
  }
  const bool known = capture_alive_ && source_;
  link.status = known ? status_text(source_->status) : "unknown";
  link.online = control_alive_ && known && source_->status == schema::SourceStatus::Open;
  if (known) link.about = source_->about, link.error = source_->error;
  return link;
}

void CameraFeed::bad_record(const Error& error) {
  ++counters_.corrupt;
  const std::uint64_t now = monotonic_ns();
  if (now < next_warning_ns_) return;
  next_warning_ns_ = now + kWarningEveryNs;
  log::warning("{}: skipped a record: {}", camera_, error.text);
}

}  // namespace vedette::notify
