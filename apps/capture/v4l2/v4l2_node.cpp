#include "capture/v4l2/v4l2_node.h"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace vedette::capture {
namespace {

// Bounds for drivers that never say that a list is over.
constexpr std::uint32_t kMostFormats = 256;
constexpr std::uint32_t kMostSizes = 256;
constexpr std::uint32_t kMostIntervals = 64;
constexpr std::uint32_t kMostInputs = 64;

struct FormatName {
  V4l2Format format;
  std::string_view word;
  std::uint32_t fourcc;
};
constexpr std::array<FormatName, 4> kFormats = {{
    {V4l2Format::kMjpeg, "mjpeg", V4L2_PIX_FMT_MJPEG},
    {V4l2Format::kYuyv, "yuyv", V4L2_PIX_FMT_YUYV},
    {V4l2Format::kNv12, "nv12", V4L2_PIX_FMT_NV12},
    {V4l2Format::kGrey, "grey", V4L2_PIX_FMT_GREY},
}};

// A driver's text need not end in NUL.
template <typename T, std::size_t N>
std::string text_of(const T (&field)[N]) {
  const char* text = reinterpret_cast<const char*>(field);
  return std::string(text, ::strnlen(text, N));
}

std::uint32_t index_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return 0;
  std::ifstream file("/sys/dev/char/" + std::to_string(major(status.st_rdev)) + ":" + std::to_string(minor(status.st_rdev)) +
                     "/index");
  std::uint32_t index = 0;
  file >> index;
  return file ? index : 0;
}

void fill_intervals(int fd, std::uint32_t fourcc, V4l2Size& size) {
  for (std::uint32_t i = 0; i < kMostIntervals; ++i) {
    v4l2_frmivalenum query{};
    query.index = i;
    query.pixel_format = fourcc;
    query.width = size.width;
    query.height = size.height;
    if (v4l2_ioctl(fd, VIDIOC_ENUM_FRAMEINTERVALS, &query) != 0) break;
    if (query.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
      size.intervals = {{query.stepwise.min.numerator, query.stepwise.min.denominator},
                        {query.stepwise.max.numerator, query.stepwise.max.denominator}};
      size.any_interval = true;
      break;
    }
    size.intervals.push_back({query.discrete.numerator, query.discrete.denominator});
  }
  std::erase_if(size.intervals, [](const V4l2Interval& interval) { return interval.fps() <= 0; });
  std::sort(size.intervals.begin(), size.intervals.end(),
            [](const V4l2Interval& a, const V4l2Interval& b) { return a.fps() > b.fps(); });
}

void fill_sizes(int fd, V4l2FormatInfo& format) {
  for (std::uint32_t i = 0; i < kMostSizes; ++i) {
    v4l2_frmsizeenum query{};
    query.index = i;
    query.pixel_format = format.fourcc;
    if (v4l2_ioctl(fd, VIDIOC_ENUM_FRAMESIZES, &query) != 0) break;
    if (query.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
      format.sizes.push_back({query.discrete.width, query.discrete.height, {}, false});
      continue;
    }
    const auto& range = query.stepwise;
    format.step_width = std::max(range.step_width, 1u);
    format.step_height = std::max(range.step_height, 1u);
    format.sizes.push_back({range.min_width, range.min_height, {}, false});
    const bool has_hd = range.min_width <= 1920 && range.max_width > 1920 && range.min_height <= 1080 &&
                        range.max_height > 1080 && (1920 - range.min_width) % format.step_width == 0 &&
                        (1080 - range.min_height) % format.step_height == 0;
    if (has_hd) format.sizes.push_back({1920, 1080, {}, false});
    format.sizes.push_back({range.max_width, range.max_height, {}, false});
    break;
  }
  for (V4l2Size& size : format.sizes) fill_intervals(fd, format.fourcc, size);
}

std::string rate_text(double fps) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", fps);
  return text;
}

std::string size_text(const V4l2Size& size) {
  std::string text = std::to_string(size.width) + "x" + std::to_string(size.height);
  if (size.intervals.empty()) return text;
  text += " (";
  for (std::size_t i = 0; i < size.intervals.size(); ++i)
    text += (i == 0 ? "" : size.any_interval ? " to " : ", ") + rate_text(size.intervals[i].fps());
  return text + " fps)";
}

}  // namespace

std::string_view to_string(V4l2Format format) {
  for (const FormatName& name : kFormats)
    if (name.format == format) return name.word;
  return "auto";
}

std::optional<V4l2Format> v4l2_format_of(std::string_view config_word) {
  if (config_word == "auto") return V4l2Format::kAuto;
  for (const FormatName& name : kFormats)
    if (name.word == config_word) return name.format;
  return std::nullopt;
}

std::optional<V4l2Format> v4l2_format_of(std::uint32_t fourcc) {
  // JPEG: what a few drivers call the same thing.
  if (fourcc == V4L2_PIX_FMT_JPEG) return V4l2Format::kMjpeg;
  for (const FormatName& name : kFormats)
    if (name.fourcc == fourcc) return name.format;
  return std::nullopt;
}

