#include "detect/photo.h"

#include <nlohmann/json.hpp>

#include "model/photo_reader.h"

namespace vedette::detect {

Result<std::string> look_at_photo(const std::string& path, model::Detector& detector) {
  model::PhotoReader reader(model::Planes::kFull);
  VD_ASSIGN(const vision::ImageView image, reader.read(path));

  std::vector<Detection> boxes;
  VD_TRY(detector.detect(image, boxes));
  nlohmann::json list = nlohmann::json::array();
  for (const Detection& box : boxes)
    list.push_back({{"class", detector.class_names()[box.class_id()]},
                    {"score", box.score()},
                    {"x", box.x()},
                    {"y", box.y()},
                    {"width", box.width()},
                    {"height", box.height()}});
  const nlohmann::json answer{{"family", detector.family()}, {"width", image.width}, {"height", image.height}, {"boxes", list}};
  return answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace vedette::detect
