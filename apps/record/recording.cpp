#include "record/recording.h"

#include <algorithm>

#include "base/clock.h"
#include "telemetry/log.h"

namespace vedette::record {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kSnapEveryNs = 5 * kSecondNs;  // a picture may cost decoding a whole group of pictures
constexpr std::uint64_t kSilenceNs = 3 * kSecondNs;    // nothing came for so long after the clip's end: nothing will
constexpr std::uint64_t kDoubtNs = 60 * kSecondNs;     // control tells of each open event every 10 s

std::int64_t to_ms(std::uint64_t wall_ns) { return static_cast<std::int64_t>(wall_ns / 1'000'000); }

}  // namespace

Recording::Recording(const RecordingParts& parts, const RecordingOptions& options, const std::string& camera, const News& news,
                     const std::optional<store::Event>& before)
    : parts_(parts), options_(options) {
  if (before) event_ = *before;
  event_.key = {camera, news.id};
  event_.kind = to_string(news.kind);
  event_.rule = news.rule;
  event_.track = news.track;
  if (!before) event_.started_at_ms = to_ms(news.started_wall_at_ns);
  event_.ended_at_ms = 0;
  event_.state = store::EventState::kOpen;
  snapped_ = event_.snapshot;
  from_ns_ = news.started_at_ns - std::min(news.started_at_ns, options_.pre_roll_ns);
  from_ns_ = std::max(from_ns_, event_.until_at_ns);
  note(news);
  if (news.phase == schema::EventPhase::Once) {
    over_ = true;
    event_.ended_at_ms = event_.started_at_ms;
  } else {
    wanted_ = true;
    begin_clip();
  }
  update(news);
}

Recording::~Recording() { end_clip(); }

void Recording::note(const News& news) {
  event_.label = news.label;
  event_.score = std::max(event_.score, news.score);
  event_.text = news.text;
  event_.x = news.box.x, event_.y = news.box.y, event_.width = news.box.width, event_.height = news.box.height;
  // The records of before a restart come again: their visits are known.
  const auto knows = [&](const store::ZoneVisit& last) { return last.zone == news.zone || last.at_ms >= to_ms(news.wall_at_ns); };
  if (!news.zone.empty() && (event_.visits.empty() || !knows(event_.visits.back())))
    event_.visits.push_back({news.zone, to_ms(news.wall_at_ns)});
  if (news.best_frame_id != 0)
    best_frame_id_ = news.best_frame_id, best_ns_ = news.best_captured_at_ns;
  else if (best_ns_ == 0 && news.phase != schema::EventPhase::Once)
    best_ns_ = news.started_at_ns;  // nothing shows a crowd that is too small
}

void Recording::update(const News& news) {
  doubt_until_ns_ = 0;
  const store::Event before = event_;
  note(news);
  changed_ |= event_ != before;
  if (news.phase != schema::EventPhase::End || over_) return;
  over_ = changed_ = true;
  event_.ended_at_ms = to_ms(news.wall_at_ns);
  until_ns_ = news.at_ns + options_.post_roll_ns;
}

void Recording::begin_clip() {
  if (!wanted_ || recording_ || !parts_.disk.has_room()) return;
  if (!saved_) save();
  if (!saved_) return;  // a clip without its .json is nobody's
  recording_ = true;
  packet_at_ns_ = monotonic_ns();
  parts_.feed.add(*this, from_ns_);
}

// There is more of it to come.
void Recording::pause_clip() {
  if (!recording_) return;
  parts_.feed.remove(*this);
  recording_ = false;
  end_part();
}

void Recording::end_clip() {
  wanted_ = false;
  pause_clip();
}

void Recording::end_part() {
  if (!clip_) return;
  const auto info = clip_->finish();
  const std::uint64_t from_ns = clip_->first_captured_ns();
  clip_.reset();
  if (!info) return on_error(info.error(), "clip");
  if (!info->sound_missing.empty()) log::warning("{}: a clip without its sound: {}", event_.key.camera, info->sound_missing);
  ++event_.clips;
  event_.clip_ms += info->duration_ms;
  event_.codec = info->codec;
  event_.until_at_ns = std::max(info->until_ns, from_ns) + 1;
  from_ns_ = event_.until_at_ns;
  changed_ = true;
  parts_.tell({event_.key.id, schema::MediaKind::Clip, parts_.store.tree().clip(event_.key, event_.started_at_ms, event_.clips),
               info->first_frame_id, info->bytes, static_cast<std::uint32_t>(info->duration_ms)});
}

