// Transcoder: turns clips of JPEGs into H.264, which browsers play: one after the other, in a thread of the lowest priority, when
// the event is over. Until then, and where there is no encoder, the clip is there as it was recorded.
//
// Owner: main(). add() from any thread. If the process dies, the clip stays as it was; the index finds it at the next start.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "store/store.h"

namespace vedette::record {

class Transcoder {
 public:
  explicit Transcoder(store::Store& store);
  ~Transcoder();  // the clip in work stays as it was
  Transcoder(const Transcoder&) = delete;

  // An event that isn't recorded any more and has a clip of JPEGs.
  void add(const store::EventKey& key);

 private:
  void run();
  void work(const store::EventKey& key);

  store::Store& store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<store::EventKey> waiting_;
  bool stopping_ = false;
  bool told_ = false;
  std::thread thread_;
};

// The file at `path`, an MP4 of JPEGs, as one of H.264 with the same sound; kNotFound where this libav has no encoder of H.264.
// `go_on` is asked before each picture; false: nothing changes, and that is kUnavailable. Nor does
// anything change if not all of its pictures can be read and turned.
Result<> turn_into_h264(const std::string& path, const std::function<bool()>& go_on);

}  // namespace vedette::record
