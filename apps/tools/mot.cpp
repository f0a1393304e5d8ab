#include "tools/mot.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "base/text.h"
#include "mot/follow.h"
#include "mot/measures.h"
#include "mot/scene.h"
#include "tools/output.h"

namespace vedette::tools {
namespace {

const std::vector<double> kRates = {3, 10, 30};  // results a second: in Standby, of a busy machine, in Tracking

Error wrong(std::string text) { return {ErrorCode::kInvalidArgument, std::move(text)}; }

Result<track::TrackerOptions> tracker_options(const MotOptions& options) {
  track::TrackerOptions made;
  const std::map<std::string, track::Fit> fits = {
      {"likelihood", track::Fit::kLikelihood}, {"iou", track::Fit::kIou}, {"giou", track::Fit::kGiou}};
  const auto fit = fits.find(options.fit);
  if (fit == fits.end()) return wrong("--fit: \"" + options.fit + "\" is none of likelihood, iou, giou");
  made.fit = fit->second;
  const std::map<std::string, bool*> parts = {
      {"motion", &made.motion}, {"unsure", &made.unsure}, {"best", &made.best}, {"shake", &made.shake}};
  for (const std::string& name : options.without) {
    const auto part = parts.find(name);
    if (part == parts.end()) return wrong("--without: \"" + name + "\" is none of motion, unsure, best, shake");
    *part->second = false;
  }
  return made;
}

Result<std::vector<mot::Row>> rows_of_file(const std::string& path) {
  VD_ASSIGN(const std::string text, read_file(path));
  return mot::rows_from_text(text, path);
}

// So large that every box lies inside, unless told.
Result<mot::Picture> picture_of(const MotOptions& options, const std::vector<mot::Row>& rows) {
  mot::Picture picture{options.fps == 0 ? 30 : options.fps, 1, 1};
  char end = 0;
  if (!options.size.empty()) {
    if (std::sscanf(options.size.c_str(), "%lfx%lf%c", &picture.width, &picture.height, &end) != 2 || !(picture.width >= 1) ||
        !(picture.height >= 1))
      return wrong("--size: \"" + options.size + "\" is no size of a picture, as 1920x1080 is");
    return picture;
  }
  for (const mot::Row& row : rows) {
    picture.width = std::max(picture.width, row.left + row.width);
    picture.height = std::max(picture.height, row.top + row.height);
  }
  return picture;
}

nlohmann::ordered_json json_of(const mot::Measures& counts) {
  return {{"mota", counts.mota()},
          {"motp", counts.motp()},
          {"idf1", counts.idf1()},
          {"switches", counts.switches},
          {"fragments", counts.fragments},
          {"truth", counts.truth},
          {"results", counts.results},
          {"matches", counts.matches},
          {"missed", counts.truth - counts.matches},
          {"false", counts.results - counts.matches}};
}

const std::vector<std::string> kHeads = {"sequence", "MOTA",   "IDF1",  "switches", "fragments",
                                         "MOTP",     "missed", "false", "of boxes"};

std::vector<std::string> cells(const std::string& name, const mot::Measures& counts) {
  return {name,
          fixed(counts.mota(), 3),
          fixed(counts.idf1(), 3),
          std::to_string(counts.switches),
          std::to_string(counts.fragments),
          fixed(counts.motp(), 3),
          std::to_string(counts.truth - counts.matches),
          std::to_string(counts.results - counts.matches),
          std::to_string(counts.truth)};
}

Result<> print_table(const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  for (const std::string& line : aligned(rows)) text += line + "\n";
  if (!print(text)) return Error{ErrorCode::kIo, "standard output is closed"};
  return {};
}

Result<> print_json(const nlohmann::ordered_json& json) {
  if (!print(json_line(json) + "\n")) return Error{ErrorCode::kIo, "standard output is closed"};
  return {};
}

Result<> measure_files(const MotOptions& options, const track::TrackerOptions& tracker) {
  VD_ASSIGN(const std::vector<mot::Row> detections, rows_of_file(options.detections));
  VD_ASSIGN(const mot::Picture picture, picture_of(options, detections));
  const std::vector<mot::Row> results = mot::follow(detections, picture, tracker);
  if (!options.output.empty()) VD_TRY(write_file(options.output, mot::text_of_rows(results)));
  if (options.truth.empty()) return {};
  VD_ASSIGN(const std::vector<mot::Row> truth, rows_of_file(options.truth));
  Result<mot::Measures> counts = mot::measure(truth, results);
  if (!counts.ok()) return std::move(counts).error().in(options.truth);
  return options.json ? print_json(json_of(*counts)) : print_table({kHeads, cells(options.truth, *counts)});
}

Result<> measure_scenes(const MotOptions& options, const track::TrackerOptions& tracker) {
  std::vector<std::vector<std::string>> table = {kHeads};
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const double fps : options.fps == 0 ? kRates : std::vector{options.fps}) {
    mot::Measures all;
    const auto add = [&](const std::string& name, const mot::Measures& counts) {
      table.push_back(cells(name + ", " + fixed(fps, 0) + " a second", counts));
      json.push_back({{"scene", name}, {"fps", fps}});
      json.back().update(json_of(counts));
    };
    for (const mot::Scene& scene : mot::scenes()) {
      const mot::Sequence sequence = mot::generate(scene, fps, options.seed);
      VD_ASSIGN(const mot::Measures counts,
                mot::measure(sequence.truth, mot::follow(sequence.detections, sequence.picture, tracker)));
      add(std::string(scene.name), counts);
      all += counts;
    }
    add("all", all);
  }
  return options.json ? print_json(json) : print_table(table);
}

Result<> generate_files(const MotOptions& options) {
  const auto scenes = mot::scenes();
  const auto scene =
      std::find_if(scenes.begin(), scenes.end(), [&](const mot::Scene& one) { return one.name == options.generate; });
  if (scene == scenes.end()) {
    std::string names;
    for (const mot::Scene& one : scenes) names += (names.empty() ? "\"" : ", \"") + std::string(one.name) + "\"";
    return wrong("--generate: \"" + options.generate + "\" is none of " + names);
  }
  if (options.output.empty()) return wrong("--generate needs -o FOLDER, where gt.txt and det.txt go");
  const mot::Sequence sequence = mot::generate(*scene, options.fps == 0 ? 30 : options.fps, options.seed);
  std::error_code failed;
  std::filesystem::create_directories(options.output, failed);
  if (failed) return Error{ErrorCode::kIo, options.output + ": " + failed.message()};
  VD_TRY(write_file(options.output + "/gt.txt", mot::text_of_rows(sequence.truth)));
  return write_file(options.output + "/det.txt", mot::text_of_rows(sequence.detections));
}

}  // namespace

Result<> mot(const MotOptions& options) {
  VD_ASSIGN(const track::TrackerOptions tracker, tracker_options(options));
  if (!options.generate.empty()) return generate_files(options);
  if (!options.detections.empty()) return measure_files(options, tracker);
  if (!options.truth.empty()) return wrong("--truth needs --detections: what the tracker is to follow");
  return measure_scenes(options, tracker);
}

}  // namespace vedette::tools
