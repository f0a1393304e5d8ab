// The way from the decoder into the ring, by address: the planes that the decoder wrote are the bytes that readers see.
//
// Of the heap: libav's own allocations in steady state are packets, side data and references (av_malloc, which is
// posix_memalign); they are counted and told, not hidden, and none of them is as large as a picture's first plane.
#include <stdlib.h>
#include <sys/stat.h>

#include <sstream>

#include "capture/source.h"
#include "capture/sources/libav_source.h"
#include "conformance/capture/clips.h"

namespace {
std::atomic<std::size_t> libav_allocations{0};
std::atomic<std::size_t> largest_allocation{0};
}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Takes the C library's place for all of this program.
extern "C" int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) noexcept {
  ++libav_allocations;
  for (std::size_t seen = largest_allocation; bytes > seen && !largest_allocation.compare_exchange_weak(seen, bytes);) {
  }
  *memory = ::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  return *memory == nullptr ? ENOMEM : 0;
}
constexpr bool kCounts = true;
#else
constexpr bool kCounts = false;
#endif

namespace vedette::capture {
namespace {

// Where an address of this process lies in the file `path`; `writable`: by a mapping that may be written to. The file is known by
// its inode: it had no name yet when the writer mapped it.
struct InFile {
  std::uint64_t offset = 0;
  bool writable = false;
};
std::optional<InFile> place_in(const std::string& path, const void* address) {
  std::ifstream maps("/proc/self/maps");
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return std::nullopt;
  const auto wanted = reinterpret_cast<std::uint64_t>(address);
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::uint64_t begin = 0, end = 0, offset = 0, inode = 0;
    char dash = 0;
    std::string mode, device;
    words >> std::hex >> begin >> dash >> end >> mode >> offset >> device >> std::dec >> inode;
    if (inode == file.st_ino && wanted >= begin && wanted < end) return InFile{wanted - begin + offset, mode[1] == 'w'};
  }
  return std::nullopt;
}

class InPlace : public CaptureFixture, public ::testing::WithParamInterface<const char*> {
 protected:
  static constexpr std::size_t kPictures = 60, kSettled = 20;
  static constexpr std::size_t kWidth = 640, kHeight = 480;  // luma larger than FFmpeg's parameter sets, 174 kB each

  std::unique_ptr<Source> open(const std::string& encode) {
    run_ffmpeg("-f lavfi -i testsrc2=size=640x480:rate=30 -frames:v 75 " + encode + " " + file("c.mkv"));
    SourceOptions options;
    options.url = file("c.mkv");
    auto source = LibavSource::open(options, [] { return true; });
    EXPECT_TRUE(source.ok()) << (source.ok() ? "" : source.error().text);
    return source.ok() ? std::move(source).value() : nullptr;
  }

  FrameInfo next_info() {
    FrameInfo info;
    set_camera(info, "front");
    info.mutate_frame_id(++id_);
    info.mutate_source_width(kWidth);
    info.mutate_source_height(kHeight);
    return info;
  }

  // What was decoded to `planes` is what a reader of the topic sees at the same place of its file.
  void expect_seen_at(const std::array<const std::uint8_t*, 4>& planes) {
    frames_.wait(std::chrono::seconds(10));
    const auto taken = frames_.take_newest();
    ASSERT_TRUE(taken);
    FrameInfo seen;
    std::memcpy(&seen, taken.lease.bytes().data(), sizeof seen);
    ASSERT_GT(plane_count(seen.format()), 0);
    const std::string topic_file = path_ + "/front/frames";
    for (int plane = 0; plane < plane_count(seen.format()); ++plane) {
      const std::uint32_t offset = seen.plane_offset()->Get(static_cast<flatbuffers::uoffset_t>(plane));
      const auto decoded = place_in(topic_file, planes[static_cast<std::size_t>(plane)]);
      const auto slot = place_in(topic_file, taken.lease.bytes().data());
      ASSERT_TRUE(decoded) << "plane " << plane << " lies outside the topic's file";
      ASSERT_TRUE(slot);
      EXPECT_TRUE(decoded->writable);
      EXPECT_FALSE(slot->writable) << "readers map the payload read-only";
      EXPECT_EQ(decoded->offset, slot->offset + offset) << "plane " << plane;
    }
    if (++seen_ == kSettled) libav_allocations = largest_allocation = 0;
  }

