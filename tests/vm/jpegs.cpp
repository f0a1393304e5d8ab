#include "vm/jpegs.h"

#include <map>
#include <mutex>
#include <utility>

#include "vision/jpeg.h"

namespace vedette::test {

int brightness_of_number(std::uint32_t number) { return 8 + static_cast<int>(number % 16) * 15; }

std::vector<std::byte> jpeg_of(std::uint32_t number, std::uint32_t width, std::uint32_t height) {
  static std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::byte>> made;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::vector<std::byte>& file = made[{number % 16, width}];
  if (file.empty()) {
    vision::JpegEncoder encoder;
    std::vector<std::uint8_t> pixels(std::size_t{width} * height, static_cast<std::uint8_t>(brightness_of_number(number)));
    vision::ImageView view;
    view.format = PixelFormat::GRAY8;
    view.range = ColorRange::Full;
    view.width = width;
    view.height = height;
    view.planes[0] = {pixels.data(), width};
    const auto encoded = encoder.encode(view, 80);
    if (encoded.ok()) file.assign(encoded->begin(), encoded->end());
  }
  std::vector<std::byte> numbered(file.begin(), file.begin() + 2);
  for (const unsigned each : {0xffu, 0xfeu, 0u, 6u, number >> 24, number >> 16 & 0xff, number >> 8 & 0xff, number & 0xff})
    numbered.push_back(static_cast<std::byte>(each));
  numbered.insert(numbered.end(), file.begin() + 2, file.end());
  return numbered;
}

std::uint32_t number_in(std::span<const std::byte> file) {
  if (file.size() < 10) return 0;
  std::uint32_t number = 0;
  for (std::size_t i = 6; i < 10; ++i) number = number << 8 | std::to_integer<std::uint32_t>(file[i]);
  return number;
}

int brightness_of(std::span<const std::byte> file) {
  vision::JpegDecoder decoder;
  vision::Image image;
  if (!decoder.decode_i420(file, image).ok()) return -1;
  const vision::ImageView view = image.view();
  return view.row(0, view.height / 2)[view.width / 2];
}

}  // namespace vedette::test
