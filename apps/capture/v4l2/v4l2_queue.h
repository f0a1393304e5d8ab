// A V4L2 device's queue of buffers: asks for them, maps them, passes them in and out, switches the stream on and off.
//
// Thread-bound. Knows nothing of formats or of what the bytes are. Buffers are the driver's, mapped here (MMAP), or the caller's
// memory (USERPTR), of which the driver keeps the pages pinned until another one takes its place or the queue is closed: it must
// stay mapped, and its address must stay its own, until then. DMABUF isn't used: what imports memory there (DMA-capable drivers
// of SoCs) can't take pages of a tmpfs, and the drivers that could (vb2-vmalloc: uvcvideo, vivid) take them as USERPTR.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace vedette::capture {

class V4l2Queue {
 public:
  struct Options {
    std::string name;               // of the device, for errors
    int fd = -1;                    // open for as long as the queue lives
    std::uint32_t buffer_type = 0;  // V4L2_BUF_TYPE_VIDEO_CAPTURE or …_MPLANE (with one plane)
    bool user_memory = false;
    std::uint32_t buffers = 4;
    std::size_t image_bytes = 0;  // what the driver says that a picture takes at most
  };
  // A buffer that the driver has filled.
  struct Filled {
    std::uint32_t index = 0;
    std::span<std::byte> bytes;  // as many as it says it wrote
    std::uint64_t cookie = 0;    // user memory: queue_user()'s
    std::uint32_t sequence = 0;
    std::uint32_t flags = 0;     // V4L2_BUF_FLAG_…
    std::uint64_t stamp_ns = 0;  // on the clock that the flags name
  };

  // Claims the device: kBusy while another program has buffers. kIncompatible: the driver can't take user memory.
  static Result<V4l2Queue> create(Options options);
  V4l2Queue(V4l2Queue&&) noexcept;
  V4l2Queue& operator=(V4l2Queue&&) noexcept;
  ~V4l2Queue();  // the stream is off, buffers are unmapped and given back

  Result<> start();
  // After it no buffer is queued. The cookies of user memory that the driver still had come back from take_cookies().
  Result<> stop();
  bool streaming() const { return streaming_; }

  Result<> queue(std::uint32_t index);  // mapped buffers, and user memory that has been queued at this index before
  Result<> queue_all();
  // kResourceExhausted: all of the queue's buffers are queued already.
  Result<> queue_user(std::span<std::byte> memory, std::uint64_t cookie);
  // User memory's index becomes free: its owner has it back.
  void give_back(std::uint32_t index);
  std::vector<std::uint64_t> take_cookies();

  // None: nothing is filled. kUnavailable: the device is gone.
  Result<std::optional<Filled>> dequeue();
  std::size_t size() const { return slots_.size(); }

 private:
  struct Slot {
    std::span<std::byte> memory;
    std::uint64_t cookie = 0;
    bool in_use = false;  // user memory: queued, or filled and not given back yet
  };

  explicit V4l2Queue(Options options);
  Result<> map(std::uint32_t index);
  Error stream_error(const std::string& what, int errno_value) const;
  void release();

  Options options_;
  std::vector<Slot> slots_;
  std::vector<std::uint64_t> abandoned_;
  bool streaming_ = false;
};

}  // namespace vedette::capture
