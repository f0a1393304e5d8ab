#include "vm/usb_camera.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/clock.h"

namespace vedette::test {
namespace {

using Bytes = std::vector<std::byte>;

// USB/IP (Documentation/usb/usbip_protocol.rst): big-endian headers of 48 bytes.
constexpr std::uint32_t kSubmit = 1, kUnlink = 2, kSubmitReply = 3, kUnlinkReply = 4;
constexpr std::size_t kHeaderBytes = 48;
constexpr std::uint32_t kIn = 1;
constexpr std::int32_t kStall = -EPIPE;
constexpr unsigned kHighSpeed = 3;
constexpr char kHub[] = "/sys/devices/platform/vhci_hcd.0/";

// USB Device Class Definition for Video Devices 1.0.
constexpr std::uint8_t kSetCur = 0x01, kGetCur = 0x81, kGetMin = 0x82, kGetMax = 0x83, kGetRes = 0x84, kGetLen = 0x85,
                       kGetInfo = 0x86, kGetDef = 0x87;
constexpr std::uint8_t kCameraUnit = 1, kProcessingUnit = 2;
constexpr std::uint32_t kPayloadBytes = 16384;
constexpr std::uint32_t kFast = 333333, kSlow = 2000000;  // 30 and 5 fps

std::uint32_t get32(const std::byte* at) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(at[i]);
  return value;
}

// Little-endian, as USB has it.
std::uint32_t little(const Bytes& from, std::size_t at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes && at + i < from.size(); ++i)
    value |= std::to_integer<std::uint32_t>(from[at + i]) << (8 * i);
  return value;
}

struct Writer {
  Bytes bytes;
  Writer& b(std::initializer_list<unsigned> values) {
    for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
    return *this;
  }
  Writer& le(std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
    return *this;
  }
  Writer& be(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(value >> shift));
    return *this;
  }
  Writer& add(const Bytes& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return *this;
  }
};

Bytes frame_descriptor(unsigned subtype, unsigned index, std::uint32_t width, std::uint32_t height, std::uint32_t bytes) {
  return Writer()
      .b({34, 0x24, subtype, index, 0})
      .le(width, 2)
      .le(height, 2)
      .le(bytes * 8 * 5, 4)
      .le(bytes * 8 * 30, 4)
      .le(bytes, 4)
      .le(kFast, 4)
      .b({2})
      .le(kFast, 4)
      .le(kSlow, 4)
      .bytes;
}

