#include "gateway/camera_hub.h"

#include <algorithm>

#include "base/clock.h"

namespace vedette::gateway {

// Lock order: a hub's mutex, then an outbox's, then a trail's. An outbox's wake only posts to the network thread.

void CameraHub::join(const std::shared_ptr<Outbox>& viewer, const VideoWish& wish) {
  const std::lock_guard lock(mutex_);
  viewer->offer_hello(std::make_shared<const std::string>(hello_json(name_, classes_)));
  for (const Text& event : events_) viewer->offer_event(event);
  if (state_) viewer->offer_state(state_head_);
  if (state_ && state_->still && detections_) viewer->offer_detections(detections_);
  if (state_ && state_->still && tracks_) viewer->offer_tracks(tracks_);
  viewers_.push_back({viewer, wish, {}});
  apply(viewers_.back(), choose(wish, offer_));
  changed_.notify_all();
}

Codec CameraHub::codec_of(VideoSource source) const {
  if (source == VideoSource::kPixels) return Codec::MJPEG;
  return source == VideoSource::kCamera ? offer_.camera : offer_.encoded;
}

void CameraHub::apply(Viewer& viewer, const VideoChoice& choice) {
  const bool moved = choice.source != viewer.choice.source;
  viewer.choice = choice;
  if (!choice.source) return viewer.outbox->follow(nullptr, {});
  const bool jpegs = codec_of(*choice.source) == Codec::MJPEG;
  viewer.outbox->follow(jpegs ? nullptr : &trail_of(*choice.source), choice.why);
  if (moved && jpegs && last_picture_ && last_picture_->video()->source == *choice.source)
    viewer.outbox->offer_picture(last_picture_);
}

void CameraHub::set_offer(const VideoOffer& offer) {
  const std::lock_guard lock(mutex_);
  const bool same_codecs = offer.camera == offer_.camera && offer.encoded == offer_.encoded;
  offer_ = offer;
  for (Viewer& viewer : viewers_) {
    const VideoChoice choice = choose(viewer.wish, offer);
    if (choice != viewer.choice || (!same_codecs && choice.source)) apply(viewer, choice);
  }
}

VideoNeeds CameraHub::video_needs() const {
  const std::lock_guard lock(mutex_);
  VideoNeeds needs;
  for (const Viewer& viewer : viewers_) {
    needs.camera |= offer_.camera_pending || viewer.choice.source == VideoSource::kCamera;
    needs.encoded |= wants_encoding(viewer.wish, offer_);
    needs.pixels |= viewer.choice.source == VideoSource::kPixels;
  }
  return needs;
}

void CameraHub::forget_video() {
  const std::lock_guard lock(mutex_);
  offer_ = {.camera_pending = true};
  camera_trail_.clear();
  encoded_trail_.clear();
  last_picture_.reset();
  found_.clear();
  for (Viewer& viewer : viewers_) apply(viewer, {});
}

void CameraHub::leave(const std::shared_ptr<Outbox>& viewer) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(viewers_.begin(), viewers_.end(), [&](const Viewer& known) { return known.outbox == viewer; });
  if (found == viewers_.end()) return;
  counters_.skipped += viewer->skipped_pictures();
  viewers_.erase(found);
}

void CameraHub::count_sent(const Picture& picture) {
  const std::lock_guard lock(mutex_);
  ++counters_.sent;
  counters_.sent_bytes += picture.head().size() + picture.bytes();
  if (!last_sent_ || last_sent_->frame_id < picture.frame_id())
    last_sent_ = SentPicture{picture.frame_id(), picture.captured_at_ns(), monotonic_ns()};
}

StatePtr CameraHub::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::vector<Stage> CameraHub::stages(std::uint64_t now_ns) const {
  const std::lock_guard lock(mutex_);
  return judge(beats_, has_detect_, now_ns);
}

std::vector<Input> CameraHub::inputs(std::uint64_t now_ns) const {
  const std::lock_guard lock(mutex_);
  std::vector<Input> inputs;
  for (const InputReport& report : inputs_) inputs.push_back(judge(report, now_ns));
  return inputs;
}

