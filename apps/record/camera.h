// CameraRecorder: all that is recorded of one camera: follows <cam>/events in order, records each event's pictures and clip, and
// all the time if continuous recording is asked for; says in <cam>/media what there is.
//
// Owner: main(), one a camera, each with a thread of its own that calls run(): a disk that hangs holds up nobody but the
// recorders themselves. After a restart the events that the ring still has are gone through again: what the index knows as done
// is left alone, all else is taken up.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "bus/ring.h"
#include "record/recording.h"
#include "record/segments.h"
#include "record/transcoder.h"
#include "stage/topics.h"

namespace vedette::record {

struct CameraOptions {
  std::string name;
  std::string input;  // that is recorded: its name
  RecordingOptions recording;
  SnapshotOptions snapshots;
  bool continuous = false;
  std::uint64_t segment_ns = 60'000'000'000;
  stage::Share share;
};

// What all cameras have in common.
struct SharedParts {
  store::Store& store;
  Disk& disk;
  Transcoder& transcoder;
};

class CameraRecorder {
 public:
  // `dir` and what the parts refer to must outlive it. kBusy while another recorder lives.
  static Result<std::unique_ptr<CameraRecorder>> open(const bus::BusDir& dir, const CameraOptions& options,
                                                      const SharedParts& parts);
  ~CameraRecorder();

  // Until stop_requested(); then all clips are made whole.
  void run();

 private:
  CameraRecorder(const bus::BusDir& dir, CameraOptions options, const SharedParts& parts, bus::RingWriter media);
  void take_events();
  void handle(const News& news);
  void tell(const Media& media);
  void step(std::uint64_t now_ns);

  CameraOptions options_;
  SharedParts parts_;
  bus::RingWriter media_;
  bus::Subscriber events_;
  Feed feed_;
  SnapshotWriter snapshots_;
  std::unique_ptr<Segments> segments_;
  std::map<std::uint64_t, std::unique_ptr<Recording>> recordings_;  // by event id
  const std::uint64_t began_ns_;
  std::uint64_t recorded_ = 0;
  std::uint64_t missed_ = 0;  // records of <cam>/events
  std::uint64_t told_missed_packets_ = 0;
};

}  // namespace vedette::record