Bytes streaming_descriptors() {
  Bytes formats =
      Writer()
          .b({11, 0x24, 0x06, 1, 2, 0, 1, 0, 0, 0, 0})  // MJPEG, two sizes
          .add(frame_descriptor(0x07, 1, kUsbMjpegWidth, kUsbMjpegHeight, kUsbMjpegWidth * kUsbMjpegHeight * 2))
          .add(frame_descriptor(0x07, 2, kUsbYuyvWidth, kUsbYuyvHeight, kUsbYuyvWidth * kUsbYuyvHeight * 2))
          .b({6, 0x24, 0x0d, 1, 1, 4})
          .b({27, 0x24, 0x04, 2, 1, 'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71, 16, 1, 0, 0, 0, 0})
          .add(frame_descriptor(0x05, 1, kUsbYuyvWidth, kUsbYuyvHeight, kUsbYuyvWidth * kUsbYuyvHeight * 2))
          .b({6, 0x24, 0x0d, 1, 1, 4})
          .bytes;
  return Writer()
      .b({15, 0x24, 0x01, 2})
      .le(static_cast<std::uint32_t>(15 + formats.size()), 2)
      .b({0x81, 0, 3, 0, 0, 0, 1, 0, 0})
      .add(formats)
      .bytes;
}

Bytes configuration_descriptor() {
  const Bytes control = Writer()
                            .b({18, 0x24, 0x02, kCameraUnit})
                            .le(0x0201, 2)
                            .b({0, 0, 0, 0, 0, 0, 0, 0, 3, 0x0a, 0, 0})                              // exposure and its mode
                            .b({11, 0x24, 0x05, kProcessingUnit, kCameraUnit, 0, 0, 2, 0x01, 0, 0})  // brightness
                            .b({9, 0x24, 0x03, 3})
                            .le(0x0101, 2)
                            .b({0, kProcessingUnit, 0})  // to USB
                            .bytes;
  const Bytes body = Writer()
                         .b({8, 0x0b, 0, 2, 0x0e, 0x03, 0, 0})     // the two interfaces are one video function
                         .b({9, 0x04, 0, 0, 0, 0x0e, 0x01, 0, 0})  // control
                         .b({13, 0x24, 0x01, 0x00, 0x01})
                         .le(static_cast<std::uint32_t>(13 + control.size()), 2)
                         .le(48000000, 4)
                         .b({1, 1})
                         .add(control)
                         .b({9, 0x04, 1, 0, 1, 0x0e, 0x02, 0, 0})  // streaming
                         .add(streaming_descriptors())
                         .b({7, 0x05, 0x81, 0x02, 0x00, 0x02, 0})  // bulk in, 512 bytes
                         .bytes;
  return Writer().b({9, 0x02}).le(static_cast<std::uint32_t>(9 + body.size()), 2).b({2, 1, 0, 0x80, 50}).add(body).bytes;
}

bool read_all(int fd, std::byte* to, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t got = ::read(fd, to, bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

void write_all(int fd, const Bytes& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote = ::send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;  // unplugged
    done += static_cast<std::size_t>(wrote);
  }
}

}  // namespace

struct UsbCamera::Request {
  std::uint32_t command = 0, sequence = 0, direction = 0, endpoint = 0;
  std::uint32_t length = 0;    // that the host wants or sends
  std::uint32_t unlinked = 0;  // kUnlink: whose sequence
  std::uint8_t type = 0, request = 0;
  std::uint16_t value = 0, index = 0, wanted = 0;  // of the setup packet
  Bytes data;                                      // sent by the host
};

UsbCamera::UsbCamera(std::string product, unsigned port, Jpeg jpeg)
    : product_(std::move(product)), port_(port), jpeg_(std::move(jpeg)) {}

UsbCamera::~UsbCamera() { unplug(); }

bool UsbCamera::plug() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
  socket_.reset(ends[0]);
  const UniqueFd host(ends[1]);
  const std::string line = std::to_string(port_) + " " + std::to_string(host.get()) + " " + std::to_string(port_ + 2) + " " +
                           std::to_string(kHighSpeed);
  // The port is given back some time after the last device was unplugged.
  for (int attempt = 0;; ++attempt) {
    const UniqueFd attach(::open((std::string(kHub) + "attach").c_str(), O_WRONLY | O_CLOEXEC));
    if (attach && ::write(attach.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size())) break;
    if (!attach || attempt == 500) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  thread_ = std::thread([this] { serve(); });
  return true;
}

void UsbCamera::unplug() {
  if (!thread_.joinable()) return;
  ::shutdown(socket_.get(), SHUT_RDWR);
  thread_.join();
  socket_.reset();
  waiting_.clear();
}

void UsbCamera::serve() {
  for (;;) {
    const std::uint64_t now = monotonic_ns();
    if (waiting_.empty() || hanging_) {
      next_picture_ns_ = std::max(next_picture_ns_, now);  // the stream is off
    } else if (now >= next_picture_ns_) {
      send_picture();
      next_picture_ns_ = std::max(next_picture_ns_ + std::uint64_t{interval_} * 100, monotonic_ns());
      continue;
    }
    pollfd waiting{socket_.get(), POLLIN, 0};
    const std::uint64_t left_ms = waiting_.empty() || hanging_ ? 50 : (next_picture_ns_ - now) / 1'000'000 + 1;
    if (::poll(&waiting, 1, static_cast<int>(left_ms)) <= 0) continue;
    Request request;
    if (!receive(request)) return;
    if (request.command == kUnlink) {
      on_unlink(request);
    } else if (request.endpoint == 0) {
      on_control(request);
    } else {
      waiting_.push_back(std::move(request));
    }
  }
}

bool UsbCamera::receive(Request& request) {
  std::array<std::byte, kHeaderBytes> header;
  if (!read_all(socket_.get(), header.data(), header.size())) return false;
  request.command = get32(&header[0]);
  request.sequence = get32(&header[4]);
  request.direction = get32(&header[12]);
  request.endpoint = get32(&header[16]);
  if (request.command == kUnlink) {
    request.unlinked = get32(&header[20]);
    return true;
  }
  if (request.command != kSubmit) return false;
  request.length = get32(&header[24]);
  request.type = std::to_integer<std::uint8_t>(header[40]);
  request.request = std::to_integer<std::uint8_t>(header[41]);
  const auto word = [&](std::size_t at) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(header[at]) | std::to_integer<unsigned>(header[at + 1]) << 8);
  };
  request.value = word(42);
  request.index = word(44);
  request.wanted = word(46);
  if (request.direction == kIn) return true;
  request.data.resize(request.length);
  return read_all(socket_.get(), request.data.data(), request.data.size());
}