std::vector<InputReport> CameraHub::input_reports() const {
  const std::lock_guard lock(mutex_);
  return inputs_;
}

void CameraHub::set_input_reports(std::vector<InputReport> inputs) {
  const std::lock_guard lock(mutex_);
  inputs_ = std::move(inputs);
}

std::size_t CameraHub::viewers() const {
  const std::lock_guard lock(mutex_);
  return viewers_.size();
}

CameraCounters CameraHub::counters() const {
  const std::lock_guard lock(mutex_);
  CameraCounters counters = counters_;
  for (const Viewer& viewer : viewers_) counters.skipped += viewer.outbox->skipped_pictures();
  return counters;
}

bool CameraHub::wait_for_viewer(std::chrono::nanoseconds timeout) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return stopped_ || !viewers_.empty(); });
  return !viewers_.empty();
}

void CameraHub::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool CameraHub::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void CameraHub::set_classes(std::vector<std::string> classes) {
  const std::lock_guard lock(mutex_);
  classes_ = std::move(classes);
}

void CameraHub::set_beats(const Beats& beats) {
  const std::lock_guard lock(mutex_);
  beats_ = beats;
}

void CameraHub::send_event(Text text) {
  const std::lock_guard lock(mutex_);
  for (const Viewer& viewer : viewers_) viewer.outbox->offer_event(text);
  if (events_.size() == kEventsKept) events_.pop_front();
  events_.push_back(std::move(text));
}

void CameraHub::send_detections(const Text& text, std::shared_ptr<const DetectedFrame> found) {
  const std::lock_guard lock(mutex_);
  detections_ = text;
  for (const Viewer& viewer : viewers_) viewer.outbox->offer_detections(text);
  if (!found) return;
  if (found_.size() == kDetectionsKept) found_.pop_front();
  found_.push_back(std::move(found));
}

void CameraHub::send_tracks(const Text& text) {
  const std::lock_guard lock(mutex_);
  tracks_ = text;
  for (const Viewer& viewer : viewers_) viewer.outbox->offer_tracks(text);
}

std::shared_ptr<const DetectedFrame> CameraHub::found_on(std::uint64_t frame_id) const {
  const std::lock_guard lock(mutex_);
  for (auto found = found_.rbegin(); found != found_.rend(); ++found)
    if ((*found)->detections.info.frame_id() == frame_id) return *found;
  return nullptr;
}

std::shared_ptr<const DetectedFrame> CameraHub::held_found() const {
  const std::lock_guard lock(mutex_);
  return found_.empty() || !state_ || !state_->still ? nullptr : found_.back();
}

void CameraHub::send_state(const StatePtr& state) {
  const StateHead head{std::make_shared<const std::string>(state_head(*state))};
  const std::lock_guard lock(mutex_);
  state_ = state;
  state_head_ = head;
  for (const Viewer& viewer : viewers_) viewer.outbox->offer_state(head);
}

void CameraHub::send_picture(const PicturePtr& picture) {
  const Video& video = *picture->video();
  const std::lock_guard lock(mutex_);
  ++(video.source == VideoSource::kPixels ? counters_.encoded : counters_.passed);
  if (video.inter_coded())
    trail_of(video.source).push(picture);
  else
    last_picture_ = picture;
  for (const Viewer& viewer : viewers_) {
    if (viewer.choice.source != video.source) continue;
    video.inter_coded() ? viewer.outbox->more_in_trail() : viewer.outbox->offer_picture(picture);
  }
}

std::optional<SentPicture> CameraHub::last_sent() const {
  const std::lock_guard lock(mutex_);
  return last_sent_;
}

void CameraHub::count_encoding(std::uint64_t took_ns) {
  const std::lock_guard lock(mutex_);
  counters_.encode_ns += took_ns;
}

void CameraHub::count_bad_record() {
  const std::lock_guard lock(mutex_);
  ++counters_.bad_records;
}

}  // namespace vedette::gateway
