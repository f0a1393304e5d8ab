#include "bench/gateway/clip.h"

#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "bench/support/result.h"
#include "bus/log.h"
#include "bus/ring.h"
#include "schema/packet.h"
#include "stage/topics.h"
#include "vision/image_view.h"
#include "vision/jpeg.h"

namespace vedette::bench {
namespace {

constexpr std::uint32_t kWidth = 1920, kHeight = 1080;
constexpr std::uint64_t kPeriodNs = 1'000'000'000 / 30;
constexpr std::uint64_t kPatienceNs = 20'000'000'000;

// Picture by picture; tightly packed.
class RawClip {
 public:
  explicit RawClip(const std::string& path)
      : file_(path, std::ios::binary), picture_(raw_picture_bytes(PixelFormat::I420, kWidth, kHeight)) {
    if (!file_) fail(path + " can't be read");
  }
  // False: it is at its end.
  bool next() {
    file_.read(reinterpret_cast<char*>(picture_.data()), static_cast<std::streamsize>(picture_.size()));
    return static_cast<std::size_t>(file_.gcount()) == picture_.size();
  }
  const std::uint8_t* plane(int index) const {
    constexpr std::size_t kLuma = std::size_t{kWidth} * kHeight;
    return picture_.data() + (index == 0 ? 0 : index == 1 ? kLuma : kLuma + kLuma / 4);
  }

 private:
  std::ifstream file_;
  std::vector<std::uint8_t> picture_;
};

int print_mean(std::uint64_t bytes, std::uint64_t pictures) {
  if (pictures == 0) fail("the clip has no picture");
  std::printf("{\"value\": %.6g, \"unit\": \"kB\"}\n", static_cast<double>(bytes) / 1000 / static_cast<double>(pictures));
  return 0;
}

class Publisher {
 public:
  Publisher(const bus::BusDir& dir, const std::string& camera)
      : layout_(frame_layout(PixelFormat::I420, kWidth, kHeight)),
        ring_(must(bus::RingWriter::open(dir, {camera, "frames"}, stage::frames_ring({}, layout_.slot_bytes, 1)))) {
    info_.mutate_width(kWidth), info_.mutate_height(kHeight);
    info_.mutate_source_width(kWidth), info_.mutate_source_height(kHeight);
    info_.mutate_format(PixelFormat::I420), info_.mutate_matrix(ColorMatrix::BT709);
    for (std::size_t plane = 0; plane < layout_.planes.size(); ++plane) {
      info_.mutable_plane_offset()->Mutate(static_cast<flatbuffers::uoffset_t>(plane), layout_.planes[plane].offset);
      info_.mutable_plane_stride()->Mutate(static_cast<flatbuffers::uoffset_t>(plane), layout_.planes[plane].stride);
    }
  }

  // As captured at that time; its id.
  std::uint64_t publish(const RawClip& clip, std::uint64_t captured_at_ns) {
    ring_.beat();
    auto loan = ring_.loan();
    if (!loan) fail("no free slot");
    for (int plane = 0; plane < 3; ++plane) {
      const PlaneGeometry& geometry = layout_.planes[static_cast<std::size_t>(plane)];
      for (std::uint32_t y = 0; y < geometry.rows; ++y)
        std::memcpy(loan->bytes().data() + geometry.offset + std::size_t{y} * geometry.stride,
                    clip.plane(plane) + std::size_t{y} * geometry.row_bytes, geometry.row_bytes);
    }
    const std::uint64_t id = ring_.next_frame_id();
    info_.mutate_frame_id(id);
    info_.mutate_captured_at_ns(captured_at_ns);
    info_.mutate_published_at_ns(monotonic_ns());
    std::memcpy(loan->bytes().data(), &info_, sizeof info_);
    ring_.publish(std::move(*loan), id, layout_.slot_bytes);
    return id;
  }
  bool is_asked() const { return ring_.demand().pixels; }
  void beat() { ring_.beat(); }

 private:
  FrameLayout layout_;
  bus::RingWriter ring_;
  FrameInfo info_;
};

}  // namespace

int encode_clip(const std::string& bus, const std::string& camera, const std::string& raw, const std::string& out) {
  const bus::BusDir dir = must(bus::BusDir::open(bus));
  RawClip clip(raw);
  Publisher publisher(dir, camera);
  bus::LogSubscriber encoded(dir, {camera, stage::kEncodedTopic}, kPacketsSchema, {.packets = true},
                             bus::LogFrom::kOldestKeyframe);
  std::ofstream file(out, std::ios::binary);
  std::vector<std::byte> record;
  const std::uint64_t began = monotonic_ns();
  while (!publisher.is_asked()) {  // until it is asked for, nobody would encode it
    if (age_ns(began) > kPatienceNs) fail("nobody asks for pictures");
    (void)encoded.take_next(record);
    publisher.beat();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::uint64_t bytes = 0, pictures = 0, due = monotonic_ns();
  for (; clip.next(); ++pictures) {
    const std::uint64_t id = publisher.publish(clip, due);
    bus::LogTaken taken;
    while (!(taken = encoded.take_next(record)) || taken.stamp.frame_id != id) {
      if (age_ns(due) > kPatienceNs) fail("a picture isn't encoded");
      (void)encoded.wait(std::chrono::milliseconds(20));
      publisher.beat();
    }
    const PacketView packet = must(packet_view(record));
    for (const auto part : {packet.config, packet.data}) {
      file.write(reinterpret_cast<const char*>(part.data()), static_cast<std::streamsize>(part.size()));
      bytes += part.size();
    }
    due += kPeriodNs;
    const std::uint64_t now = monotonic_ns();
    if (due > now) std::this_thread::sleep_for(Nanoseconds(due - now));
  }
  return print_mean(bytes, pictures);
}

int jpeg_clip(const std::string& raw, int quality, const std::string& out) {
  RawClip clip(raw);
  vision::ImageView view{PixelFormat::I420, ColorMatrix::BT709, ColorRange::Limited, kWidth, kHeight, {}};
  vision::JpegEncoder encoder;
  std::ofstream file(out, std::ios::binary);
  std::uint64_t bytes = 0, pictures = 0;
  for (; clip.next(); ++pictures) {
    for (int plane = 0; plane < 3; ++plane)
      view.planes[static_cast<std::size_t>(plane)] = {clip.plane(plane), plane == 0 ? kWidth : kWidth / 2};
    const auto jpeg = must(encoder.encode(view, quality));
    file.write(reinterpret_cast<const char*>(jpeg.data()), static_cast<std::streamsize>(jpeg.size()));
    bytes += jpeg.size();
  }
  return print_mean(bytes, pictures);
}

}  // namespace vedette::bench
