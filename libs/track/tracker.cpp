#include "track/tracker.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/check.h"
#include "track/assignment.h"
#include "track/object.h"
#include "track/shake.h"

namespace vedette::track {
namespace {

constexpr std::uint32_t kNobody = ~0u;

// Detections after which an object's velocity is known.
constexpr std::uint32_t kShakeHits = 3;

// Least fit for a box to be an object's: of sure boxes, and of unsure ones, which have to be nearer.
struct Least {
  double sure, unsure;
};
constexpr Least kLeastLikelihood = {-6, -4};  // natural logarithm of boxes per area of the object
constexpr Least kLeastIou = {0.2, 0.4};
constexpr Least kLeastGiou = {-0.2, 0.2};

// Of the likelihood, parts of an object's size: what a detection may be off, over what the prediction is unsure of; as much again
// and more for one that is half hidden. Natural logarithm for the size itself.
constexpr double kPlaceSigma = 0.1;
constexpr double kSizeSigma = 0.15;

// IoU from which on a box of another class is of the same object, and what it gains then: so little that it is only given to an
// object that gets none of its own class.
constexpr double kOtherClassIou = 0.7;
constexpr double kOtherClassGain = 0.1;
// The same of two boxes of one class, one of them given out, the other wanted by nobody who is confirmed.
constexpr double kSameObjectIou = 0.45;
// What of a lost object's box has to be in the picture: else it has left.
constexpr double kStillHere = 0.1;
// No tracker gets so far: a larger id in a record to resume from is none of ours.
constexpr std::uint64_t kMostId = std::uint64_t{1} << 62;

// Logarithm of how likely an object is detected there and so large, per area of its own: a normal distribution around what of the
// prediction lies in the picture, of the variance that the filter states, with a detection's own; the size goes by ratios.
double likelihood(const Object& object, const Box& seen) {
  const Box predicted = object.filter.box(), shown = clipped(predicted);
  const auto off_place = [](double off, double sigma, double size) {
    const double variance = sigma * sigma / (size * size) + kPlaceSigma * kPlaceSigma;
    return -0.5 * (off * off / (size * size) / variance + std::log(2 * std::numbers::pi * variance));
  };
  const auto off_size = [](double size, double shown_size, double whole_size) {
    const double off = std::log(size / std::max(shown_size, kStillHere * whole_size)) / kSizeSigma;
    return -0.5 * off * off;
  };
  return off_place(seen.center_x() - shown.center_x(), object.filter.sigma_x(), predicted.width) +
         off_place(seen.center_y() - shown.center_y(), object.filter.sigma_y(), predicted.height) +
         off_size(seen.width, shown.width, predicted.width) + off_size(seen.height, shown.height, predicted.height);
}

double seconds(std::uint64_t ns) { return static_cast<double>(ns) * 1e-9; }

}  // namespace

class Tracker::State {
 public:
  explicit State(const TrackerOptions& options) : options_(options) {}

  bool update(std::span<const Detection> boxes, std::uint64_t at_ns);
  void resume(std::span<const Track> tracks, std::uint64_t at_ns, std::uint64_t next_id);
  void forget() { objects_.clear(), tracks_.clear(); }
  std::span<const Track> tracks() const { return tracks_; }
  std::uint64_t next_id() const { return next_id_; }

 private:
  using Indexes = std::vector<std::uint32_t>;

  void advance(std::uint64_t gap_ns);
  void sort_boxes();
  void follow_shake();
  void give_boxes();
  void see_and_miss(std::uint64_t gap_ns);
  void begin_new();
  void publish();

  Box where(const Object& object) const { return options_.motion ? object.filter.box() : object.seen; }
  double fit(const Object& object, const Box& seen) const;
  double gain(const Object& object, const Detection& box, double least) const;
  void match(const Indexes& objects, const Indexes& boxes, double least);
  void match_best_first(std::size_t rows, std::size_t columns);
  template <typename Wanted>
  const Indexes& free_objects(Wanted wanted);
  void drop_given(Indexes& boxes) const;
  bool given(std::uint32_t box) const;

  TrackerOptions options_;
  std::vector<Object> objects_;  // in order of their ids
  std::vector<Track> tracks_;
  std::uint64_t newest_ns_ = 0;
  std::uint64_t next_id_ = 1;
  Assignment assignment_;
  Shake shake_;

