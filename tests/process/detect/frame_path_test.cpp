// The frame path from take to the model's input: no heap allocation of ours in steady state, and the pixel pass reads the pixels
// where capture put them: inside the read-only mapping of the topic's file. This program counts every operator new of the thread.
// (ONNX Runtime's own allocations lie behind: inside run(), which is left out.)
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <new>
#include <optional>
#include <sstream>
#include <vector>

#include "detect/camera.h"
#include "model/detector.h"
#include "process/detect/detect_fixture.h"
#include "support/model_scenes.h"

namespace {
thread_local std::size_t news = 0;

void* counted(std::size_t bytes, std::size_t alignment) {
  ++news;
  void* memory = nullptr;
  if (::posix_memalign(&memory, std::max(alignment, sizeof(void*)), bytes > 0 ? bytes : 1) != 0) throw std::bad_alloc();
  return memory;
}
}  // namespace

// The array and nothrow forms of the library end up in these.
void* operator new(std::size_t bytes) { return counted(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return counted(bytes, static_cast<std::size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace vedette::test {
namespace {

// True if [first, last] lies in a read-only mapping of the file `path`.
bool mapped_read_only(const void* first, const void* last, const std::string& path) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.size() < path.size() || line.compare(line.size() - path.size(), path.size(), path) != 0) continue;
    std::istringstream words(line);
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::string mode;
    words >> std::hex >> begin >> dash >> end >> mode;
    const auto from = reinterpret_cast<std::uintptr_t>(first), to = reinterpret_cast<std::uintptr_t>(last);
    if (from >= begin && to < end) return mode.substr(0, 2) == "r-";
  }
  return false;
}

constexpr Rectangle kPart{{0.1f, 0.3f}, {0.7f, 0.9f}};

struct Way {
  PixelFormat format;
  std::uint64_t element = onnx::kFloat;  // of the model's input
  std::optional<Rectangle> region = {};
};
constexpr std::size_t kElements = 3 * kSceneSide * kSceneSide;
std::size_t bytes_of(std::uint64_t element) { return element == onnx::kFloat ? 4 : element == onnx::kFloat16 ? 2 : 1; }

class FramePath : public DetectFixture, public testing::WithParamInterface<Way> {};

TEST_P(FramePath, TakeToTensorAllocatesNothingAndReadsInPlace) {
  constexpr std::uint32_t kWidth = 98, kHeight = 66;
  const auto& [format, element, region] = GetParam();
  Upstream front(dir_, "front", format, kWidth, kHeight);
  OnnxModel scene = raw_scene(kScene, 80, false);
  scene.inputs[0].type = element;
  write_file(model_, serialize(scene));
  auto detector = model::load_detector(model_, {.backend = {.threads = 1}});
  ASSERT_TRUE(detector.ok()) << detector.error().text;
  auto camera = detect::Camera::open(
      dir_, "front", {.fps = 0.0f, .deadline = Milliseconds(600000), .region = region, .stillness = detect::StillnessOptions{}},
      {.class_names = "person"});
  ASSERT_TRUE(camera.ok()) << camera.error().text;

  const std::byte* const tensor = (*detector)->input_tensor().data();
  ASSERT_EQ((*detector)->input_tensor().size(), kElements * bytes_of(element));
  std::array<std::byte, 4> last{};
  for (int i = 0; i < 40; ++i) {
    const auto shade = static_cast<std::uint8_t>(90 + 2 * i);
    const std::uint64_t id = front.publish_frame(shade);
    const std::size_t before = news;
    camera->follow_control(monotonic_ns());
    auto frame = camera->take(monotonic_ns());
    if (i == 0 && !frame) continue;
    ASSERT_TRUE(frame.has_value());
    EXPECT_FALSE(camera->is_still(*frame, monotonic_ns()));  // no control lives here
    (*detector)->load(frame->image, frame->region);
    const std::size_t allocated = news - before;

    EXPECT_EQ(frame->info.frame_id(), id);
    EXPECT_EQ(frame->region.width < kWidth, region.has_value());
    EXPECT_EQ((*detector)->input_tensor().data(), tensor);  // bound once
    std::array<std::byte, 4> now{};
    std::copy_n(tensor, now.size(), now.begin());
    EXPECT_NE(now, last);  // and really filled
    last = now;
    const auto bytes = frame->lease.bytes();
    for (int plane = 0; plane < plane_count(format); ++plane) {
      const PlaneGeometry extent = plane_extent(format, plane, kWidth, kHeight);
      const std::uint8_t* first = frame->image.row(plane, 0);
      const std::uint8_t* end = frame->image.row(plane, extent.rows - 1) + extent.row_bytes - 1;
      EXPECT_GE(reinterpret_cast<const std::byte*>(first), bytes.data());
      EXPECT_LT(reinterpret_cast<const std::byte*>(end), bytes.data() + bytes.size());
      EXPECT_TRUE(mapped_read_only(first, end, path_ + "/front/frames"));
    }
    if (i == 0) {
      EXPECT_GT(allocated, 0u) << "the counter doesn't count";
    }
    if (i >= 3) {
      ASSERT_EQ(allocated, 0u) << "frame " << i;
    }
  }
}

std::vector<Way> all_ways() {
  std::vector<Way> ways;
  for (const PixelFormat format :
       {PixelFormat::I420, PixelFormat::NV12, PixelFormat::YUYV, PixelFormat::GRAY8, PixelFormat::RGB24, PixelFormat::BGR24})
    ways.insert(ways.end(), {{format}, {format, onnx::kFloat16}, {format, onnx::kUint8}, {format, onnx::kFloat, kPart}});
  return ways;
}
std::string name_of(const testing::TestParamInfo<Way>& info) {
  const Way& way = info.param;
  const std::string type = way.element == onnx::kFloat16 ? "_f16" : way.element == onnx::kUint8 ? "_u8" : "";
  return std::string(to_string(way.format)) + type + (way.region ? "_region" : "");
}
INSTANTIATE_TEST_SUITE_P(Formats, FramePath, testing::ValuesIn(all_ways()), name_of);

}  // namespace
}  // namespace vedette::test
