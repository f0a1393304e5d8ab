#include "record/camera.h"

#include <array>
#include <cstring>

#include "base/clock.h"
#include "base/process.h"
#include "schema/records.h"
#include "telemetry/log.h"

namespace vedette::record {
namespace {

constexpr auto kLongestWait = std::chrono::milliseconds(200);  // half of what a writer's beat may take

std::vector<std::byte> encode(const Media& media) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateMediaDirect(builder, media.event_id, media.kind, monotonic_ns(), media.path.c_str(),
                                           media.frame_id, media.bytes, media.duration_ms));
  const auto* bytes = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {bytes, bytes + builder.GetSize()};
}

}  // namespace

Result<std::unique_ptr<CameraRecorder>> CameraRecorder::open(const bus::BusDir& dir, const CameraOptions& options,
                                                             const SharedParts& parts) {
  VD_ASSIGN(const auto topic, bus::TopicName::make(options.name, "media"));
  VD_ASSIGN(bus::RingWriter media, bus::RingWriter::open(dir, topic, stage::media_ring(options.share)));
  return std::unique_ptr<CameraRecorder>(new CameraRecorder(dir, options, parts, std::move(media)));
}

CameraRecorder::CameraRecorder(const bus::BusDir& dir, CameraOptions options, const SharedParts& parts, bus::RingWriter media)
    : options_(std::move(options)),
      parts_(parts),
      media_(std::move(media)),
      events_(dir, {options_.name, "events"}, kEventSchema),
      feed_(dir, {options_.name, options_.input, options_.recording.pre_roll_ns > 0 || options_.continuous,
                  options_.snapshots.quality}),
      snapshots_(feed_, options_.snapshots),
      began_ns_(monotonic_ns()) {}

CameraRecorder::~CameraRecorder() = default;

void CameraRecorder::tell(const Media& media) {
  const std::vector<std::byte> record = encode(media);
  auto loan = media_.loan();
  if (!loan || record.size() > kMaxRecordBytes) return media_.count_drop();
  std::memcpy(loan->bytes().data(), record.data(), record.size());
  media_.publish(std::move(*loan), media_.next_frame_id(), record.size());
}

void CameraRecorder::take_events() {
  for (;;) {
    const bus::Taken taken = events_.take_next();
    if (!taken) return;
    missed_ += taken.missed;
    if (taken.missed > 0)
      for (const auto& [id, recording] : recordings_) recording->doubt(monotonic_ns());
    if (const auto news = read_news(taken.lease.bytes())) {
      handle(*news);
    } else {
      log::warning("{}: {}", options_.name, news.error().text);
    }
  }
}

void CameraRecorder::handle(const News& news) {
  const bool of_ours = news.kind == schema::EventKind::RecordingStopped || news.kind == schema::EventKind::RecordingBack;
  if (of_ours && news.at_ns < began_ns_) parts_.disk.resume(news.kind == schema::EventKind::RecordingStopped);
  if (const auto known = recordings_.find(news.id); known != recordings_.end()) return known->second->update(news);
  const auto before = parts_.store.find({options_.name, news.id});
  if (!before) return log::warning("{}: event {}: {}", options_.name, news.id, before.error().text);
  if (*before && (*before)->state == store::EventState::kDone) return;
  if (!*before) {
    const auto removed = parts_.store.was_removed({options_.name, news.id});
    if (!removed) return log::warning("{}: event {}: {}", options_.name, news.id, removed.error().text);
    if (*removed) return;
  }
  const RecordingParts parts{parts_.store,
                             parts_.disk,
                             feed_,
                             snapshots_,
                             [this](const Media& media) { tell(media); },
                             [this](const store::EventKey& key) { parts_.transcoder.add(key); }};
  recordings_.emplace(news.id, std::make_unique<Recording>(parts, options_.recording, options_.name, news, *before));
  ++recorded_;
}

void CameraRecorder::step(std::uint64_t now_ns) {
  media_.beat();
  if (options_.continuous && !segments_)
    segments_ = std::make_unique<Segments>(parts_.store, parts_.disk, feed_, options_.name, options_.segment_ns);
  if (segments_) segments_->step(now_ns);
  std::erase_if(recordings_, [&](const auto& entry) { return entry.second->step(now_ns); });
  if (feed_.missed() != told_missed_packets_) {
    log::warning("{}: {} packets missed: the disk, or this machine, is too slow; there is a gap in what is recorded now",
                 options_.name, feed_.missed() - told_missed_packets_);
    told_missed_packets_ = feed_.missed();
  }
}

void CameraRecorder::run() {
  bool all_read = true;
  while (!stop_requested()) {
    const std::array<bus::Subscription*, 2> topics{&events_, feed_.topic()};
    if (all_read) bus::wait_any(std::span(topics).first(topics[1] == nullptr ? 1 : 2), kLongestWait);
    take_events();
    all_read = feed_.step();
    step(monotonic_ns());
  }
  segments_.reset();
  for (const auto& [id, recording] : recordings_) recording->interrupt();
  recordings_.clear();
  log::info("{}: {} events recorded, {} missed", options_.name, recorded_, missed_);
}

}  // namespace vedette::record
