// A stage of one's own: looks at every picture of a camera (GRAY8, RGB24 or the luma of a YUV one), finds the box around what is
// bright, and publishes it under the picture's frame id as <camera>/bright. Whoever has a frame finds its boxes by that id.
// usage: detections_stage cam0 [pictures [bus directory]]   c++ -std=c++17 detections_stage.cpp $(pkg-config --cflags --libs
// vedette_bus)
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <vedette/bus.hpp>

namespace {

constexpr std::uint8_t kBright = 200;

std::vector<vd_detection> bright_box(const vedette::Frame& frame) {
  const std::size_t pixel_bytes = frame.format() == VD_RGB24 || frame.format() == VD_BGR24 ? 3
                                  : frame.format() == VD_YUYV                              ? 2
                                                                                           : 1;
  const vedette::Plane plane = frame.plane(0);
  std::size_t left = frame.width(), top = frame.height(), right = 0, bottom = 0;
  for (std::size_t y = 0; y < plane.rows; ++y) {
    const vedette::Bytes row = plane.row(y);
    for (std::size_t x = 0; x < frame.width(); ++x) {
      if (row[x * pixel_bytes] < kBright) continue;
      left = std::min(left, x), right = std::max(right, x + 1);
      top = std::min(top, y), bottom = std::max(bottom, y + 1);
    }
  }
  if (right == 0) return {};
  const auto part = [](std::size_t pixels, std::size_t of) { return static_cast<float>(pixels) / static_cast<float>(of); };
  return {{part(left, frame.width()), part(top, frame.height()), part(right - left, frame.width()),
           part(bottom - top, frame.height()), 1.0f, 0, 0}};
}

void run(const std::string& camera, long pictures, const std::string& bus_dir) {
  const vedette::Bus bus(bus_dir);
  vd_reader_options options = vd_reader_options_default();
  options.schema_id = VD_FRAME_SCHEMA;
  vedette::Subscriber frames = bus.subscribe(camera + "/frames", options);
  vedette::Publisher bright = bus.detections_publisher(camera + "/bright", "bright\n");

  for (long seen = 0; pictures == 0 || seen < pictures;) {
    const auto frame = frames.newest_frame(std::chrono::milliseconds(200));
    bright.beat();  // alive, also while the camera is silent
    if (!frame) continue;
    vedette::Detections found;
    found.info.frame_id = frame->frame_id();
    found.info.captured_at_ns = frame->info().captured_at_ns;
    found.info.source_width = frame->info().source_width;
    found.info.source_height = frame->info().source_height;
    found.info.trace = frame->info().trace;
    found.boxes = bright_box(*frame);
    found.info.published_at_ns = vd_now_ns();
    bright.publish(found);
    ++seen;
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const char* bus = argc > 3 ? argv[3] : std::getenv("VEDETTE_BUS_DIR");
  run(argc > 1 ? argv[1] : "cam0", argc > 2 ? std::atol(argv[2]) : 0, bus == nullptr ? "" : bus);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "detections_stage: " << error.what() << "\n";
  return 1;
}
