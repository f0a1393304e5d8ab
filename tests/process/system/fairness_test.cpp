// Eight cameras of different sizes and rates, more than one detector can look at: each gets its share of the model's time.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "process/system/expectations.h"

namespace vedette::test {
namespace {

// What one camera published and what was seen of it.
struct Seen {
  Seen(const bus::BusDir& dir, const std::string& camera)
      : name(camera), frames(dir, {camera, "frames"}, kFrameSchema), detections(dir, {camera, "detections"}, kDetectionsSchema) {}

  void take() {
    while (const bus::Taken taken = detections.take_next()) {
      Detections record;
      ASSERT_TRUE(read_detections(taken.lease.bytes(), record).ok());
      looks += 1 + taken.missed;
      spent_ns += record.info.inference_ns() * (1 + taken.missed);
    }
  }
  std::uint64_t published() {
    const auto stats = frames.stats();
    return stats ? stats->published : 0;
  }

  std::string name;
  bus::Subscriber frames, detections;
  std::uint64_t looks = 0, spent_ns = 0, published_before = 0;
};

TEST(SystemFairness, EightCamerasShareTheModelsTime) {
  VD_NEED_MODEL_AND_CLIP();
  SystemOptions options;
  const std::vector<std::string> kinds{"1280x720&fps=60", "640x360&fps=60", "640x360&fps=30", "320x240&fps=30",
                                       "1280x720&fps=30", "640x360&fps=15", "320x240&fps=1",  "640x360&fps=1"};
  for (std::size_t i = 0; i < kinds.size(); ++i) options.cameras["c" + std::to_string(i)] = "synthetic:?size=" + kinds[i];
  // Every camera wants 60 looks a second, all the time.
  options.set = {"motion.gate=false", "detect.threads=1", "detect.fps=60", "sentry.standby_fps=60", "sentry.tracking_fps=60"};
  System system(options);
  system.start();
  std::vector<std::unique_ptr<Seen>> cameras;
  for (const auto& [name, url] : options.cameras) cameras.push_back(std::make_unique<Seen>(system.bus(), name));
  const auto all = [&](auto&& holds) { return std::all_of(cameras.begin(), cameras.end(), holds); };
  ASSERT_TRUE(wait_until([&] {
    for (const auto& camera : cameras) camera->take();
    return all([](const auto& camera) { return camera->looks > 0; });
  })) << system.up().err();

  for (const auto& camera : cameras) camera->looks = camera->spent_ns = 0, camera->published_before = camera->published();
  const std::uint64_t begun = monotonic_ns();
  wait_until([&] {
    for (const auto& camera : cameras) camera->take();
    return age_ns(begun) > 15'000'000'000;
  });
  std::vector<std::uint64_t> greedy;
  for (const auto& camera : cameras) {
    const std::uint64_t came = camera->published() - camera->published_before;
    std::cout << camera->name << ": " << camera->looks << " of " << came << " frames, " << camera->spent_ns / 1'000'000
              << " ms\n";
    ASSERT_GT(camera->looks, 0u);
    // Who wants less than a share gets what it wants; the first and the last frame may lie on either side.
    if (came < 2 * camera->looks + 2)
      EXPECT_GE(camera->looks + 2, came * 7 / 10) << camera->name;
    else
      greedy.push_back(camera->spent_ns);
  }
  if (greedy.size() < 4) GTEST_SKIP() << "this machine's detector can look at all of it: nothing to share";
  const auto [least, most] = std::minmax_element(greedy.begin(), greedy.end());
  EXPECT_LE(static_cast<double>(*most), 1.5 * static_cast<double>(*least));
}

}  // namespace
}  // namespace vedette::test
