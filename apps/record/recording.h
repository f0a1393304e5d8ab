// Recording: one event while it is recorded: its row, its snapshot, its clip in as many parts as the camera's stream has.
//
// Owner: the camera's thread. What it has written is there for good (libs/store); if this process dies, its successor goes on
// with what the row and the log of packets still say.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "record/clip.h"
#include "record/disk.h"
#include "record/feed.h"
#include "record/news.h"
#include "record/snapshot.h"
#include "schema/records.h"
#include "store/store.h"

namespace vedette::record {

struct RecordingOptions {
  std::uint64_t pre_roll_ns = 5'000'000'000;
  std::uint64_t post_roll_ns = 5'000'000'000;
  std::uint64_t longest_ns = 300'000'000'000;
};

// A file that is there now, for <cam>/media.
struct Media {
  std::uint64_t event_id = 0;
  schema::MediaKind kind = schema::MediaKind::Clip;
  std::string path;
  std::uint64_t frame_id = 0;
  std::uint64_t bytes = 0;
  std::uint32_t duration_ms = 0;
};

// What all recordings of a camera have in common.
struct RecordingParts {
  store::Store& store;
  Disk& disk;
  Feed& feed;
  SnapshotWriter& snapshots;
  std::function<void(const Media&)> tell;
  std::function<void(const store::EventKey&)> transcode;  // an event whose clip isn't for browsers yet
};

class Recording : public Sink {
 public:
  // `before`: what an earlier process of ours knew of it.
  Recording(const RecordingParts& parts, const RecordingOptions& options, const std::string& camera, const News& news,
            const std::optional<store::Event>& before);
  ~Recording() override;
  Recording(const Recording&) = delete;

  void update(const News& news);
  void take(const PacketView& packet) override;
  // What isn't due to a packet: calls it at least once a second. True: all of it is written, it can go.
  bool step(std::uint64_t now_ns);
  // Records of <cam>/events were missed, maybe this one's end: unless it is told of again within a minute it is interrupted.
  void doubt(std::uint64_t now_ns);
  // The process ends: what there is of the clip is made whole; an event whose clip isn't all there stays unfinished.
  void interrupt();

 private:
  void note(const News& news);
  void begin_clip();
  void pause_clip();
  void end_clip();
  void end_part();
  void snap(std::uint64_t now_ns);
  void give_up();
  void save();
  void on_error(const Error& error, const char* what);

  RecordingParts parts_;
  RecordingOptions options_;
  store::Event event_;
  std::uint64_t from_ns_ = 0;                                // of the clip, capture time
  std::uint64_t until_ns_ = 0;                               // 0: the event goes on
  bool over_ = false;                                        // the event
  store::EventState last_state_ = store::EventState::kDone;  // once it is over
  std::uint64_t doubt_until_ns_ = 0;                         // 0: no record of it can have been missed
  bool wanted_ = false;                                      // there is more of the clip to come
  bool recording_ = false;                                   // takes packets
  std::unique_ptr<ClipFile> clip_;
  std::uint64_t packet_at_ns_ = 0;  // when the last one came
  std::uint64_t best_frame_id_ = 0;
  std::uint64_t best_ns_ = 0;
  std::uint64_t shown_frame_id_ = 0;  // that the snapshot shows
  std::uint64_t tried_frame_id_ = 0;  // that it was to show at the last try
  std::uint64_t next_snap_ns_ = 0;
  bool snapped_ = false;
  bool told_no_snapshot_ = false;
  bool saved_ = false;   // it has a .json and a row: media may follow
  bool changed_ = true;  // since it was saved
  std::uint64_t next_save_ns_ = 0;
};

}  // namespace vedette::record