  // Of one update; members so that they keep their memory.
  std::span<const Detection> boxes_;
  std::uint64_t at_ns_ = 0;
  Indexes sure_, unsure_, free_;
  Indexes box_of_, object_of_;  // by object, by box: kNobody while it has none
  std::vector<double> gains_;
  std::vector<int> pairs_;  // by row of the newest match: its column, or Assignment::kNone
  std::vector<Box> predicted_, seen_;
};

bool Tracker::State::update(std::span<const Detection> boxes, std::uint64_t at_ns) {
  if (at_ns <= newest_ns_) return false;
  for (const Detection& box : boxes)
    VD_ASSERT(std::isfinite(box.x() + box.y() + box.width() + box.height() + box.score()), "a box that wasn't checked");
  const std::uint64_t gap_ns = newest_ns_ == 0 ? 0 : at_ns - newest_ns_;
  newest_ns_ = at_ns_ = at_ns;
  boxes_ = boxes;
  advance(gap_ns);
  sort_boxes();
  if (options_.shake && options_.motion) follow_shake();
  give_boxes();
  see_and_miss(std::min(gap_ns, to_ns(options_.longest_gap)));
  begin_new();
  publish();
  return true;
}

void Tracker::State::advance(std::uint64_t gap_ns) {
  const bool silent = gap_ns > to_ns(options_.longest_gap);
  for (Object& object : objects_) {
    if (silent)
      object.filter.stop();
    else
      object.filter.predict(seconds(gap_ns));
  }
  box_of_.assign(objects_.size(), kNobody);
  object_of_.assign(boxes_.size(), kNobody);
}

void Tracker::State::sort_boxes() {
  sure_.clear(), unsure_.clear();
  for (std::uint32_t i = 0; i < boxes_.size(); ++i) {
    if (boxes_[i].width() <= 0 || boxes_[i].height() <= 0) continue;
    (boxes_[i].score() >= options_.sure_score ? sure_ : unsure_).push_back(i);
  }
}

double Tracker::State::fit(const Object& object, const Box& seen) const {
  switch (options_.fit) {
    case Fit::kLikelihood:
      return likelihood(object, seen);
    case Fit::kIou:
      return iou(where(object), seen);
    case Fit::kGiou:
      return giou(where(object), seen);
  }
  return 0;
}

// Above 0 if the box may be the object's.
double Tracker::State::gain(const Object& object, const Detection& box, double least) const {
  const Box seen = box_of(box);
  if (box.class_id() == object.vote.class_id()) return fit(object, seen) - least;
  const double overlap = iou(where(object), seen);
  return overlap > kOtherClassIou ? kOtherClassGain * overlap : 0;
}

// Leaves pairs_: which of `boxes` each of `objects` gets.
void Tracker::State::match(const Indexes& objects, const Indexes& boxes, double least) {
  gains_.clear();
  for (const std::uint32_t object : objects)
    for (const std::uint32_t box : boxes) gains_.push_back(gain(objects_[object], boxes_[box], least));
  if (!options_.best) return match_best_first(objects.size(), boxes.size());
  const std::span<const int> solved = assignment_.solve(gains_, objects.size(), boxes.size());
  pairs_.assign(solved.begin(), solved.end());
}

void Tracker::State::match_best_first(std::size_t rows, std::size_t columns) {
  pairs_.assign(rows, Assignment::kNone);
  while (true) {
    const auto best = std::max_element(gains_.begin(), gains_.end());
    if (best == gains_.end() || *best <= 0) return;
    const auto place = static_cast<std::size_t>(best - gains_.begin());
    pairs_[place / columns] = static_cast<int>(place % columns);
    for (std::size_t row = 0; row < rows; ++row) gains_[row * columns + place % columns] = 0;
    for (std::size_t column = 0; column < columns; ++column) gains_[place / columns * columns + column] = 0;
  }
}

template <typename Wanted>
const Tracker::State::Indexes& Tracker::State::free_objects(Wanted wanted) {
  free_.clear();
  for (std::uint32_t i = 0; i < objects_.size(); ++i)
    if (box_of_[i] == kNobody && wanted(objects_[i])) free_.push_back(i);
  return free_;
}

void Tracker::State::follow_shake() {
  predicted_.clear(), seen_.clear();
  for (const Object& object : objects_)
    if (object.phase == TrackPhase::Confirmed && object.hits >= kShakeHits) predicted_.push_back(where(object));
  if (predicted_.size() < Shake::kLeastObjects) return;
  for (const std::uint32_t box : sure_) seen_.push_back(box_of(boxes_[box]));
  if (const auto jump = shake_.find(predicted_, seen_))
    for (Object& object : objects_) object.shift(jump->x, jump->y);
}

void Tracker::State::give_boxes() {
  const Least& least_fit = options_.fit == Fit::kLikelihood ? kLeastLikelihood
                           : options_.fit == Fit::kIou      ? kLeastIou
                                                            : kLeastGiou;
  const auto give = [this](const Indexes& boxes, double least) {
    match(free_, boxes, least);
    for (std::size_t row = 0; row < free_.size(); ++row) {
      if (pairs_[row] == Assignment::kNone) continue;
      const std::uint32_t box = boxes[static_cast<std::size_t>(pairs_[row])];
      box_of_[free_[row]] = box;
      object_of_[box] = free_[row];
    }
  };
  free_objects([](const Object& object) { return object.confirmed(); });
  give(sure_, least_fit.sure);
  if (options_.unsure) {
    free_objects([](const Object& object) { return object.phase == TrackPhase::Confirmed; });
    give(unsure_, least_fit.unsure);
  }
  drop_given(sure_);
  free_objects([](const Object& object) { return !object.confirmed(); });
  give(sure_, least_fit.sure);
  if (!options_.unsure) return;
  drop_given(unsure_);
  free_objects([](const Object& object) { return !object.confirmed(); });
  give(unsure_, least_fit.unsure);
}

// Is it, or is it the same object as, a box that was given out?
bool Tracker::State::given(std::uint32_t box) const {
  const Box seen = box_of(boxes_[box]);
  for (std::uint32_t other = 0; other < boxes_.size(); ++other) {
    if (object_of_[other] == kNobody) continue;
    const double same = boxes_[other].class_id() == boxes_[box].class_id() ? kSameObjectIou : kOtherClassIou;
    if (other == box || iou(box_of(boxes_[other]), seen) >= same) return true;
  }
  return false;
}

void Tracker::State::drop_given(Indexes& boxes) const {
  std::erase_if(boxes, [this](std::uint32_t box) { return given(box); });
}

void Tracker::State::see_and_miss(std::uint64_t gap_ns) {
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    Object& object = objects_[i];
    if (box_of_[i] != kNobody) {
      object.see(boxes_[box_of_[i]], at_ns_);
      object.standing.see(object.filter.box(), at_ns_, options_.still_radius, to_ns(options_.still_time));
      if (object.confirmed() || object.hits >= options_.confirm_hits) object.phase = TrackPhase::Confirmed;
    } else {
      object.lost_ns += gap_ns;
      object.filter.keep_size();
      if (object.confirmed()) object.phase = TrackPhase::Lost;
    }
  }
  std::erase_if(objects_, [this](const Object& object) {
    if (object.lost_ns == 0) return false;
    const Box box = object.filter.box();
    return !object.confirmed() || object.lost_ns > to_ns(options_.lost_time) || clipped(box).area() < kStillHere * box.area();
  });
}

