// A USB camera that is a program: speaks the USB device's side of UVC 1.0 to the kernel's virtual host controller (vhci-hcd, the
// USB/IP protocol over a socket), so that the real uvcvideo driver finds it, sets it up, streams from it, and loses it when it is
// unplugged. High speed, one bulk endpoint, MJPEG and YUYV, brightness, exposure and its automatic.
//
// plug(), unplug() and the setters: one thread; the device's side runs in a thread of its own while it is plugged in.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace vedette::test {

inline constexpr std::uint32_t kUsbMjpegWidth = 640, kUsbMjpegHeight = 480;
inline constexpr std::uint32_t kUsbYuyvWidth = 320, kUsbYuyvHeight = 240;  // MJPEG has this size too

class UsbCamera {
 public:
  // `jpeg` makes the picture of a number, in one of the two sizes; called in the device's thread.
  using Jpeg = std::function<std::vector<std::byte>(std::uint32_t number, std::uint32_t width, std::uint32_t height)>;

  UsbCamera(std::string product, unsigned port, Jpeg jpeg);
  ~UsbCamera();
  UsbCamera(const UsbCamera&) = delete;

  // Into the port of the virtual hub; false: the kernel wouldn't have it.
  bool plug();
  void unplug();

  // What the driver has told the device.
  std::int32_t brightness() const { return controls_[kBrightness]; }
  std::int32_t exposure() const { return controls_[kExposure]; }  // 100 µs
  std::uint32_t frame_interval() const { return interval_; }      // 100 ns
  bool mjpeg() const { return format_ == kMjpeg; }
  std::uint32_t sent() const { return sent_; }  // pictures, since it was made
  // The next picture is marked as damaged by the device itself.
  void damage_one() { damage_ = true; }
  // Nothing more is sent, though the device stays (a camera that hangs).
  void hang(bool on) { hanging_ = on; }

 private:
  enum Format : std::uint8_t { kMjpeg = 1, kYuyv = 2 };
  enum Control : std::uint8_t { kBrightness, kExposure, kAutoExposure, kControls };
  struct Request;  // one URB of the host

  void serve();
  bool receive(Request& request);
  void on_control(const Request& request);
  void on_unlink(const Request& request);
  bool answer_standard(const Request& request, std::vector<std::byte>& reply);
  bool answer_video(const Request& request, std::vector<std::byte>& reply);
  bool answer_control(const Request& request, std::vector<std::byte>& reply);
  std::vector<std::byte> probe() const;
  void reply(std::uint32_t sequence, std::int32_t status, const std::vector<std::byte>& data, std::int32_t actual);
  void send_picture();

  const std::string product_;
  const unsigned port_;
  const Jpeg jpeg_;
  UniqueFd socket_;
  std::thread thread_;
  std::deque<Request> waiting_;  // of the bulk endpoint

  std::array<std::atomic<std::int32_t>, kControls> controls_{{{0}, {156}, {8}}};
  std::atomic<std::uint8_t> format_{kMjpeg};
  std::atomic<std::uint8_t> frame_{1};
  std::atomic<std::uint32_t> interval_{333333};
  std::atomic<std::uint32_t> sent_{0};
  std::atomic<bool> damage_{false};
  std::atomic<bool> hanging_{false};
  std::uint8_t toggle_ = 0;  // the FID bit, which tells one picture from the next
  std::uint64_t next_picture_ns_ = 0;
};

}  // namespace vedette::test
