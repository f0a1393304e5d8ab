#include "models/look.h"

#include <algorithm>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "model/photo_reader.h"
#include "model_file/card.h"
#include "models/measure.h"
#include "models/onnx_header.h"
#include "models/output.h"
#include "vision/test_pattern.h"

namespace vedette::models {
namespace {

using Json = nlohmann::ordered_json;
using State = model_file::FileWithCard::State;

constexpr std::uint32_t kTestWidth = 1920, kTestHeight = 1080;
constexpr float kUsualScore = 0.4f;

std::string text_of_card(const model_file::FileWithCard& look) {
  if (look.state == State::kNoCard) return "none: average precision unknown (vedette model eval --card measures it)";
  if (look.state != State::kFresh) return look.problem;
  std::string text;
  if (look.card.accuracy) {
    const model_file::Accuracy& accuracy = *look.card.accuracy;
    text += "AP " + fixed(accuracy.ap, 3) + (accuracy.person_ap ? ", person " + fixed(*accuracy.person_ap, 3) : "") + " on " +
            accuracy.dataset + " (" + counted(accuracy.photos, "photo") + ")";
  }
  if (look.card.latency)
    text += (text.empty() ? "" : "; ") + fixed(look.card.latency->median_ms, 1) + " ms by " + look.card.latency->provider +
            " on " + look.card.latency->machine;
  if (!look.card.made.empty()) text += "; " + look.card.made;
  return text + ", " + look.card.date;
}

std::string text_of_classes(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text = std::to_string(names.size()) + ":";
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += " " + names[i] + (i + 1 < names.size() ? "," : "");
  return text + (names.size() > kShown ? " …" : "");
}

// One picture of what `file` says, in memory of its own.
Result<vision::ImageView> picture(const std::string& file, model::PhotoReader& reader, vision::Image& memory) {
  if (!file.empty()) return reader.read(file);
  memory.reshape(PixelFormat::I420, kTestWidth, kTestHeight);
  memory.set_color(ColorMatrix::BT601, ColorRange::Full);
  vision::MutableImageView out{PixelFormat::I420, kTestWidth, kTestHeight, {}};
  for (int i = 0; i < 3; ++i) out.planes[static_cast<std::size_t>(i)] = {memory.plane(i), memory.stride(i)};
  vision::draw_test_pattern(out, ColorRange::Full, {.number = 1, .at_ns = monotonic_ns()});
  return memory.view();
}

}  // namespace

Result<> info(const InfoOptions& options) {
  const std::string& file = options.model.file;
  VD_ASSIGN(const OnnxHeader header, read_onnx_header(file));
  VD_ASSIGN(const auto detector, open_detector(options.model, kUsualScore));
  VD_ASSIGN(const model_file::FileWithCard look, model_file::look_at_file(file));
  const vision::TensorSpec& input = detector->input();
  const std::string tensors = to_string(detector->backend().contract());
  if (options.json) {
    Json metadata = Json::object();
    for (const auto& [key, value] : header.metadata) metadata[key] = value;
    Json card;
    if (look.state == State::kFresh) card = Json::parse(model_file::to_json(look.card), nullptr, false);
    print_json({{"model", file},
                {"bytes", look.bytes},
                {"family", detector->family()},
                {"input", {{"width", input.width}, {"height", input.height}}},
                {"classes", detector->class_names()},
                {"tensors", tensors},
                {"provider", model::to_string(detector->backend().provider())},
                {"ir_version", header.ir_version},
                {"opset", header.opset},
                {"producer", header.producer},
                {"metadata", metadata},
                {"card", card},
                {"card_problem", look.problem}});
    return {};
  }
  std::vector<std::vector<std::string>> rows{
      {"file", file + ", " + size_text(look.bytes)},
      {"family", std::string(detector->family())},
      {"input", std::to_string(input.width) + "x" + std::to_string(input.height) + ", " +
                    (input.fit == vision::Fit::kLetterbox ? "letterboxed" : "stretched")},
      {"classes", text_of_classes(detector->class_names())},
      {"tensors", tensors},
      {"runs on", std::string(model::to_string(detector->backend().provider()))},
      {"format", "ONNX IR " + std::to_string(header.ir_version) + ", opset " + std::to_string(header.opset) +
                     (header.producer.empty() ? "" : ", by " + header.producer)},
      {"card", text_of_card(look)}};
  constexpr std::size_t kMostText = 100;
  for (const auto& [key, value] : header.metadata)
    rows.push_back({"metadata", key + ": " + value.substr(0, std::min(value.find('\n'), kMostText)) +
                                    (value.size() > kMostText || value.find('\n') != std::string::npos ? " …" : "")});
  print_table(rows);
  return {};
}

Result<> bench(const BenchOptions& options) {
  VD_ASSIGN(const auto detector, open_detector(options.model, kUsualScore));
  model::PhotoReader reader(model::Planes::kCamera);
  vision::Image memory;
  VD_ASSIGN(const vision::ImageView image, picture(options.picture, reader, memory));

  std::vector<std::uint64_t> load, run, collect, all;
  std::vector<Detection> boxes;
  VD_TRY(detector->detect(image, boxes));  // the first of a size allocates
  const std::uint64_t until = monotonic_ns() + static_cast<std::uint64_t>(options.seconds * 1e9);
  do {
    VD_ASSIGN(const model::StepTimes times, detector->detect(image, boxes));
    load.push_back(times.load_ns), run.push_back(times.run_ns), collect.push_back(times.collect_ns);
    all.push_back(times.all_ns());
  } while (monotonic_ns() < until && !stop_requested());

  const std::size_t pictures = all.size();
  const std::pair<const char*, Spread> steps[] = {{"pixel_pass", spread_of(std::move(load))},
                                                  {"inference", spread_of(std::move(run))},
                                                  {"postprocess", spread_of(std::move(collect))},
                                                  {"all", spread_of(std::move(all))}};
  const std::string size = std::to_string(image.width) + "x" + std::to_string(image.height);
  const std::string provider(model::to_string(detector->backend().provider()));
  if (options.json) {
    Json json{{"model", options.model.file},
              {"family", detector->family()},
              {"picture", size},
              {"pictures", pictures},
              {"provider", provider},
              {"threads", options.model.threads},
              {"machine", model_file::machine_name()}};
    for (const auto& [name, spread] : steps) json[name] = {{"median_ms", spread.median_ms}, {"p90_ms", spread.p90_ms}};
    print_json(json);
    return {};
  }
  std::vector<std::vector<std::string>> rows{{"ms", "MEDIAN", "P90", ""}};
  for (const auto& [name, spread] : steps) rows.push_back({name, fixed(spread.median_ms, 2), fixed(spread.p90_ms, 2), ""});
  print(file_name(options.model.file) + " (" + std::string(detector->family()) + ") by " + provider + ", " +
        counted(pictures, "picture") + " of " + size);
  print_table(rows);
  return {};
}

}  // namespace vedette::models