  void expect_no_detour() const {
    EXPECT_EQ(seen_, kPictures);
    if (!kCounts) return;
    std::printf("the libraries' own allocations: %.1f a picture, the largest of %zu bytes (a picture's luma: %zu)\n",
                static_cast<double>(libav_allocations) / (kPictures - kSettled), largest_allocation.load(), kWidth * kHeight);
    EXPECT_GT(libav_allocations, 0u) << "the counter doesn't count";
    EXPECT_LT(largest_allocation, kWidth * kHeight) << "a picture went through memory outside the ring";
  }

  std::uint64_t id_ = 0;
  std::size_t seen_ = 0;
};

TEST_P(InPlace, TheDecodersPlanesAreTheBytesThatReadersSee) {
  Slots slots(dir_, {topic("front/frames"), 16, 2});
  const auto source = open(GetParam());
  ASSERT_TRUE(source);
  const auto decoder = LibavDecoder::open(source->video(), {}, slots);
  ASSERT_TRUE(decoder.ok()) << decoder.error().text;
  while (seen_ < kPictures && source->read() == Source::Read::kPacket) {
    ASSERT_TRUE((*decoder)->send(*source->packet().av, 1));
    while (const AVFrame* picture = (*decoder)->next()) {
      ASSERT_TRUE(slots.publish(*picture, next_info()).ok());
      expect_seen_at({picture->data[0], picture->data[1], picture->data[2], nullptr});
      if (seen_ == kPictures) break;
    }
  }
  EXPECT_EQ(slots.counters().direct, kPictures);
  expect_no_detour();
}

INSTANTIATE_TEST_SUITE_P(Capture, InPlace,
                         ::testing::Values("-c:v libx264 -bf 2 -g 15 -pix_fmt yuv420p", "-c:v mpeg4 -g 6 -bf 2 -q:v 4"),
                         [](const auto& codec) { return std::string(codec.index == 0 ? "h264" : "mpeg4"); });

class JpegInPlace : public InPlace {};

TEST_P(JpegInPlace, IsDecodedToTheBytesThatReadersSee) {
  Slots slots(dir_, {topic("front/frames"), 16, 2});
  const auto source = open(GetParam());
  ASSERT_TRUE(source);
  vision::JpegPlanesDecoder decoder;
  while (seen_ < kPictures && source->read() == Source::Read::kPacket) {
    const auto header = decoder.read_header(source->packet().data);
    ASSERT_TRUE(header.ok()) << header.error().text;
    auto slot = slots.borrow(header->format, {header->width, header->height});
    ASSERT_TRUE(slot.ok() && *slot);
    const auto planes = (*slot)->view.planes;
    ASSERT_TRUE(decoder.decode(source->packet().data, *header, 1, (*slot)->view).ok());
    slots.publish(std::move(*slot), next_info());
    expect_seen_at({planes[0].data, planes[1].data, planes[2].data, nullptr});
  }
  EXPECT_EQ(slots.counters().direct, kPictures);
  expect_no_detour();
}

INSTANTIATE_TEST_SUITE_P(Capture, JpegInPlace,
                         ::testing::Values("-c:v mjpeg -pix_fmt yuvj420p -q:v 5", "-c:v mjpeg -pix_fmt yuvj422p -q:v 5"),
                         [](const auto& codec) { return std::string(codec.index == 0 ? "yuv420" : "yuv422"); });

}  // namespace
}  // namespace vedette::capture
