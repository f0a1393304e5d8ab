#include "capture/v4l2/v4l2_queue.h"

#include <linux/videodev2.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "capture/v4l2/v4l2_node.h"

namespace vedette::capture {
namespace {

// One buffer as ioctls want it: of a multi-planar driver, with its one plane.
struct Buffer {
  Buffer(std::uint32_t type, std::uint32_t memory, std::uint32_t index) {
    buffer.type = type;
    buffer.memory = memory;
    buffer.index = index;
    if (multiplanar()) {
      buffer.m.planes = &plane;
      buffer.length = 1;
    }
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  bool multiplanar() const { return buffer.type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE; }
  std::uint32_t length() const { return multiplanar() ? plane.length : buffer.length; }
  std::uint32_t offset() const { return multiplanar() ? plane.m.mem_offset : buffer.m.offset; }
  void set_memory(std::span<std::byte> memory) {
    const auto address = reinterpret_cast<unsigned long>(memory.data());
    const auto bytes = static_cast<std::uint32_t>(memory.size());
    if (multiplanar()) {
      plane.m.userptr = address;
      plane.length = bytes;
    } else {
      buffer.m.userptr = address;
      buffer.length = bytes;
    }
  }

  v4l2_buffer buffer{};
  v4l2_plane plane{};
};

}  // namespace

V4l2Queue::V4l2Queue(Options options) : options_(std::move(options)) {}

V4l2Queue::V4l2Queue(V4l2Queue&& other) noexcept
    : options_(std::move(other.options_)),
      slots_(std::move(other.slots_)),
      abandoned_(std::move(other.abandoned_)),
      streaming_(std::exchange(other.streaming_, false)) {
  other.options_.fd = -1;
  other.slots_.clear();
}

V4l2Queue& V4l2Queue::operator=(V4l2Queue&& other) noexcept {
  if (this == &other) return *this;
  release();
  options_ = std::move(other.options_);
  slots_ = std::move(other.slots_);
  abandoned_ = std::move(other.abandoned_);
  streaming_ = std::exchange(other.streaming_, false);
  other.options_.fd = -1;
  other.slots_.clear();
  return *this;
}

V4l2Queue::~V4l2Queue() { release(); }

static std::uint32_t memory_kind(const V4l2Queue::Options& options) {
  return options.user_memory ? V4L2_MEMORY_USERPTR : V4L2_MEMORY_MMAP;
}

Result<V4l2Queue> V4l2Queue::create(Options options) {
  V4l2Queue queue(std::move(options));
  const Options& own = queue.options_;
  v4l2_requestbuffers request{};
  request.count = own.buffers;
  request.type = own.buffer_type;
  request.memory = memory_kind(own);
  if (const int failed = v4l2_ioctl(own.fd, VIDIOC_REQBUFS, &request); failed != 0) {
    queue.options_.fd = -1;  // nothing to give back, and what another program has isn't ours to touch
    if (failed == EINVAL && own.user_memory)
      return Error{ErrorCode::kIncompatible, own.name + ": its driver can't write into memory of ours (USERPTR)"};
    return v4l2_error(own.name + ": buffers", failed);
  }
  if (request.count < 2)
    return Error{ErrorCode::kResourceExhausted,
                 own.name + ": the driver gives only " + std::to_string(request.count) + " buffers"};
  queue.slots_.resize(request.count);
  if (!own.user_memory)
    for (std::uint32_t i = 0; i < request.count; ++i) VD_TRY(queue.map(i));
  return queue;
}

Result<> V4l2Queue::map(std::uint32_t index) {
  Buffer query(options_.buffer_type, V4L2_MEMORY_MMAP, index);
  if (const int failed = v4l2_ioctl(options_.fd, VIDIOC_QUERYBUF, &query.buffer); failed != 0)
    return v4l2_error(options_.name + ": buffer", failed);
  void* address = ::mmap(nullptr, query.length(), PROT_READ | PROT_WRITE, MAP_SHARED, options_.fd, query.offset());
  if (address == MAP_FAILED) return errno_error(options_.name + ": buffer of " + std::to_string(query.length()) + " bytes");
  slots_[index].memory = {static_cast<std::byte*>(address), query.length()};
  return Ok{};
}

void V4l2Queue::release() {
  if (options_.fd < 0) return;
  if (streaming_) {
    int type = static_cast<int>(options_.buffer_type);
    v4l2_ioctl(options_.fd, VIDIOC_STREAMOFF, &type);
    streaming_ = false;
  }
  if (!options_.user_memory)
    for (const Slot& slot : slots_)
      if (!slot.memory.empty()) ::munmap(slot.memory.data(), slot.memory.size());
  slots_.clear();
  v4l2_requestbuffers request{};
  request.type = options_.buffer_type;
  request.memory = memory_kind(options_);
  v4l2_ioctl(options_.fd, VIDIOC_REQBUFS, &request);  // none: other programs may have the device again
  options_.fd = -1;
}

Result<> V4l2Queue::start() {
  int type = static_cast<int>(options_.buffer_type);
  if (const int failed = v4l2_ioctl(options_.fd, VIDIOC_STREAMON, &type); failed != 0)
    return stream_error(options_.name + ": start of the stream", failed);
  streaming_ = true;
  return Ok{};
}

Result<> V4l2Queue::stop() {
  int type = static_cast<int>(options_.buffer_type);
  const int failed = v4l2_ioctl(options_.fd, VIDIOC_STREAMOFF, &type);
  streaming_ = false;
  if (options_.user_memory)
    for (Slot& slot : slots_)
      if (std::exchange(slot.in_use, false)) abandoned_.push_back(slot.cookie);
  if (failed != 0) return v4l2_error(options_.name + ": end of the stream", failed);
  return Ok{};
}

Error V4l2Queue::stream_error(const std::string& what, int errno_value) const {
  if (errno_value != EINVAL) return v4l2_error(what, errno_value);
  // A call that was under way while the camera was unplugged finds its stream taken away, which is EINVAL to the kernel.
  v4l2_capability capability{};
  const int gone = v4l2_ioctl(options_.fd, VIDIOC_QUERYCAP, &capability);
  return v4l2_error(what, gone != 0 ? gone : errno_value);
}

Result<> V4l2Queue::queue(std::uint32_t index) {
  Buffer buffer(options_.buffer_type, memory_kind(options_), index);
  if (options_.user_memory) buffer.set_memory(slots_[index].memory);
  if (const int failed = v4l2_ioctl(options_.fd, VIDIOC_QBUF, &buffer.buffer); failed != 0)
    return stream_error(options_.name + ": handing a buffer to the driver", failed);
  return Ok{};
}

Result<> V4l2Queue::queue_all() {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) VD_TRY(queue(i));
  return Ok{};
}

Result<> V4l2Queue::queue_user(std::span<std::byte> memory, std::uint64_t cookie) {
  VD_ASSERT(options_.user_memory, "queue_user() of a queue with mapped buffers");
  if (memory.size() < options_.image_bytes)
    return Error{ErrorCode::kInvalidArgument, options_.name + ": a buffer of " + std::to_string(memory.size()) +
                                                  " bytes is too small, a picture takes " + std::to_string(options_.image_bytes)};
  // The driver has the pages of an index's last memory pinned already: pinning takes longer than a small picture's copy.
  auto free = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    return !slot.in_use && slot.memory.data() == memory.data() && slot.memory.size() == memory.size();
  });
  if (free == slots_.end()) free = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.in_use; });
  if (free == slots_.end())
    return Error{ErrorCode::kResourceExhausted, options_.name + ": all " + std::to_string(slots_.size()) + " buffers are in use"};
  *free = Slot{memory, cookie, true};
  auto queued = queue(static_cast<std::uint32_t>(free - slots_.begin()));
  if (!queued.ok()) *free = {};
  return queued;
}

