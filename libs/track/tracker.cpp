#include "track/tracker.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "track/assignment.h"
#include "track/object.h"

namespace vedette::track {
namespace {

constexpr std::uint32_t kNobody = ~0u;

// The camera jumped if so many objects, whose velocity is known, all go the same way within a part of their size.
constexpr std::size_t kShakeObjects = 3;
constexpr std::uint32_t kShakeHits = 3;
constexpr double kShakeAgreeing = 0.6;  // of those objects
constexpr double kShakeSpread = 0.25;   // parts of their size
constexpr double kShakeLeast = 0.1;     // less than that loses nobody
constexpr double kShakeReach = 1.5;     // how far a box is looked for

// How far a box may be looked for, whatever the uncertainty: parts of its size.
constexpr double kReachMost = 1.0;
// What of a lost object's box has to be in the picture: else it has left.
constexpr double kStillHere = 0.1;
// Of the gain of its own class, so that a box of another one is only taken where there is none.
constexpr double kOtherClassGain = 0.1;
// No tracker gets so far: a larger id in a record to resume from is none of ours.
constexpr std::uint64_t kMostId = std::uint64_t{1} << 62;

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
  double fit(const Object& object, const Detection& box, double reach) const;
  double gain(const Object& object, const Detection& box, double least, double reach) const;
  void match(const Indexes& objects, const Indexes& boxes, double least, double reach = 0);
  void match_best_first(std::size_t rows, std::size_t columns);
  template <typename Wanted>
  const Indexes& free_objects(Wanted wanted);
  void drop_given(Indexes& boxes) const;
  bool seen_already(const Detection& box) const;

  TrackerOptions options_;
  std::vector<Object> objects_;  // in order of their ids
  std::vector<Track> tracks_;
  std::uint64_t newest_ns_ = 0;
  std::uint64_t next_id_ = 1;
  Assignment assignment_;

  // Of one update; members so that they keep their memory.
  std::span<const Detection> boxes_;
  std::uint64_t at_ns_ = 0;
  Indexes sure_, unsure_, free_;
  Indexes box_of_, object_of_;  // by object, by box: kNobody while it has none
  std::vector<double> gains_;
  std::vector<int> pairs_;  // by row of the newest match: its column, or Assignment::kNone
  std::vector<double> jumps_x_, jumps_y_;
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

// 0..1: 1 is where it was thought to be.
double Tracker::State::fit(const Object& object, const Detection& box, double reach) const {
  const Box predicted = where(object), seen = box_of(box);
  if (options_.fit == Fit::kIou) return iou(predicted, seen);
  if (options_.fit == Fit::kGiou) return (1 + giou(predicted, seen)) / 2;
  const double x = std::max(std::min(object.filter.sigma_x(), kReachMost * predicted.width), reach * predicted.width);
  const double y = std::max(std::min(object.filter.sigma_y(), kReachMost * predicted.height), reach * predicted.height);
  return iou(grown(predicted, x, y), grown(seen, x, y));
}

double Tracker::State::gain(const Object& object, const Detection& box, double least, double reach) const {
  if (box.class_id() == object.vote.class_id()) return fit(object, box, reach) - least;
  return kOtherClassGain * (iou(where(object), box_of(box)) - options_.other_class_fit);
}

// Leaves pairs_: which of `boxes` each of `objects` gets.
void Tracker::State::match(const Indexes& objects, const Indexes& boxes, double least, double reach) {
  gains_.clear();
  for (const std::uint32_t object : objects)
    for (const std::uint32_t box : boxes) gains_.push_back(gain(objects_[object], boxes_[box], least, reach));
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

// The camera's jump is the median of those of objects whose velocity is known.
void Tracker::State::follow_shake() {
  free_objects([](const Object& object) { return object.phase == TrackPhase::Confirmed && object.hits >= kShakeHits; });
  if (free_.size() < kShakeObjects) return;
  match(free_, sure_, options_.sure_fit, kShakeReach);
  jumps_x_.clear(), jumps_y_.clear();
  for (std::size_t row = 0; row < free_.size(); ++row) {
    if (pairs_[row] == Assignment::kNone) continue;
    const Box predicted = where(objects_[free_[row]]);
    const Box seen = box_of(boxes_[sure_[static_cast<std::size_t>(pairs_[row])]]);
    jumps_x_.push_back(seen.center_x() - predicted.center_x());
    jumps_y_.push_back(seen.center_y() - predicted.center_y());
  }
  if (jumps_x_.size() < kShakeObjects) return;
  const auto median = [this](const std::vector<double>& values) {
    gains_ = values;
    const auto middle = gains_.begin() + static_cast<std::ptrdiff_t>(gains_.size() / 2);
    std::nth_element(gains_.begin(), middle, gains_.end());
    return *middle;
  };
  const double x = median(jumps_x_), y = median(jumps_y_);
  std::size_t agree = 0, disturbed = 0, pair = 0;
  for (std::size_t row = 0; row < free_.size(); ++row) {
    const Box box = where(objects_[free_[row]]);
    disturbed += std::abs(x) > kShakeLeast * box.width || std::abs(y) > kShakeLeast * box.height;
    if (pairs_[row] == Assignment::kNone) continue;
    agree += std::abs(jumps_x_[pair] - x) < kShakeSpread * box.width && std::abs(jumps_y_[pair] - y) < kShakeSpread * box.height;
    ++pair;
  }
  if (2 * disturbed < free_.size() || static_cast<double>(agree) < kShakeAgreeing * static_cast<double>(free_.size())) return;
  for (Object& object : objects_) object.shift(x, y);
}

void Tracker::State::give_boxes() {
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
  give(sure_, options_.sure_fit);
  if (options_.unsure) {
    free_objects([](const Object& object) { return object.phase == TrackPhase::Confirmed; });
    give(unsure_, options_.unsure_fit);
  }
  drop_given(sure_);
  free_objects([](const Object& object) { return !object.confirmed(); });
  give(sure_, options_.new_fit);
  drop_given(sure_);
}

void Tracker::State::drop_given(Indexes& boxes) const {
  std::erase_if(boxes, [this](std::uint32_t box) { return object_of_[box] != kNobody; });
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

// Is it the box of an object that has one already?
bool Tracker::State::seen_already(const Detection& box) const {
  return std::any_of(objects_.begin(), objects_.end(), [&](const Object& object) {
    return object.seen_at_ns == at_ns_ && iou(object.seen, box_of(box)) >= options_.same_object_fit;
  });
}

void Tracker::State::begin_new() {
  std::erase_if(sure_, [this](std::uint32_t box) { return boxes_[box].score() < options_.new_score; });
  std::sort(sure_.begin(), sure_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return boxes_[a].score() != boxes_[b].score() ? boxes_[a].score() > boxes_[b].score() : a < b;
  });
  for (const std::uint32_t box : sure_) {
    if (objects_.size() == kMaxTracks) return;
    if (seen_already(boxes_[box])) continue;
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
