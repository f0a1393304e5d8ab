#include "capture/v4l2/v4l2_device.h"

#include <linux/videodev2.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/clock.h"
#include "capture/v4l2/v4l2_controls.h"
#include "capture/v4l2/v4l2_find.h"

namespace vedette::capture {
namespace {

// A stamp may be ahead of this CPU's clock by so much (drivers that compute it from the camera's own clock); it then becomes now.
constexpr std::uint64_t kAheadNs = 50'000'000;
// UVC stamps the start of the exposure, which the first picture's may have been before the stream's start here.
constexpr std::uint64_t kBeforeStartNs = 1'000'000'000;
// A gap in the numbering larger than this is a driver that counts anew, not a loss.
constexpr std::uint32_t kLargestGap = 1u << 20;

}  // namespace

V4l2Device::V4l2Device(V4l2Options options) : options_(std::move(options)) {}

V4l2Device::~V4l2Device() { close(); }

Result<> V4l2Device::open() {
  close();
  auto opened = set_up();
  if (!opened.ok()) close();
  return opened;
}

Result<> V4l2Device::set_up() {
  VD_ASSIGN(node_, find_v4l2(options_.device, identity_));
  path_ = node_->path();
  if (options_.input) VD_TRY(node_->select_input(*options_.input));
  formats_ = node_->formats();
  VD_ASSIGN(const V4l2Choice choice, choose());
  if (!queue_) VD_TRY(configure(choice));
  choice_ = choice;
  identity_ = node_->identity();
  frames_.reserve(queue_->size());
  return options_.user_buffers ? Result<>() : start();
}

// Leaves the device claimed (its buffers asked for), so that controls are never set on a camera that another program uses.
Result<V4l2Choice> V4l2Device::choose() {
  auto choices = v4l2_choices(formats_, options_.wanted);
  if (!choices.ok()) return std::move(choices).error().in(path_);
  const bool same_camera = identity_ && *identity_ == node_->identity();
  const bool known = choice_ && same_camera && std::find(choices->begin(), choices->end(), *choice_) != choices->end();
  const V4l2Choice first = known ? *choice_ : choices->front();
  VD_TRY(configure(first));
  auto set = set_v4l2_controls(node_->fd(), options_.controls);
  if (!set.ok()) return std::move(set).error().in(path_);
  if (known || choices->size() == 1) return first;
  return measure(*choices);
}

Result<> V4l2Device::configure(const V4l2Choice& choice) {
  queue_.reset();  // a format can only be set while there are no buffers
  VD_ASSIGN(layout_, set_v4l2_format(*node_, choice));
  VD_ASSIGN(const V4l2Interval interval, set_v4l2_interval(*node_, choice.interval));
  layout_.fps = interval.fps();
  V4l2Queue::Options options;
  options.name = path_;
  options.fd = node_->fd();
  options.buffer_type = node_->buffer_type();
  options.user_memory = options_.user_buffers;
  options.buffers = options_.buffers;
  options.image_bytes = layout_.image_bytes;
  VD_ASSIGN(queue_, V4l2Queue::create(std::move(options)));
  handed_out_.assign(queue_->size(), false);
  return Ok{};
}

Result<> V4l2Device::start() {
  if (!options_.user_buffers) VD_TRY(queue_->queue_all());
  sequence_ = 0;
  last_sequence_.reset();
  started_at_ns_ = monotonic_ns();
  return queue_->start();
}

void V4l2Device::close() {
  if (queue_ && options_.user_buffers) {
    (void)queue_->stop();  // of a device that is gone, too: the cookies come back
    const auto cookies = queue_->take_cookies();
    user_cookies_.insert(user_cookies_.end(), cookies.begin(), cookies.end());
  }
  frames_.clear();
  handed_out_.clear();
  queue_.reset();
  node_.reset();
}

Result<std::span<const V4l2Frame>> V4l2Device::next(std::chrono::milliseconds timeout) {
  if (!queue_) return Error{ErrorCode::kUnavailable, options_.device + ": is not open"};
  VD_TRY(give_back_all());
  if (!queue_->streaming()) {  // user buffers, none of which was queued yet
    ::poll(nullptr, 0, static_cast<int>(timeout.count()));
    return std::span<const V4l2Frame>{};
  }
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    VD_TRY(drain());
    if (!frames_.empty()) return std::span<const V4l2Frame>(frames_);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::span<const V4l2Frame>{};
    VD_ASSIGN(const bool filled, wait(left));
    if (!filled) return std::span<const V4l2Frame>{};
  }
}

