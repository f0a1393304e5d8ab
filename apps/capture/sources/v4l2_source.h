// A camera of this machine by V4L2. MJPEG comes as packets; raw pictures (YUYV, NV12, GREY) are written by the driver straight
// into slots of <camera>/frames where it can (USERPTR), else copied once.
//
// The device outlives the source (capture/v4l2/v4l2_device.h): it remembers which camera it had.
#pragma once

#include <deque>
#include <map>

#include "capture/source.h"
#include "capture/v4l2/v4l2_device.h"

namespace vedette::capture {

class V4l2Source final : public Source {
 public:
  // Opens `device`, or makes it first. One that gives raw pictures and can write them into slots is made anew to do so.
  static Result<std::unique_ptr<Source>> open(const SourceOptions& options, std::unique_ptr<V4l2Device>& device, Slots& slots,
                                              Idle idle);
  ~V4l2Source() override;

  Read read() override;
  void write_picture(const vision::MutableImageView& out) override;
  bool in_slot() const override { return into_slots_; }
  std::unique_ptr<SlotPicture> take_slot() override;
  Result<> set_standby(bool standby) override;

 private:
  V4l2Source(const SourceOptions& options, V4l2Device& device, Slots& slots, Idle idle);
  void describe();
  void describe_packet(const V4l2Frame& frame);
  Result<> lend_slots();
  Result<> lend(std::unique_ptr<SlotPicture> slot);
  void take_back_frame();

  const SourceOptions options_;
  V4l2Device& device_;
  Slots& slots_;
  Idle idle_;
  bool into_slots_ = false;
  std::deque<V4l2Frame> waiting_;  // filled, oldest first
  V4l2Frame frame_;                // the one that packet() speaks of
  V4l2Counters before_;
  std::uint64_t next_cookie_ = 1;
  std::map<std::uint64_t, std::unique_ptr<SlotPicture>> lent_;  // by cookie
};

}  // namespace vedette::capture