void UsbCamera::reply(std::uint32_t sequence, std::int32_t status, const Bytes& data, std::int32_t actual) {
  Writer writer;
  writer.be(kSubmitReply).be(sequence).be(0).be(0).be(0).be(static_cast<std::uint32_t>(status));
  writer.be(static_cast<std::uint32_t>(actual)).be(0).be(0).be(0).be(0).be(0).add(data);
  write_all(socket_.get(), writer.bytes);
}

void UsbCamera::on_unlink(const Request& request) {
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Request& each) { return each.sequence == request.unlinked; });
  const bool was_waiting = found != waiting_.end();
  if (was_waiting) waiting_.erase(found);
  Writer writer;
  writer.be(kUnlinkReply).be(request.sequence).be(0).be(0).be(0);
  writer.be(was_waiting ? static_cast<std::uint32_t>(-ECONNRESET) : 0);
  writer.bytes.resize(kHeaderBytes);
  write_all(socket_.get(), writer.bytes);
}

void UsbCamera::on_control(const Request& request) {
  Bytes answer;
  const bool is_class = (request.type & 0x60) == 0x20;
  const bool known = !is_class                     ? answer_standard(request, answer)
                     : (request.index & 0xff) == 1 ? answer_video(request, answer)
                                                   : answer_control(request, answer);
  if (!known) return reply(request.sequence, kStall, {}, 0);
  if (request.direction != kIn) return reply(request.sequence, 0, {}, static_cast<std::int32_t>(request.data.size()));
  answer.resize(std::min<std::size_t>(answer.size(), request.wanted));
  reply(request.sequence, 0, answer, static_cast<std::int32_t>(answer.size()));
}

bool UsbCamera::answer_standard(const Request& request, Bytes& answer) {
  constexpr std::uint8_t kGetStatus = 0, kGetDescriptor = 6;
  if (request.direction != kIn) return true;  // addresses, configurations, halts: all the same to this device
  if (request.request == kGetStatus) {
    answer = Writer().le(0, 2).bytes;
    return true;
  }
  if (request.request != kGetDescriptor) return false;
  switch (request.value >> 8) {
    case 1:  // the device: 1209:0001 are for tests (pid.codes)
      answer = Writer().b({18, 1, 0, 2, 0xef, 2, 1, 64, 0x09, 0x12, 0x01, 0x00, 0, 1, 1, 2, 3, 1}).bytes;
      return true;
    case 2:
      answer = configuration_descriptor();
      return true;
    case 3: {
      if ((request.value & 0xff) == 0) {
        answer = Writer().b({4, 3, 0x09, 0x04}).bytes;
        return true;
      }
      const unsigned number = request.value & 0xff;
      const std::string text = number == 1 ? "Vedette" : number == 2 ? product_ : std::to_string(port_);
      Writer writer;
      writer.b({static_cast<unsigned>(2 + 2 * text.size()), 3});
      for (const char letter : text) writer.b({static_cast<unsigned char>(letter), 0});
      answer = writer.bytes;
      return true;
    }
    case 6:  // at full speed it would be the same
      answer = Writer().b({10, 6, 0, 2, 0xef, 2, 1, 64, 1, 0}).bytes;
      return true;
    default:
      return false;
  }
}

Bytes UsbCamera::probe() const {
  const bool small = format_ == kYuyv || frame_ == 2;
  const std::uint32_t pixels = small ? kUsbYuyvWidth * kUsbYuyvHeight : kUsbMjpegWidth * kUsbMjpegHeight;
  return Writer()
      .le(1, 2)
      .b({format_, frame_})
      .le(interval_, 4)
      .le(0, 4)
      .le(0, 4)
      .le(0, 2)
      .le(pixels * 2, 4)
      .le(kPayloadBytes, 4)
      .bytes;
}

bool UsbCamera::answer_video(const Request& request, Bytes& answer) {
  const unsigned selector = request.value >> 8;
  if (selector != 1 && selector != 2) return false;  // probe, commit
  switch (request.request) {
    case kSetCur:
      format_ = static_cast<std::uint8_t>(std::clamp(little(request.data, 2, 1), 1u, 2u));
      frame_ = static_cast<std::uint8_t>(std::clamp(little(request.data, 3, 1), 1u, format_ == kMjpeg ? 2u : 1u));
      interval_ = little(request.data, 4, 4) > (kFast + kSlow) / 2 ? kSlow : kFast;
      return true;
    case kGetCur:
    case kGetMin:
    case kGetMax:
    case kGetDef:
      answer = probe();
      return true;
    case kGetLen:
      answer = Writer().le(26, 2).bytes;
      return true;
    case kGetInfo:
      answer = Writer().b({3}).bytes;
      return true;
    default:
      return false;
  }
}

