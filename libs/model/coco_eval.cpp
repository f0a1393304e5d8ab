#include "model/coco_eval.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace vedette::model {
namespace {

constexpr std::size_t kThresholds = 10;
constexpr std::size_t kRecallPoints = 101;
constexpr std::size_t kMaxBoxes = 100;

constexpr std::size_t kAt50 = 0, kAt75 = 5;  // of the thresholds

constexpr double threshold_at(std::size_t index) { return 0.5 + 0.05 * static_cast<double>(index); }

double overlap_of(const ScoredBox& box, const TruthBox& truth) {
  const double width = std::min(box.x + box.width, truth.x + truth.width) - std::max(box.x, truth.x);
  const double height = std::min(box.y + box.height, truth.y + truth.height) - std::max(box.y, truth.y);
  if (width <= 0 || height <= 0) return 0;
  const double shared = width * height, area = box.width * box.height;
  return shared / (truth.crowd ? area : area + truth.width * truth.height - shared);
}

// One box's fate at each threshold.
struct Judged {
  double score;
  std::array<bool, kThresholds> hit;
  std::array<bool, kThresholds> ignored;
};

// cocoeval.py, evaluateImg(): greedy, best score first; a box takes the truth it overlaps most, real truth before crowds.
void judge_image(std::vector<const TruthBox*> truth, std::vector<const ScoredBox*> boxes, std::vector<Judged>& out) {
  std::stable_sort(truth.begin(), truth.end(), [](const TruthBox* a, const TruthBox* b) { return a->crowd < b->crowd; });
  std::stable_sort(boxes.begin(), boxes.end(), [](const ScoredBox* a, const ScoredBox* b) { return a->score > b->score; });
  if (boxes.size() > kMaxBoxes) boxes.resize(kMaxBoxes);
  std::array<std::vector<bool>, kThresholds> taken;
  taken.fill(std::vector<bool>(truth.size(), false));
  for (const ScoredBox* box : boxes) {
    Judged judged{box->score, {}, {}};
    for (std::size_t t = 0; t < kThresholds; ++t) {
      double best = std::min(threshold_at(t), 1 - 1e-10);
      std::size_t match = truth.size();
      for (std::size_t i = 0; i < truth.size(); ++i) {
        if (taken[t][i] && !truth[i]->crowd) continue;
        if (match < truth.size() && !truth[match]->crowd && truth[i]->crowd) break;
        const double overlap = overlap_of(*box, *truth[i]);
        if (overlap < best) continue;
        best = overlap;
        match = i;
      }
      if (match == truth.size()) continue;
      taken[t][match] = true;
      judged.ignored[t] = truth[match]->crowd;
      judged.hit[t] = !truth[match]->crowd;
    }
    out.push_back(judged);
  }
}

// cocoeval.py, accumulate(): precision made monotone, read at 101 recalls.
double precision_at(const std::vector<Judged>& judged, std::size_t t, std::size_t positives) {
  std::vector<double> recall, precision;
  double hits = 0, misses = 0;
  for (const Judged& box : judged) {
    if (!box.ignored[t]) (box.hit[t] ? hits : misses) += 1;
    recall.push_back(hits / static_cast<double>(positives));
    precision.push_back(hits / (hits + misses + std::numeric_limits<double>::epsilon()));
  }
  for (std::size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  double sum = 0;
  for (std::size_t i = 0; i < kRecallPoints; ++i) {
    const double wanted = static_cast<double>(i) / (kRecallPoints - 1);
    const auto found = std::lower_bound(recall.begin(), recall.end(), wanted);
    if (found != recall.end()) sum += precision[static_cast<std::size_t>(found - recall.begin())];
  }
  return sum / kRecallPoints;
}

}  // namespace

CocoResult coco_ap(std::span<const TruthBox> truth, std::span<const ScoredBox> boxes) {
  struct Image {
    std::vector<const TruthBox*> truth;
    std::vector<const ScoredBox*> boxes;
  };
  std::map<int, std::map<std::int64_t, Image>> categories;
  for (const TruthBox& box : truth) categories[box.category][box.image].truth.push_back(&box);
  for (const ScoredBox& box : boxes) categories[box.category][box.image].boxes.push_back(&box);

  CocoResult result;
  for (const auto& [category, images] : categories) {
    std::vector<Judged> judged;
    std::size_t positives = 0;
    for (const auto& [id, image] : images) {
      judge_image(image.truth, image.boxes, judged);
      positives += static_cast<std::size_t>(
          std::count_if(image.truth.begin(), image.truth.end(), [](const TruthBox* t) { return !t->crowd; }));
    }
    if (positives == 0) continue;
    std::stable_sort(judged.begin(), judged.end(), [](const Judged& a, const Judged& b) { return a.score > b.score; });
    AveragePrecision& ap = result.category[category];
    for (std::size_t t = 0; t < kThresholds; ++t) {
      const double precision = precision_at(judged, t, positives);
      ap.ap += precision / kThresholds;
      if (t == kAt50) ap.ap50 = precision;
      if (t == kAt75) ap.ap75 = precision;
    }
  }
  for (const auto& [category, ap] : result.category) {
    const double share = 1.0 / static_cast<double>(result.category.size());
    result.mean.ap += share * ap.ap;
    result.mean.ap50 += share * ap.ap50;
    result.mean.ap75 += share * ap.ap75;
  }
  return result;
}

}  // namespace vedette::model