void V4l2Queue::give_back(std::uint32_t index) { slots_[index].in_use = false; }

std::vector<std::uint64_t> V4l2Queue::take_cookies() { return std::exchange(abandoned_, {}); }

Result<std::optional<V4l2Queue::Filled>> V4l2Queue::dequeue() {
  Buffer taken(options_.buffer_type, memory_kind(options_), 0);
  const int failed = v4l2_ioctl(options_.fd, VIDIOC_DQBUF, &taken.buffer);
  if (failed == EAGAIN) return std::optional<Filled>{};
  if (failed != 0) return stream_error(options_.name, failed);
  const std::uint32_t index = taken.buffer.index;
  if (index >= slots_.size())
    return Error{ErrorCode::kIo,
                 options_.name + ": the driver names a buffer that it hasn't got (" + std::to_string(index) + ")"};
  Filled filled;
  filled.index = index;
  // data_offset: a header of the driver's in front of the picture.
  const std::size_t offset = taken.multiplanar() ? taken.plane.data_offset : 0;
  const std::size_t end = taken.multiplanar() ? taken.plane.bytesused : taken.buffer.bytesused;
  const std::span<std::byte> memory = slots_[index].memory;
  if (end <= memory.size() && offset <= end) filled.bytes = memory.subspan(offset, end - offset);
  filled.cookie = slots_[index].cookie;
  filled.sequence = taken.buffer.sequence;
  filled.flags = taken.buffer.flags;
  filled.stamp_ns = static_cast<std::uint64_t>(taken.buffer.timestamp.tv_sec) * 1'000'000'000u +
                    static_cast<std::uint64_t>(taken.buffer.timestamp.tv_usec) * 1'000u;
  return std::optional<Filled>(filled);
}

}  // namespace vedette::capture