void Tracker::State::begin_new() {
  std::erase_if(sure_, [this](std::uint32_t box) { return boxes_[box].score() < options_.new_score; });
  std::sort(sure_.begin(), sure_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return boxes_[a].score() != boxes_[b].score() ? boxes_[a].score() > boxes_[b].score() : a < b;
  });
  for (const std::uint32_t box : sure_) {
    if (objects_.size() == kMaxTracks) return;
    if (given(box)) continue;
    object_of_[box] = static_cast<std::uint32_t>(objects_.size());
    objects_.emplace_back(next_id_++, boxes_[box], at_ns_);
    if (options_.confirm_hits <= 1) objects_.back().phase = TrackPhase::Confirmed;
  }
}

void Tracker::State::publish() {
  tracks_.clear();
  for (const Object& object : objects_) tracks_.push_back(object.track());
}

void Tracker::State::resume(std::span<const Track> tracks, std::uint64_t at_ns, std::uint64_t next_id) {
  VD_ASSERT(newest_ns_ == 0, "a tracker that has begun doesn't resume");
  newest_ns_ = at_ns;
  next_id_ = std::max<std::uint64_t>(next_id, 1);
  for (const Track& track : tracks) {
    const bool known = std::any_of(objects_.begin(), objects_.end(), [&](const Object& o) { return o.id == track.id(); });
    if (track.id() == 0 || track.id() > kMostId || known || !(track.width() > 0) || !(track.height() > 0) ||
        objects_.size() == kMaxTracks)
      continue;
    objects_.emplace_back(track, at_ns);
    next_id_ = std::max(next_id_, track.id() + 1);
  }
  std::sort(objects_.begin(), objects_.end(), [](const Object& a, const Object& b) { return a.id < b.id; });
  publish();
}

Tracker::Tracker(const TrackerOptions& options) : state_(std::make_unique<State>(options)) {}
Tracker::~Tracker() = default;
Tracker::Tracker(Tracker&&) noexcept = default;
Tracker& Tracker::operator=(Tracker&&) noexcept = default;

bool Tracker::update(std::span<const Detection> boxes, std::uint64_t captured_at_ns) {
  return state_->update(boxes, captured_at_ns);
}
std::span<const Track> Tracker::tracks() const { return state_->tracks(); }
void Tracker::resume(std::span<const Track> tracks, std::uint64_t captured_at_ns, std::uint64_t next_id) {
  state_->resume(tracks, captured_at_ns, next_id);
}
void Tracker::forget() { state_->forget(); }
std::uint64_t Tracker::next_id() const { return state_->next_id(); }

}  // namespace vedette::track
