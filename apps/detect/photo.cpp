#include "detect/photo.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "vision/jpeg.h"

namespace vedette::detect {

Result<std::string> look_at_photo(const std::string& path, model::Detector& detector) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return errno_error("photo " + path, errno != 0 ? errno : EIO);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  vision::Image image;
  vision::JpegDecoder decoder;
  auto decoded = decoder.decode(std::as_bytes(std::span(bytes)), image);
  if (!decoded) return std::move(decoded).error().in("photo " + path);

  std::vector<Detection> boxes;
  VD_TRY(detector.detect(image.view(), boxes));
  nlohmann::json list = nlohmann::json::array();
  for (const Detection& box : boxes)
    list.push_back({{"class", detector.class_names()[box.class_id()]},
                    {"score", box.score()},
                    {"x", box.x()},
                    {"y", box.y()},
                    {"width", box.width()},
                    {"height", box.height()}});
  const nlohmann::json answer{
      {"family", detector.family()}, {"width", image.view().width}, {"height", image.view().height}, {"boxes", list}};
  return answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace vedette::detect
