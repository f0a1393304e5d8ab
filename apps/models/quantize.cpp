#include "models/quantize.h"

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "model_file/sha256.h"
#include "models/calibration.h"
#include "models/measure.h"
#include "models/output.h"
#include "models/python_tool.h"
#include "models/settings.h"

namespace vedette::models {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// A folder beside the output (so that moving out of it is atomic), gone with all that is still in it.
class WorkFolder {
 public:
  static Result<WorkFolder> make(const std::string& output) {
    std::string path = output + ".work-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return errno_error(output);
    return WorkFolder(std::move(path));
  }
  WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~WorkFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit WorkFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

struct Pace {
  Spread original, quantized;  // of whole pictures
  double ratio = 0;            // of the model alone: median of quantised / original, processor time of the same round
};

struct Tried {
  Setting setting;
  std::string file;
  Pace pace;
  std::optional<model_file::Accuracy> accuracy;  // none: too slow to be looked at
};

std::uint64_t processor_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class Quantizer {
 public:
  Quantizer(const QuantizeOptions& options, PythonTool tool, WorkFolder work, model::CocoDataset dataset,
            std::unique_ptr<model::Detector> original)
      : options_(options),
        tool_(std::move(tool)),
        work_(std::move(work)),
        dataset_(std::move(dataset)),
        original_(std::move(original)) {}

  Result<> run() {
    VD_ASSIGN(const auto pictures, find_pictures(options_.pictures, options_.most_pictures));
    VD_TRY(write_calibration(*original_, pictures, work_.file("")));
    pictures_ = pictures.size();
    VD_ASSIGN(const Measured before,
              measure(*original_, options_.model, dataset_, model::Planes::kCamera, file_name(options_.model.file)));
    before_ = before.accuracy;
    note("original: AP " + fixed(before_.ap, 3));

    VD_ASSIGN(const Setting fastest, fastest_candidate());
    std::size_t settings = 0;
    for (const Setting& setting : refinements(fastest)) {
      if (settings++ == options_.most_settings) break;
      VD_TRY(try_out(setting, true));
      if (!options_.all && good(tried_.back())) break;
    }
    return conclude();
  }

 private:
  bool good(const Tried& tried) const { return tried.accuracy && lost_points(*tried.accuracy) <= options_.max_loss; }
  double lost_points(const model_file::Accuracy& accuracy) const { return 100 * (before_.ap - accuracy.ap); }

  Result<Setting> fastest_candidate() {
    for (const Setting& setting : candidates()) VD_TRY(try_out(setting, options_.all));
    return std::min_element(tried_.begin(), tried_.end(),
                            [](const Tried& a, const Tried& b) { return a.pace.ratio < b.pace.ratio; })
        ->setting;
  }

  // Makes the model once for each setting, and measures what is asked for.
  Result<> try_out(const Setting& setting, bool accuracy_too) {
    auto known =
        std::find_if(tried_.begin(), tried_.end(), [&](const Tried& t) { return text_of(t.setting) == text_of(setting); });
    if (known == tried_.end()) {
      Tried made{setting, work_.file("int8-" + std::to_string(tried_.size()) + ".onnx"), {}, {}};
      std::vector<std::string> arguments{options_.model.file, made.file, "--calibration", work_.file("")};
      for (std::string& argument : arguments_of(setting)) arguments.push_back(std::move(argument));
      VD_TRY(run_tool(tool_, arguments, work_.file("log")));
      tried_.push_back(std::move(made));
      known = tried_.end() - 1;
    } else {
      std::rotate(known, known + 1, tried_.end());  // the last is what was tried last
      known = tried_.end() - 1;
    }
    ModelOptions its = options_.model;
    its.file = known->file;
    its.keep = false;  // nobody opens this one again
    VD_ASSIGN(const auto quantized, open_detector(its, kLeastScore));
    if (known->pace.ratio == 0) {
      VD_ASSIGN(known->pace, race(*quantized));
    }
    if (accuracy_too && !known->accuracy) {
      VD_ASSIGN(const Measured after, measure(*quantized, its, dataset_, model::Planes::kCamera, text_of(setting)));
      known->accuracy = after.accuracy;
    }
    note(text_of(setting) + ": " + fixed(known->pace.ratio, 2) + " x the time" +
         (known->accuracy
              ? ", AP " + fixed(known->accuracy->ap, 3) + " (" + fixed(lost_points(*known->accuracy), 1) + " points lost)"
              : ""));
    return {};
  }

  // Both in turns on the same photos, so that what else the machine does hits both.
  Result<Pace> race(model::Detector& quantized) {
    constexpr std::size_t kRounds = 24, kFew = 8;
    model::PhotoReader reader(model::Planes::kCamera);
    std::vector<Detection> boxes;
    std::vector<std::uint64_t> whole[2];
    std::vector<double> ratios;
    for (std::size_t round = 0; round < kRounds; ++round) {
      VD_ASSIGN(const vision::ImageView image, reader.read(dataset_.photos[round % dataset_.photos.size()].path));
      double model_ns[2] = {};
      for (const std::size_t who : {0, 1}) {
        model::Detector& detector = who == 0 ? *original_ : quantized;
        const std::uint64_t start = monotonic_ns();
        detector.load(image);
        const std::uint64_t before = processor_ns();
        VD_TRY(detector.run());
        model_ns[who] = static_cast<double>(processor_ns() - before);
        detector.collect(boxes);
        whole[who].push_back(age_ns(start));
      }
      ratios.push_back(model_ns[1] / model_ns[0]);
      if (ratios.size() == kFew && median_of(ratios) > 1) break;  // slower than the original: nobody needs to know by how much
    }
    return Pace{spread_of(whole[0]), spread_of(whole[1]), median_of(ratios)};
  }

  Result<> conclude() {
    const Tried* best = nullptr;  // the most accurate, for the refusal
    const Tried* chosen = nullptr;
    for (const Tried& tried : tried_) {
      if (!tried.accuracy) continue;
      if (best == nullptr || tried.accuracy->ap > best->accuracy->ap) best = &tried;
      if (good(tried) && (chosen == nullptr || tried.pace.ratio < chosen->pace.ratio)) chosen = &tried;
    }
    if (chosen == nullptr) {
      if (options_.json) print_json(json_of(nullptr));
      return Error{ErrorCode::kIncompatible, options_.model.file + ": refused, the INT8 model that loses least on " +
                                                 dataset_.name + " goes from AP " + fixed(before_.ap, 3) + " to " +
                                                 fixed(best->accuracy->ap, 3) + ", more than the " + fixed(options_.max_loss, 1) +
                                                 " points of --max-loss; nothing was written"};
    }
    return write(*chosen);
  }

  Result<> write(const Tried& chosen) {
    VD_ASSIGN(model_file::Card card, card_of(chosen.file, *original_));
    card.file = file_name(options_.output);
    card.accuracy = chosen.accuracy;
    card.latency = latency(chosen.pace.quantized);
    VD_ASSIGN(std::string sha256, model_file::sha256_of(options_.model.file));
    card.origin = {file_name(options_.model.file), std::move(sha256), before_, latency(chosen.pace.original)};
    card.made = "static INT8: " + text_of(chosen.setting) + ", ranges from " + counted(pictures_, "picture");
    VD_TRY(put_in_place(chosen.file, card));
    if (options_.json)
      print_json(json_of(&chosen));
    else
      print(options_.output + ": " + text_of(chosen.setting) + "; AP " + fixed(before_.ap, 3) + " -> " +
            fixed(chosen.accuracy->ap, 3) + " on " + dataset_.name + ", " + fixed(chosen.pace.ratio, 2) + " x the time");
    return {};
  }

  // The card first: an INT8 model without one would tell nobody what it loses. If the model can't follow, the card that was there
  // before is there again.
  Result<> put_in_place(const std::string& made, const model_file::Card& card) {
    const std::string path = model_file::card_path(options_.output);
    const Result<std::string> before = read_file(path);
    VD_TRY(model_file::write_card(path, card));
    if (std::rename(made.c_str(), options_.output.c_str()) == 0) return {};
    Error error = errno_error(options_.output);
    if (before)
      (void)write_file(path, *before);
    else
      (void)std::remove(path.c_str());
    return error;
  }

  model_file::Latency latency(const Spread& spread) const { return latency_of(spread, *original_, options_.model); }

  Json json_of(const Tried* chosen) const {
    Json tried = Json::array();
    for (const Tried& one : tried_)
      tried.push_back({{"setting", text_of(one.setting)},
                       {"time_ratio", one.pace.ratio},
                       {"ap", one.accuracy ? Json(one.accuracy->ap) : Json()},
                       {"chosen", &one == chosen}});
    return {{"model", options_.model.file},
            {"output", chosen != nullptr ? Json(options_.output) : Json()},
            {"dataset", dataset_.name},
            {"photos", dataset_.photos.size()},
            {"ap_before", before_.ap},
            {"ap_after", chosen != nullptr ? Json(chosen->accuracy->ap) : Json()},
            {"time_ratio", chosen != nullptr ? Json(chosen->pace.ratio) : Json()},
            {"tried", tried}};
  }

  const QuantizeOptions& options_;
  PythonTool tool_;
  WorkFolder work_;
  model::CocoDataset dataset_;
  std::unique_ptr<model::Detector> original_;
  std::size_t pictures_ = 0;
  model_file::Accuracy before_;
  std::vector<Tried> tried_;
};

}  // namespace

Result<> quantize(const QuantizeOptions& options) {
  std::error_code ignored;
  if (!options.force && fs::exists(options.output, ignored))
    return Error{ErrorCode::kInvalidArgument, options.output + ": is there already; --force overwrites it"};
  VD_ASSIGN(PythonTool tool, find_quantizer());
  VD_ASSIGN(model::CocoDataset dataset, model::load_coco_dataset(options.coco));
  VD_ASSIGN(auto original, open_detector(options.model, kLeastScore));
  VD_ASSIGN(WorkFolder work, WorkFolder::make(options.output));
  return Quantizer(options, std::move(tool), std::move(work), std::move(dataset), std::move(original)).run();
}

}  // namespace vedette::models
