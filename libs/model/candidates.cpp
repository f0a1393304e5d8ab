#include "model/candidates.h"

#include <algorithm>
#include <cmath>

namespace vedette::model {
namespace {

// When so many are there, the weaker half goes. Many times what is ever reported, so that suppression has enough to choose from.
constexpr std::size_t kMostCandidates = 8192;

bool finite(const Box& box) {
  return std::isfinite(box.left) && std::isfinite(box.top) && std::isfinite(box.right) && std::isfinite(box.bottom);
}

}  // namespace

float overlap(const Box& a, const Box& b) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (!(width > 0.0f && height > 0.0f)) return 0.0f;
  const float shared = width * height;
  const float all = (a.right - a.left) * (a.bottom - a.top) + (b.right - b.left) * (b.bottom - b.top) - shared;
  return shared / all;
}

Candidates::Candidates(float threshold, std::vector<int> class_map)
    : threshold_(threshold), current_threshold_(threshold), class_map_(std::move(class_map)) {
  candidates_.reserve(kMostCandidates);
}

void Candidates::clear() {
  candidates_.clear();
  current_threshold_ = threshold_;
  arrived_ = 0;
}

void Candidates::push(const Box& box, float score, std::size_t model_class) {
  // Written so that NaN fails each of them.
  if (!(score > current_threshold_) || !std::isfinite(score) || !finite(box)) return;
  if (!(box.right > box.left && box.bottom > box.top) || !reports(model_class)) return;
  if (candidates_.size() == kMostCandidates) {
    const auto middle = candidates_.begin() + kMostCandidates / 2;
    std::nth_element(candidates_.begin(), middle, candidates_.end(), [](const Candidate& a, const Candidate& b) {
      return a.score > b.score || (a.score == b.score && a.order < b.order);
    });
    current_threshold_ = middle->score;
    candidates_.erase(middle, candidates_.end());
    if (!(score > current_threshold_)) return;
  }
  candidates_.push_back({box, std::min(score, 1.0f), static_cast<std::uint16_t>(class_map_[model_class]), arrived_++});
}

void Candidates::sort() {
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
    return a.score > b.score || (a.score == b.score && a.order < b.order);
  });
}

void Candidates::suppress(float iou) {
  sort();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidates_.size() && kept < kMaxDetections; ++i) {
    const Candidate& candidate = candidates_[i];
    const bool hidden =
        std::any_of(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(kept), [&](const Candidate& better) {
          return better.class_id == candidate.class_id && overlap(better.box, candidate.box) > iou;
        });
    if (!hidden) candidates_[kept++] = candidate;
  }
  candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(kept), candidates_.end());
}

void Candidates::take(std::size_t most, std::vector<Detection>& out) {
  sort();
  out.clear();
  for (const Candidate& candidate : candidates_) {
    if (out.size() == most) break;
    const auto inside = [](float value) { return std::clamp(value, 0.0f, 1.0f); };
    const float left = inside(candidate.box.left), top = inside(candidate.box.top);
    const float width = inside(candidate.box.right) - left, height = inside(candidate.box.bottom) - top;
    if (width > 0.0f && height > 0.0f)
      out.emplace_back(left, top, width, height, candidate.score, candidate.class_id, std::uint16_t{0});
  }
}

}  // namespace vedette::model