bool UsbCamera::answer_control(const Request& request, Bytes& answer) {
  struct Known {
    unsigned unit, selector;
    int bytes;
    std::int32_t minimum, maximum, step, preset;
  };
  // As in the enum: brightness, exposure, and its mode (a bit each: 1 manual, 8 aperture priority).
  static constexpr Known kKnown[kControls] = {
      {kProcessingUnit, 0x02, 2, -64, 64, 1, 0}, {kCameraUnit, 0x04, 4, 3, 2047, 1, 156}, {kCameraUnit, 0x02, 1, 1, 8, 9, 8}};
  for (std::size_t i = 0; i < kControls; ++i) {
    const Known& known = kKnown[i];
    if (known.unit != static_cast<unsigned>(request.index >> 8) || known.selector != static_cast<unsigned>(request.value >> 8))
      continue;
    const auto number = [&](std::int32_t value) { answer = Writer().le(static_cast<std::uint32_t>(value), known.bytes).bytes; };
    switch (request.request) {
      case kSetCur: {
        const std::uint32_t raw = little(request.data, 0, static_cast<std::size_t>(known.bytes));
        controls_[i] = known.bytes == 2 ? static_cast<std::int16_t>(raw) : static_cast<std::int32_t>(raw);
        return true;
      }
      case kGetCur:
        number(controls_[i]);
        return true;
      case kGetMin:
        number(known.minimum);
        return true;
      case kGetMax:
        number(known.maximum);
        return true;
      case kGetRes:
        number(known.step);
        return true;
      case kGetDef:
        number(known.preset);
        return true;
      case kGetLen:
        answer = Writer().le(static_cast<std::uint32_t>(known.bytes), 2).bytes;
        return true;
      case kGetInfo:
        answer = Writer().b({3}).bytes;
        return true;
      default:
        return false;
    }
  }
  return false;
}

void UsbCamera::send_picture() {
  const bool small = format_ == kYuyv || frame_ == 2;
  const std::uint32_t width = small ? kUsbYuyvWidth : kUsbMjpegWidth, height = small ? kUsbYuyvHeight : kUsbMjpegHeight;
  const std::uint32_t number = sent_;
  Bytes picture;
  if (format_ == kMjpeg) {
    picture = jpeg_(number, width, height);
  } else {
    // Each row is of one brightness; chroma is neutral.
    picture.resize(std::size_t{width} * height * 2);
    for (std::size_t i = 0; i < picture.size(); ++i)
      picture[i] = static_cast<std::byte>(i % 2 == 1 ? 128 : i / (2 * width) % 256);
  }
  const bool damaged = damage_.exchange(false);
  toggle_ ^= 1;
  // A payload a URB, each with a header of two bytes: its length, then FID, EOF (2), ERR (0x40), EOH (0x80).
  std::size_t at = 0;
  while (at < picture.size() && !waiting_.empty()) {
    const Request urb = std::move(waiting_.front());
    waiting_.pop_front();
    const std::size_t bytes = std::min<std::size_t>({picture.size() - at, urb.length - 2, kPayloadBytes - 2});
    const bool last = at + bytes == picture.size();
    Writer payload;
    payload.b({2, 0x80u | toggle_ | (last ? 2u : 0u) | (damaged ? 0x40u : 0u)});
    payload.bytes.insert(payload.bytes.end(), picture.begin() + static_cast<std::ptrdiff_t>(at),
                         picture.begin() + static_cast<std::ptrdiff_t>(at + bytes));
    reply(urb.sequence, 0, payload.bytes, static_cast<std::int32_t>(payload.bytes.size()));
    at += bytes;
    // The host hands URBs in again as it takes them.
    pollfd more{socket_.get(), POLLIN, 0};
    while (at < picture.size() && ::poll(&more, 1, waiting_.empty() ? 1000 : 0) > 0) {
      Request request;
      if (!receive(request)) return;
      if (request.command == kUnlink)
        on_unlink(request);
      else if (request.endpoint == 0)
        on_control(request);
      else
        waiting_.push_back(std::move(request));
    }
  }
  ++sent_;
}

}  // namespace vedette::test