void Recording::take(const PacketView& packet) {
  packet_at_ns_ = monotonic_ns();
  const PacketInfo& info = packet.info;
  const bool video = !is_audio(info.codec());
  if (clip_ && info.stream() != clip_->stream()) end_part();
  if (!recording_) return;
  const std::uint64_t captured_ns = info.captured_at_ns();
  const bool enough = video && ((until_ns_ != 0 && captured_ns >= until_ns_) ||
                                (clip_ && captured_ns >= clip_->first_captured_ns() + options_.longest_ns));
  if (enough) return end_clip();
  if (!clip_) {
    if (!video || info.keyframe() != 1) return;
    if (!parts_.disk.has_room()) return pause_clip();
    const std::string path = parts_.store.tree().clip(event_.key, event_.started_at_ms, event_.clips + 1);
    auto created = ClipFile::create(path, packet, {});
    if (!created) return on_error(created.error(), "clip");
    clip_ = *std::move(created);
  }
  if (const auto added = clip_->add(packet); !added) {
    clip_.reset();
    on_error(added.error(), "clip");
  }
}

void Recording::on_error(const Error& error, const char* what) {
  log::warning("{}: event {}: no {}: {}", event_.key.camera, event_.key.id, what, error.text);
  // The disk's fault: once there is room the clip begins again, with what the log still has.
  wanted_ = is_of_disk(error);
  if (wanted_) parts_.disk.failed(error);
  if (!recording_) return;
  parts_.feed.remove(*this);
  recording_ = false;
}

void Recording::snap(std::uint64_t now_ns) {
  if (best_ns_ == 0 || (snapped_ && best_frame_id_ == shown_frame_id_)) return;
  if (now_ns < next_snap_ns_ && (!over_ || best_frame_id_ == tried_frame_id_)) return;
  next_snap_ns_ = now_ns + kSnapEveryNs;
  tried_frame_id_ = best_frame_id_;
  const auto snapshot = parts_.snapshots.write(parts_.store.tree(), event_, best_ns_);
  if (!snapshot) {
    // Of an event that has one already the picture of before stays.
    if (!event_.snapshot && !std::exchange(told_no_snapshot_, true))
      log::warning("{}: event {}: no snapshot: {}", event_.key.camera, event_.key.id, snapshot.error().text);
    if (!is_of_disk(snapshot.error())) return;
    parts_.disk.failed(snapshot.error());
    next_snap_ns_ = 0;
    return;
  }
  snapped_ = true;
  shown_frame_id_ = best_frame_id_;
  changed_ |= !event_.snapshot;
  event_.snapshot = true;
  parts_.tell({event_.key.id, schema::MediaKind::Snapshot, snapshot->path, snapshot->frame_id, snapshot->bytes, 0});
}

void Recording::save() {
  event_.bytes = 0;
  for (const std::string& path : parts_.store.tree().files_of(event_)) event_.bytes += store::file_bytes(path);
  const auto saved = parts_.store.put(event_);
  if (saved) {
    saved_ = true;
    changed_ = false;
    return;
  }
  log::warning("{}: event {}: {}", event_.key.camera, event_.key.id, saved.error().text);
  if (is_of_disk(saved.error())) parts_.disk.failed(saved.error());
}

void Recording::doubt(std::uint64_t now_ns) {
  if (!over_ && doubt_until_ns_ == 0) doubt_until_ns_ = now_ns + kDoubtNs;
}

void Recording::give_up() {
  log::warning("{}: event {}: its end was missed", event_.key.camera, event_.key.id);
  end_clip();
  over_ = changed_ = true;
  last_state_ = store::EventState::kInterrupted;
  event_.ended_at_ms = to_ms(wall_ns());
}

bool Recording::step(std::uint64_t now_ns) {
  if (!over_ && doubt_until_ns_ != 0 && now_ns > doubt_until_ns_) give_up();
  if (until_ns_ != 0 && recording_ && now_ns > until_ns_ + kSilenceNs && now_ns > packet_at_ns_ + kSilenceNs) end_clip();
  if (!parts_.disk.has_room()) {
    pause_clip();
    return false;
  }
  begin_clip();
  if (changed_ && event_.state == store::EventState::kOpen && now_ns >= next_save_ns_) {
    next_save_ns_ = now_ns + kSecondNs;
    save();
  }
  if (!saved_) return false;
  snap(now_ns);
  if (!over_ || recording_ || wanted_ || !parts_.disk.has_room()) return false;
  event_.state = last_state_;
  changed_ = true;
  save();
  if (!changed_) {
    if (event_.codec == "mjpeg") parts_.transcode(event_.key);
    return true;
  }
  event_.state = store::EventState::kOpen;
  return false;
}

void Recording::interrupt() {
  const bool whole = over_ && !wanted_;
  end_clip();
  event_.state = whole ? last_state_ : store::EventState::kInterrupted;
  if (parts_.disk.has_room()) save();
}

}  // namespace vedette::record
