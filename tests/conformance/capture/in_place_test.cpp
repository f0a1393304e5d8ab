// The way from the decoder into the ring, by address: the planes that the decoder wrote are the bytes that readers see.
//
// Of the heap: libav's own allocations in steady state are packets, side data and references (av_malloc, which is
// posix_memalign); they are counted and told, not hidden, and none of them is as large as a picture's first plane.
#include <stdlib.h>
#include <sys/stat.h>

#include <sstream>

#include "capture/source.h"
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

class InPlace : public CaptureFixture, public ::testing::WithParamInterface<const char*> {};

TEST_P(InPlace, TheDecodersPlanesAreTheBytesThatReadersSee) {
  constexpr std::size_t kPictures = 20, kSettled = 8;
  constexpr std::size_t kWidth = 320, kHeight = 240;
  run_ffmpeg(std::string("-f lavfi -i testsrc2=size=320x240:rate=30 -frames:v 30 ") + GetParam() + " " + file("c.mkv"));
  const std::string topic_file = path_ + "/front/frames";
  Slots slots(dir_, {topic("front/frames"), 16, 2});
  SourceOptions options;
  options.url = file("c.mkv");
  const auto source = Source::open(options, slots, [] { return true; });
  ASSERT_TRUE(source.ok()) << source.error().text;

  std::size_t pictures = 0, allocations = 0;
  while (pictures < kPictures && (*source)->read() == Source::Read::kPacket) {
    (*source)->decode();
    while (const AVFrame* picture = (*source)->next_picture()) {
      FrameInfo info;
      set_camera(info, "front");
      ASSERT_TRUE(slots.publish(*picture, info).ok());
      frames_.wait(std::chrono::seconds(10));
      const auto taken = frames_.take_newest();
      ASSERT_TRUE(taken);
      FrameInfo seen;
      std::memcpy(&seen, taken.lease.bytes().data(), sizeof seen);
      ASSERT_GT(plane_count(seen.format()), 0);
      for (int plane = 0; plane < plane_count(seen.format()); ++plane) {
        const std::uint32_t offset = seen.plane_offset()->Get(static_cast<flatbuffers::uoffset_t>(plane));
        const auto decoded = place_in(topic_file, picture->data[plane]);
        const auto slot = place_in(topic_file, taken.lease.bytes().data());
        ASSERT_TRUE(decoded) << "plane " << plane << " lies outside the topic's file";
        ASSERT_TRUE(slot);
        EXPECT_TRUE(decoded->writable);
        EXPECT_FALSE(slot->writable) << "readers map the payload read-only";
        EXPECT_EQ(decoded->offset, slot->offset + offset) << "plane " << plane;
      }
      if (++pictures == kSettled) libav_allocations = largest_allocation = 0;
      allocations = libav_allocations;
    }
  }
  EXPECT_EQ(pictures, kPictures);
  EXPECT_EQ(slots.counters().direct, kPictures);
  if (!kCounts) return;
  std::printf("libav's own allocations: %.1f a picture, the largest of %zu bytes (a picture's luma: %zu)\n",
              static_cast<double>(allocations) / (kPictures - kSettled), largest_allocation.load(), kWidth * kHeight);
  EXPECT_GT(allocations, 0u) << "the counter doesn't count";
  EXPECT_LT(largest_allocation, kWidth * kHeight) << "a picture went through memory outside the ring";
}

INSTANTIATE_TEST_SUITE_P(Capture, InPlace,
                         ::testing::Values("-c:v libx264 -bf 2 -g 15 -pix_fmt yuv420p", "-c:v mjpeg -pix_fmt yuvj420p -q:v 5",
                                           "-c:v mpeg4 -g 6 -bf 2 -q:v 4"),
                         [](const auto& codec) {
                           return std::string(codec.index == 0 ? "h264" : codec.index == 1 ? "mjpeg" : "mpeg4");
                         });

}  // namespace
}  // namespace vedette::capture