std::string fourcc_text(std::uint32_t fourcc) {
  std::string text;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    const char letter = static_cast<char>((fourcc >> shift) & 0x7f);
    text += letter >= ' ' && letter < 0x7f ? letter : '?';
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string to_text(const V4l2Identity& identity) { return "\"" + identity.card + "\" (" + identity.bus + ")"; }

std::string to_text(const std::vector<V4l2FormatInfo>& formats) {
  std::string text, others;
  for (const V4l2FormatInfo& format : formats) {
    if (!v4l2_format_of(format.fourcc)) {
      others += (others.empty() ? "" : ", ") + fourcc_text(format.fourcc);
      continue;
    }
    text += (text.empty() ? "" : "; ") + fourcc_text(format.fourcc);
    for (std::size_t i = 0; i < format.sizes.size(); ++i)
      text += (i == 0 ? " " : format.step_width != 0 ? " to " : ", ") + size_text(format.sizes[i]);
  }
  if (text.empty()) text = "none that is taken here";
  return others.empty() ? text : text + "; not taken: " + others;
}

int v4l2_ioctl(int fd, unsigned long request, void* argument) {
  for (;;) {
    if (::ioctl(fd, request, argument) >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

Error v4l2_error(const std::string& what, int errno_value) {
  switch (errno_value) {
    case ENODEV:
    case ENXIO:
    case EIO:
    case ESHUTDOWN:
    case EPROTO:
    case EPIPE:
    case ETIMEDOUT:
      return Error{ErrorCode::kUnavailable,
                   what + ": the camera doesn't answer, it may have been unplugged (" + std::strerror(errno_value) + ")"};
    case EBUSY:
      return Error{ErrorCode::kBusy, what + ": another program uses the camera"};
    case ENOSPC:
      return Error{ErrorCode::kResourceExhausted,
                   what + ": the USB bus has too little bandwidth left; a smaller size, fewer frames or mjpeg need less"};
    default:
      return errno_error(what, errno_value);
  }
}

Result<V4l2Node> V4l2Node::open(const std::string& path) {
  V4l2Node node;
  node.path_ = path;
  node.fd_.reset(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!node.fd_) {
    if (errno == ENOENT || errno == ENOTDIR) return Error{ErrorCode::kNotFound, path + ": there is no such device"};
    if (errno == EACCES || errno == EPERM)
      return Error{ErrorCode::kPermissionDenied, path + ": may not be opened; cameras belong to the group `video`"};
    return v4l2_error(path, errno);
  }
  struct stat status {};
  if (::fstat(node.fd(), &status) != 0 || !S_ISCHR(status.st_mode))
    return Error{ErrorCode::kInvalidArgument, path + ": is not a device"};
  v4l2_capability capability{};
  if (const int failed = v4l2_ioctl(node.fd(), VIDIOC_QUERYCAP, &capability); failed != 0) {
    if (failed == ENOTTY || failed == EINVAL) return Error{ErrorCode::kInvalidArgument, path + ": is not a V4L2 device"};
    return v4l2_error(path, failed);
  }
  const std::uint32_t can =
      (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? capability.device_caps : capability.capabilities;
  node.identity_ = {text_of(capability.card), text_of(capability.bus_info), index_of(node.fd())};
  node.driver_ = text_of(capability.driver);
  if ((can & V4L2_CAP_VIDEO_CAPTURE) != 0) {
    node.buffer_type_ = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  } else if ((can & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0) {
    node.buffer_type_ = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
  } else {
    return Error{ErrorCode::kInvalidArgument,
                 path + ": " + to_text(node.identity_) + " gives no pictures on this node; a camera's other node may"};
  }
  if ((can & V4L2_CAP_STREAMING) == 0)
    return Error{ErrorCode::kInvalidArgument,
                 path + ": " + to_text(node.identity_) + " can't stream (its driver has only read())"};
  return node;
}

bool V4l2Node::multiplanar() const { return buffer_type_ == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE; }

std::vector<V4l2FormatInfo> V4l2Node::formats() const {
  std::vector<V4l2FormatInfo> formats;
  for (std::uint32_t i = 0; i < kMostFormats; ++i) {
    v4l2_fmtdesc query{};
    query.index = i;
    query.type = buffer_type_;
    if (v4l2_ioctl(fd(), VIDIOC_ENUM_FMT, &query) != 0) break;
    V4l2FormatInfo format;
    format.fourcc = query.pixelformat;
    format.description = text_of(query.description);
    fill_sizes(fd(), format);
    formats.push_back(std::move(format));
  }
  return formats;
}

std::vector<std::string> V4l2Node::inputs() const {
  std::vector<std::string> inputs;
  for (std::uint32_t i = 0; i < kMostInputs; ++i) {
    v4l2_input query{};
    query.index = i;
    if (v4l2_ioctl(fd(), VIDIOC_ENUMINPUT, &query) != 0) break;
    inputs.push_back(text_of(query.name));
  }
  return inputs;
}

Result<> V4l2Node::select_input(std::uint32_t input) {
  const std::vector<std::string> there = inputs();
  if (input >= there.size()) {
    std::string names;
    for (std::size_t i = 0; i < there.size(); ++i) names += (i == 0 ? "" : ", ") + std::to_string(i) + " (" + there[i] + ")";
    return Error{ErrorCode::kInvalidArgument,
                 path_ + ": there is no input " + std::to_string(input) + "; there are: " + (names.empty() ? "none" : names)};
  }
  // Selecting an input resets size and format even if it is the same, which another program's stream wouldn't like.
  int number = 0;
  if (v4l2_ioctl(fd(), VIDIOC_G_INPUT, &number) == 0 && static_cast<std::uint32_t>(number) == input) return Ok{};
  number = static_cast<int>(input);
  if (const int failed = v4l2_ioctl(fd(), VIDIOC_S_INPUT, &number); failed != 0)
    return v4l2_error(path_ + ": input " + std::to_string(input), failed);
  return Ok{};
}

}  // namespace vedette::capture
