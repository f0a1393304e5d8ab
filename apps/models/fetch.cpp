#include "models/fetch.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/clock.h"
#include "base/process.h"
#include "base/text.h"
#include "model/detector.h"
#include "model_file/card.h"
#include "model_file/sha256.h"
#include "models/catalogue.h"
#include "models/download.h"
#include "models/output.h"

namespace vedette::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBarWidth = 24;

std::string export_hint(const KnownModel& model) {
  return model.export_command.empty() ? "" : "; to make it from the checkpoint: " + std::string(model.export_command);
}

Result<const KnownModel*> choose(const std::string& name) {
  const KnownModel* model = find_known(name);
  if (model != nullptr) return model;
  std::string names;
  for (const KnownModel& known : known_models()) names += (names.empty() ? "" : ", ") + std::string(known.name);
  return Error{ErrorCode::kInvalidArgument, "no model \"" + name + "\"; there are " + names};
}

std::string bar(const KnownModel& model, std::uint64_t done, std::uint64_t total, double bytes_per_second) {
  std::string text = std::string(model.name) + "  ";
  const double share = total == 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  if (total != 0) {
    const auto full = static_cast<std::size_t>(std::lround(share * kBarWidth));
    text += "[" + std::string(full, '#') + std::string(kBarWidth - full, '.') + "]  " + fixed(100 * share, 0) + " %  ";
  }
  text += size_text(done) + (total == 0 ? "" : " of " + size_text(total));
  if (bytes_per_second <= 0) return text;
  text += ", " + size_text(static_cast<std::uint64_t>(bytes_per_second)) + "/s";
  if (total > done) text += ", " + fixed(static_cast<double>(total - done) / bytes_per_second, 0) + " s left";
  return text;
}

Result<> get(const KnownModel& model, const std::string& url, const std::string& path, std::chrono::seconds stall) {
  std::uint64_t total = 0, first = 0;
  const std::uint64_t start = monotonic_ns();
  Progress progress([&](std::uint64_t done) {
    const double seconds = static_cast<double>(age_ns(start)) / 1e9;
    return bar(model, done, total, seconds > 0.5 ? static_cast<double>(done - first) / seconds : 0);
  });
  return download({.url = url,
                   .path = path,
                   .bytes = model.bytes,
                   .sha256 = std::string(model.sha256),
                   .stall = stall,
                   .progress =
                       [&](std::uint64_t done, std::uint64_t all) {
                         if (total == 0) first = done;
                         total = all;
                         progress.show(done);
                       },
                   .stopped = &stop_requested});
}

// The file as the detector sees it. What is wrong with it isn't the download's fault.
void tell_about(const KnownModel& model, const std::string& path) {
  const auto detector = model::load_detector(path, {.backend = {.threads = 1}});
  if (!detector) return note("it can't be used as it is: " + detector.error().text + export_hint(model));
  const vision::TensorSpec& input = (*detector)->input();
  print(path + ": " + std::string((*detector)->family()) + ", " + std::to_string(input.width) + "x" +
        std::to_string(input.height) + ", " + std::to_string((*detector)->class_names().size()) + " classes, " +
        std::string(model.licence));
}

Result<bool> is_whole(const KnownModel& model, const std::string& path) {
  if (model.sha256.empty()) return true;
  VD_ASSIGN(const std::string sha256, model_file::sha256_of(path));
  return sha256 == model.sha256;
}

}  // namespace

Result<> fetch(const FetchOptions& options) {
  VD_ASSIGN(const KnownModel* const model, choose(options.name));
  const std::string dir = options.dir.empty() ? models_dir() : options.dir;
  const std::string path = dir + "/" + std::string(model->file);
  std::error_code error;
  if (fs::exists(path, error) && !options.force) {
    VD_ASSIGN(const bool whole, is_whole(*model, path));
    if (!whole)
      return Error{ErrorCode::kInvalidArgument,
                   path + ": is there, with another checksum than the catalogue's; --force replaces it"};
    note(path + ": is there already");
    return {};
  }
  if (model->url.empty() && options.mirror.empty())
    return Error{ErrorCode::kNotFound, options.name + ": there is no .onnx file of it to fetch (" + std::string(model->remark) +
                                           ")" + export_hint(*model)};
  fs::create_directories(dir, error);
  if (error) return errno_error(dir, error.value());
  const std::string url = url_of(*model, options.mirror);
  note("fetching " + url);
  VD_TRY(get(*model, url, path, options.stall));
  if (model->sha256.empty()) {
    VD_ASSIGN(const std::string sha256, model_file::sha256_of(path));
    note("nobody says its checksum, so that it couldn't be checked; its sha256 is " + sha256);
  }
  tell_about(*model, path);
  return {};
}

Result<> list(const ListOptions& options) {
  const std::string dir = options.dir.empty() ? models_dir() : options.dir;
  std::vector<std::vector<std::string>> rows{{"NAME", "FAMILY", "INPUT", "AP", "SIZE", "CHECKSUM", "LICENCE", "HERE"}};
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const KnownModel& model : known_models()) {
    const std::string path = dir + "/" + std::string(model.file);
    std::error_code error;
    const bool here = fs::exists(path, error);
    std::string state = here ? path : model.url.empty() ? "checkpoints only: " + std::string(model.export_command) : "";
    nlohmann::ordered_json card;
    if (here) {
      const auto look = model_file::look_at_file(path);
      if (look && look->state == model_file::FileWithCard::State::kFresh && look->card.accuracy) {
        const model_file::Accuracy& accuracy = *look->card.accuracy;
        state += " (card: AP " + fixed(accuracy.ap, 3) + " on " + accuracy.dataset + ")";
        card = {{"dataset", accuracy.dataset}, {"ap", accuracy.ap}};
      } else if (look && !look->problem.empty()) {
        state += " (" + look->problem + ")";
      }
    }
    rows.push_back({std::string(model.name), std::string(model.family), std::to_string(model.side), fixed(100 * model.ap, 1),
                    model.bytes == 0 ? "-" : size_text(model.bytes),
                    model.url.empty()      ? "-"
                    : model.sha256.empty() ? "unknown"
                                           : "known",
                    std::string(model.licence), state});
    all.push_back({{"name", model.name},
                   {"family", model.family},
                   {"side", model.side},
                   {"ap", model.ap},
                   {"bytes", model.bytes},
                   {"sha256", model.sha256},
                   {"licence", model.licence},
                   {"url", model.url},
                   {"remark", model.remark},
                   {"export", model.export_command},
                   {"path", here ? nlohmann::ordered_json(path) : nullptr},
                   {"card", card}});
  }
  if (options.json) {
    print_json(all);
    return {};
  }
  print_table(rows);
  return {};
}

}  // namespace vedette::models
