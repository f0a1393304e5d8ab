// The motion gate's memory: this program counts every operator new.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "unit/vision/motion_scene.h"

namespace {
std::size_t news = 0;
}

void* operator new(std::size_t bytes) {
  ++news;
  void* memory = std::malloc(bytes > 0 ? bytes : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace vedette::vision {
namespace {

TEST(MotionMemory, ALookAllocatesOnlyWhenTheSizeIsNew) {
  MotionScene scene(640, 360), other(320, 240);
  Watch watch({.zones = {{{{0, 0}, {0.5f, 0}, {0.5f, 1}}, true, 0}, {{{0, 0}, {0.2f, 0}, {0.2f, 0.2f}}, false, 0}}});
  const Thing person{300, 150, 24, 60, 60};
  (void)watch.look(scene.draw());
  for (const Shot& shot : {Shot{}, Shot{.offset = 30}, Shot{.gain = 0.6}, Shot{.noise = 30}, Shot{.inverted = true}}) {
    const ImageView picture = scene.draw(person, shot);
    const std::size_t before = news;
    for (int i = 0; i < 10; ++i) (void)watch.look(picture, i == 5 ? -1000 : 333);
    EXPECT_EQ(news, before);
  }
  const ImageView picture = other.draw();
  const std::size_t before = news;
  (void)watch.look(picture);
  EXPECT_GT(news, before);
}

}  // namespace
}  // namespace vedette::vision
