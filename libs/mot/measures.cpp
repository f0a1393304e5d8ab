#include "mot/measures.h"

#include <algorithm>
#include <map>
#include <set>

#include "track/assignment.h"
#include "track/box.h"

namespace vedette::mot {
namespace {

using track::Assignment;

constexpr double kFits = 0.5;

struct Frame {
  std::vector<const Row*> truth, results;
};
using Frames = std::map<std::int64_t, Frame>;

double fit(const Row& a, const Row& b) {
  const double overlap = track::iou({a.left, a.top, a.width, a.height}, {b.left, b.top, b.width, b.height});
  return overlap >= kFits ? overlap : 0;
}

// The best pairs of what fits: of each row of `truth` its row of `results`, or null.
std::vector<const Row*> best_pairs(const std::vector<const Row*>& truth, const std::vector<const Row*>& results,
                                   Assignment& solver) {
  std::vector<double> gains;
  for (const Row* one : truth)
    for (const Row* other : results) gains.push_back(fit(*one, *other));
  std::vector<const Row*> found;
  for (const int column : solver.solve(gains, truth.size(), results.size()))
    found.push_back(column == Assignment::kNone ? nullptr : results[static_cast<std::size_t>(column)]);
  return found;
}

Result<> check_ids(const std::vector<const Row*>& rows, const char* what) {
  std::set<std::int64_t> ids;
  for (const Row* row : rows)
    if (!ids.insert(row->id).second)
      return Error{ErrorCode::kInvalidArgument, std::string(what) + ": id " + std::to_string(row->id) +
                                                    " stands twice on frame " + std::to_string(row->frame)};
  return {};
}

// Takes away what doesn't count.
void drop_ignored(Frame& frame, Assignment& solver) {
  const auto ignored = [](const Row* row) { return row->conf == 0; };
  if (std::none_of(frame.truth.begin(), frame.truth.end(), ignored)) return;
  const std::vector<const Row*> pairs = best_pairs(frame.truth, frame.results, solver);
  for (std::size_t i = 0; i < pairs.size(); ++i)
    if (ignored(frame.truth[i]) && pairs[i] != nullptr) std::erase(frame.results, pairs[i]);
  std::erase_if(frame.truth, ignored);
}

// What was made of one true object so far.
struct Followed {
  std::int64_t id = 0;     // that it was matched with last
  std::int64_t frame = 0;  // when
  bool matched = false;    // ever
  bool missed = false;     // since then
};

void count_clear(const Frame& frame, std::int64_t number, std::map<std::int64_t, Followed>& objects, Assignment& solver,
                 Measures& counts) {
  std::vector<const Row*> truth = frame.truth, results = frame.results;
  const auto count = [&](const Row& one, const Row& other) {
    Followed& object = objects[one.id];
    ++counts.matches;
    counts.iou_sum += fit(one, other);
    counts.switches += object.matched && object.id != other.id;
    counts.fragments += object.missed;
    object = {other.id, number, true, false};
  };
  std::erase_if(truth, [&](const Row* one) {
    const auto object = objects.find(one->id);
    if (object == objects.end() || object->second.frame != number - 1) return false;
    const auto same = std::find_if(results.begin(), results.end(),
                                   [&](const Row* other) { return other->id == object->second.id && fit(*one, *other) > 0; });
    if (same == results.end()) return false;
    count(*one, **same);
    results.erase(same);
    return true;
  });
  const std::vector<const Row*> pairs = best_pairs(truth, results, solver);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (pairs[i] != nullptr)
      count(*truth[i], *pairs[i]);
    else if (Followed& object = objects[truth[i]->id]; object.matched)
      object.missed = true;
  }
}

std::size_t count_id_matches(const Frames& frames, Assignment& solver) {
  std::map<std::int64_t, std::size_t> rows, columns;
  std::map<std::pair<std::size_t, std::size_t>, double> together;
  for (const auto& [number, frame] : frames)
    for (const Row* one : frame.truth)
      for (const Row* other : frame.results)
        if (fit(*one, *other) > 0)
          ++together[{rows.try_emplace(one->id, rows.size()).first->second,
                      columns.try_emplace(other->id, columns.size()).first->second}];
  std::vector<double> gains(rows.size() * columns.size());
  for (const auto& [pair, count] : together) gains[pair.first * columns.size() + pair.second] = count;
  const std::span<const int> pairs = solver.solve(gains, rows.size(), columns.size());
  double sum = 0;
  for (std::size_t row = 0; row < pairs.size(); ++row)
    if (pairs[row] != Assignment::kNone) sum += gains[row * columns.size() + static_cast<std::size_t>(pairs[row])];
  return static_cast<std::size_t>(sum);
}

double ratio(double part, std::size_t whole) { return whole == 0 ? 0 : part / static_cast<double>(whole); }

}  // namespace

Result<Measures> measure(const std::vector<Row>& truth, const std::vector<Row>& results) {
  Frames frames;
  for (const Row& row : truth) frames[row.frame].truth.push_back(&row);
  for (const Row& row : results) frames[row.frame].results.push_back(&row);
  Measures counts;
  Assignment solver;
  std::map<std::int64_t, Followed> objects;
  for (auto& [number, frame] : frames) {
    VD_TRY(check_ids(frame.truth, "truth"));
    VD_TRY(check_ids(frame.results, "result"));
    drop_ignored(frame, solver);
    counts.truth += frame.truth.size();
    counts.results += frame.results.size();
    count_clear(frame, number, objects, solver, counts);
  }
  counts.id_matches = count_id_matches(frames, solver);
  return counts;
}

double Measures::mota() const {
  const double mistakes =
      static_cast<double>(truth - matches) + static_cast<double>(results - matches) + static_cast<double>(switches);
  return truth == 0 ? 0 : 1 - ratio(mistakes, truth);
}
double Measures::motp() const { return ratio(iou_sum, matches); }
double Measures::idf1() const { return ratio(2 * static_cast<double>(id_matches), truth + results); }

Measures& Measures::operator+=(const Measures& other) {
  truth += other.truth, results += other.results;
  matches += other.matches, switches += other.switches, fragments += other.fragments;
  iou_sum += other.iou_sum;
  id_matches += other.id_matches;
  return *this;
}

}  // namespace vedette::mot
