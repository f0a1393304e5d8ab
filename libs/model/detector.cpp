#include "model/detector.h"

#include "base/clock.h"
#include "model/class_names.h"
#include "model/model_text.h"

namespace vedette::model {

Detector::Detector(std::unique_ptr<Backend> backend, ChosenFamily family, std::vector<std::string> class_names,
                   std::vector<int> class_map, const DetectorOptions& options)
    : backend_(std::move(backend)),
      name_(family.name),
      family_(std::move(family.family)),
      class_names_(std::move(class_names)),
      pass_(family_->image()),
      candidates_(options.threshold, std::move(class_map)),
      nms_iou_(options.nms_iou) {
  for (std::size_t i = 0; i < backend_->contract().inputs.size(); ++i) inputs_.push_back(backend_->input(i));
  for (std::size_t i = 0; i < backend_->contract().outputs.size(); ++i) outputs_.push_back(backend_->output(i));
}

void Detector::load(const vision::ImageView& image) { load(image, {0, 0, image.width, image.height}); }

void Detector::load(const vision::ImageView& image, const vision::Region& region) {
  scene_ = {region.width, region.height, pass_.run(image, region, inputs_[family_->image_input()].bytes)};
  family_->set_inputs(inputs_, scene_);
  const auto width = static_cast<float>(image.width), height = static_cast<float>(image.height);
  place_ = {static_cast<float>(region.x) / width, static_cast<float>(region.y) / height, static_cast<float>(region.width) / width,
            static_cast<float>(region.height) / height};
}

Result<> Detector::run() { return backend_->run(); }

void Detector::collect(std::vector<Detection>& out) {
  candidates_.clear();
  family_->decode(outputs_, scene_, candidates_);
  if (family_->needs_suppression()) candidates_.suppress(nms_iou_);
  candidates_.take(kMaxDetections, out);
  for (Detection& box : out) {
    box.mutate_x(place_.x + box.x() * place_.width);
    box.mutate_y(place_.y + box.y() * place_.height);
    box.mutate_width(box.width() * place_.width);
    box.mutate_height(box.height() * place_.height);
  }
}

Result<StepTimes> Detector::detect(const vision::ImageView& image, std::vector<Detection>& out) {
  const std::uint64_t start = monotonic_ns();
  load(image);
  const std::uint64_t loaded = monotonic_ns();
  VD_TRY(run());
  const std::uint64_t ran = monotonic_ns();
  collect(out);
  return StepTimes{loaded - start, ran - loaded, age_ns(ran)};
}

namespace {

// What the model made of a picture of nothing: open_backend() has run it once.
void show_outputs(Backend& backend, Family& family) {
  std::vector<TensorView> outputs;
  for (std::size_t i = 0; i < backend.contract().outputs.size(); ++i) outputs.push_back(backend.output(i));
  family.learn(outputs);
}

}  // namespace

Result<std::unique_ptr<Detector>> load_detector(const std::string& path, const DetectorOptions& options) {
  VD_ASSIGN(std::unique_ptr<Backend> backend, open_backend(path, options.backend));
  std::vector<std::string> names;
  if (options.labels.empty()) {
    names = names_in_metadata([&](std::string_view key) { return backend->metadata(key); });
  } else {
    VD_ASSIGN(names, read_labels_file(options.labels));
  }
  auto family = choose_family(backend->contract(), text_of(*backend, path, names.size()));
  if (!family.ok()) return std::move(family).error().in("model " + path);
  auto table = make_class_table(std::move(names), family->family->classes());
  if (!table.ok()) return std::move(table).error().in("model " + path);

  show_outputs(*backend, *family->family);
  return std::make_unique<Detector>(std::move(backend), std::move(*family), std::move(table->names), std::move(table->map),
                                    options);
}

}  // namespace vedette::model
