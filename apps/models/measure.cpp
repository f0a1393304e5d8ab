#include "models/measure.h"

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/process.h"
#include "model_file/sha256.h"
#include "models/output.h"

namespace vedette::models {

Spread spread_of(std::vector<std::uint64_t> durations_ns) {
  if (durations_ns.empty()) return {};
  std::sort(durations_ns.begin(), durations_ns.end());
  const auto at = [&](std::size_t tenths) { return static_cast<double>(durations_ns[durations_ns.size() * tenths / 10]) / 1e6; };
  return {at(5), at(9)};
}

model_file::Latency latency_of(const Spread& spread, const model::Detector& detector, const ModelOptions& options) {
  return {spread.median_ms, spread.p90_ms, model_file::machine_name(),
          std::string(model::to_string(detector.backend().provider())), options.threads};
}

Result<Measured> measure(model::Detector& detector, const ModelOptions& options, const model::CocoDataset& dataset,
                         model::Planes planes, const std::string& name) {
  const std::size_t photos = dataset.photos.size();
  Progress progress(
      [&](std::uint64_t done) { return name + ": " + std::to_string(done) + " of " + std::to_string(photos) + " photos"; });
  VD_ASSIGN(model::Evaluation evaluation,
            model::evaluate(detector, dataset, {.planes = planes, .progress = [&](std::size_t done) {
                                                  progress.show(done);
                                                  return !stop_requested();
                                                }}));
  std::vector<std::uint64_t> durations;
  for (const model::StepTimes& times : evaluation.times) durations.push_back(times.all_ns());
  const model::AveragePrecision& mean = evaluation.result.mean;
  Measured measured;
  measured.accuracy = {dataset.name, photos, mean.ap, mean.ap50, mean.ap75, evaluation.person_ap};
  measured.latency = latency_of(spread_of(std::move(durations)), detector, options);
  measured.evaluation = std::move(evaluation);
  return measured;
}

Result<model_file::Card> card_of(const std::string& path, const model::Detector& detector) {
  model_file::Card card;
  VD_ASSIGN(card.sha256, model_file::sha256_of(path));
  std::error_code error;
  card.bytes = std::filesystem::file_size(path, error);
  if (error) return errno_error(path, error.value());
  card.file = file_name(path);
  card.family = detector.family();
  card.width = detector.input().width;
  card.height = detector.input().height;
  card.date = model_file::today();
  return card;
}

}  // namespace vedette::models