Result<bool> V4l2Device::wait(std::chrono::milliseconds timeout) {
  pollfd waiting{node_->fd(), POLLIN, 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
  if (ready < 0 && errno != EINTR) return errno_error(path_);
  if (ready <= 0) return ready < 0;  // a signal: look again
  if ((waiting.revents & POLLIN) != 0) return true;
  // Nothing to take, and never again: unplugged, or the driver gave up.
  v4l2_capability capability{};
  const int failed = v4l2_ioctl(node_->fd(), VIDIOC_QUERYCAP, &capability);
  return v4l2_error(path_, failed != 0 ? failed : EIO);
}

Result<> V4l2Device::drain() {
  frames_.clear();
  // A driver that fills faster than we take would keep us here: no more than there are buffers.
  for (std::size_t i = 0; i < queue_->size(); ++i) {
    VD_ASSIGN(const std::optional<V4l2Queue::Filled> filled, queue_->dequeue());
    if (!filled) break;
    if (last_sequence_) {
      const std::uint32_t step = filled->sequence - *last_sequence_;  // wraps
      const bool gap = step > 1 && step < kLargestGap;
      if (gap) counters_.lost += step - 1;
      sequence_ += gap ? step : 1;
    }
    last_sequence_ = filled->sequence;
    if (!is_whole(*filled)) {
      ++counters_.damaged;
      VD_TRY(queue_->queue(filled->index));
      continue;
    }
    V4l2Frame frame;
    frame.bytes = filled->bytes;
    frame.sequence = sequence_;
    frame.cookie = filled->cookie;
    frame.buffer = filled->index;
    stamp(*filled, frame);
    ++counters_.frames;
    if (options_.user_buffers)
      queue_->give_back(filled->index);
    else
      handed_out_[filled->index] = true;
    frames_.push_back(frame);
  }
  return Ok{};
}

bool V4l2Device::is_whole(const V4l2Queue::Filled& filled) const {
  if ((filled.flags & V4L2_BUF_FLAG_ERROR) != 0 || filled.bytes.empty()) return false;
  return layout_.format == V4l2Format::kMjpeg || filled.bytes.size() >= raw_image_bytes(layout_);
}

void V4l2Device::stamp(const V4l2Queue::Filled& filled, V4l2Frame& frame) {
  const std::uint64_t now = monotonic_ns();
  frame.captured_at_ns = filled.stamp_ns;
  const bool monotonic = (filled.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
  const bool sane = filled.stamp_ns + kBeforeStartNs >= started_at_ns_ && filled.stamp_ns <= now + kAheadNs;
  if (!monotonic || !sane || filled.stamp_ns <= last_stamp_ns_) {
    frame.captured_at_ns = now;
    ++counters_.restamped;
  }
  frame.captured_at_ns = std::max(std::min(frame.captured_at_ns, now), last_stamp_ns_ + 1);
  last_stamp_ns_ = frame.captured_at_ns;
}

Result<> V4l2Device::give_back_all() {
  for (const V4l2Frame& frame : frames_) VD_TRY(release(frame));
  frames_.clear();
  return Ok{};
}

Result<> V4l2Device::release(const V4l2Frame& frame) {
  if (!queue_ || options_.user_buffers || frame.buffer >= handed_out_.size() || !handed_out_[frame.buffer]) return Ok{};
  handed_out_[frame.buffer] = false;
  return queue_->queue(frame.buffer);
}

Result<> V4l2Device::queue_user(std::span<std::byte> memory, std::uint64_t cookie) {
  if (!queue_) return Error{ErrorCode::kUnavailable, options_.device + ": is not open"};
  VD_TRY(queue_->queue_user(memory, cookie));
  return queue_->streaming() ? Result<>() : start();
}

std::vector<std::uint64_t> V4l2Device::take_user_cookies() { return std::exchange(user_cookies_, {}); }

Result<double> V4l2Device::set_fps(double fps) {
  if (!queue_) return Error{ErrorCode::kUnavailable, options_.device + ": is not open"};
  V4l2Wanted wanted{choice_->format, choice_->width, choice_->height, fps};
  auto choices = v4l2_choices(formats_, wanted);
  if (!choices.ok()) return std::move(choices).error().in(path_);
  const bool was_streaming = queue_->streaming();
  frames_.clear();
  handed_out_.assign(queue_->size(), false);
  if (was_streaming) VD_TRY(queue_->stop());
  if (options_.user_buffers) {
    const auto cookies = queue_->take_cookies();
    user_cookies_.insert(user_cookies_.end(), cookies.begin(), cookies.end());
  }
  VD_ASSIGN(const V4l2Interval interval, set_v4l2_interval(*node_, choices->front().interval));
  layout_.fps = interval.fps();
  if (was_streaming && !options_.user_buffers) VD_TRY(start());
  return layout_.fps;
}

std::string V4l2Device::description() const {
  char fps[32] = "";
  if (layout_.fps > 0) std::snprintf(fps, sizeof fps, ", %.4g fps", layout_.fps);
  return (identity_ ? identity_->card : options_.device) + ": " + std::string(to_string(layout_.format)) + " " +
         std::to_string(layout_.width) + "x" + std::to_string(layout_.height) + fps;
}

}  // namespace vedette::capture
