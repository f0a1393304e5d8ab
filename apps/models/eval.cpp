#include "models/eval.h"

#include "base/file.h"
#include "base/text.h"
#include "models/measure.h"
#include "models/output.h"

namespace vedette::models {
namespace {

using Json = nlohmann::ordered_json;

std::string coco_results(const model::Evaluation& evaluation) {
  Json all = Json::array();
  for (const model::ScoredBox& box : evaluation.boxes)
    all.push_back({{"image_id", box.image},
                   {"category_id", box.category},
                   {"bbox", {box.x, box.y, box.width, box.height}},
                   {"score", box.score}});
  return all.dump() + "\n";
}

// What the old card says of how this very file was made stays.
Result<> write_card(const std::string& path, const model::Detector& detector, const Measured& measured) {
  VD_ASSIGN(model_file::Card card, card_of(path, detector));
  card.accuracy = measured.accuracy;
  card.latency = measured.latency;
  const std::string card_path = model_file::card_path(path);
  if (auto before = model_file::read_card(card_path); before && before->sha256 == card.sha256) {
    card.origin = std::move(before->origin);
    card.made = std::move(before->made);
  }
  VD_TRY(model_file::write_card(card_path, card));
  note("written: " + card_path);
  return {};
}

Json json_of(const EvalOptions& options, const model::Detector& detector, const Measured& measured) {
  const model_file::Accuracy& accuracy = measured.accuracy;
  const model_file::Latency& latency = measured.latency;
  return {{"model", options.model.file},
          {"family", detector.family()},
          {"dataset", accuracy.dataset},
          {"photos", accuracy.photos},
          {"boxes", measured.evaluation.boxes.size()},
          {"ap", accuracy.ap},
          {"ap50", accuracy.ap50},
          {"ap75", accuracy.ap75},
          {"person_ap", accuracy.person_ap ? Json(*accuracy.person_ap) : Json()},
          {"chroma", options.full_chroma ? "full" : "camera"},
          {"median_ms", latency.median_ms},
          {"p90_ms", latency.p90_ms},
          {"provider", latency.provider},
          {"threads", latency.threads}};
}

}  // namespace

Result<> eval(const EvalOptions& options) {
  VD_ASSIGN(const model::CocoDataset dataset, model::load_coco_dataset(options.coco));
  VD_ASSIGN(const auto detector, open_detector(options.model, kLeastScore));
  const std::string name = file_name(options.model.file);
  const model::Planes planes = options.full_chroma ? model::Planes::kFull : model::Planes::kCamera;
  VD_ASSIGN(const Measured measured, measure(*detector, options.model, dataset, planes, name));

  if (!options.boxes.empty()) VD_TRY(write_file(options.boxes, coco_results(measured.evaluation)));
  if (options.card) VD_TRY(write_card(options.model.file, *detector, measured));
  if (options.json) {
    print_json(json_of(options, *detector, measured));
    return {};
  }
  const model_file::Accuracy& accuracy = measured.accuracy;
  print(name + " (" + std::string(detector->family()) + ") on " + accuracy.dataset + ", " + counted(accuracy.photos, "photo") +
        ": AP " + fixed(accuracy.ap, 3) + ", AP50 " + fixed(accuracy.ap50, 3) + ", AP75 " + fixed(accuracy.ap75, 3) +
        (accuracy.person_ap ? ", person " + fixed(*accuracy.person_ap, 3) : "") + "; median " +
        fixed(measured.latency.median_ms, 1) + " ms, p90 " + fixed(measured.latency.p90_ms, 1) + " ms on " +
        measured.latency.provider);
  return {};
}

}  // namespace vedette::models
