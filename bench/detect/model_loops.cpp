#include "bench/detect/model_loops.h"

#include <onnxruntime_cxx_api.h>
#include <stdlib.h>

#include "bench/support/one_process.h"
#include "bench/support/picture_image.h"
#include "model/detector.h"
#include "model/onnx/runtime.h"

namespace vedette::bench {
namespace {

constexpr std::uint64_t kDurationNs = 2'500'000'000;
constexpr std::size_t kLeastRuns = 5;

Ort::SessionOptions settings(int threads) {
  Ort::SessionOptions session;
  session.SetIntraOpNumThreads(threads);
  session.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  session.SetExecutionMode(ORT_SEQUENTIAL);
  session.AddConfigEntry("session.intra_op.allow_spinning", "0");
  session.AddConfigEntry("session.set_denormal_as_zero", "1");
  return session;
}

// A tensor of the input's type and shape (open sides: 1), floats from 0 to 1, whole numbers 640.
Ort::Value filled(Ort::AllocatorWithDefaultOptions& allocator, const Ort::TypeInfo& type) {
  const auto info = type.GetTensorTypeAndShapeInfo();
  std::vector<std::int64_t> shape = info.GetShape();
  for (std::int64_t& side : shape) side = std::max<std::int64_t>(side, 1);
  Ort::Value value = Ort::Value::CreateTensor(allocator, shape.data(), shape.size(), info.GetElementType());
  const std::size_t count = value.GetTensorTypeAndShapeInfo().GetElementCount();
  if (info.GetElementType() == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64)
    std::fill_n(value.GetTensorMutableData<std::int64_t>(), count, 640);
  else if (info.GetElementType() == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
    for (std::size_t i = 0; i < count; ++i) value.GetTensorMutableData<float>()[i] = static_cast<float>(i * 37 % 256) / 255.0f;
  else
    fail("a model whose inputs are neither floats nor whole numbers of 64 bits");
  return value;
}

}  // namespace

Value bare_loop(const std::string& path, int threads, Time time) {
  Ort::Session session(model::onnx::environment(), path.c_str(), settings(threads));
  Ort::AllocatorWithDefaultOptions allocator;
  std::vector<Ort::Value> inputs;
  std::vector<Ort::AllocatedStringPtr> names;
  std::vector<const char*> input_names, output_names;
  for (std::size_t i = 0; i < session.GetInputCount(); ++i) {
    inputs.push_back(filled(allocator, session.GetInputTypeInfo(i)));
    input_names.push_back(names.emplace_back(session.GetInputNameAllocated(i, allocator)).get());
  }
  for (std::size_t i = 0; i < session.GetOutputCount(); ++i)
    output_names.push_back(names.emplace_back(session.GetOutputNameAllocated(i, allocator)).get());
  const auto run = [&] {
    (void)session.Run(Ort::RunOptions{}, input_names.data(), inputs.data(), inputs.size(), output_names.data(),
                      output_names.size());
  };
  for (int warm_up = 0; warm_up < 3; ++warm_up) run();
  const auto now = time == Time::kClock ? clock_ns : thread_cpu_ns;
  const std::uint64_t began = clock_ns(), before = now();
  std::size_t runs = 0;
  while (runs < kLeastRuns || clock_ns() - began < kDurationNs) run(), ++runs;
  return {static_cast<double>(now() - before) / 1e6 / static_cast<double>(runs), "ms"};
}

Value steps_alone(const std::string& path, int threads, const std::string& cache) {
  model::DetectorOptions options;
  options.backend.threads = static_cast<std::uint32_t>(threads);
  options.backend.cache = cache;
  const auto detector = must(model::load_detector(path, options));
  const vision::Image picture = picture_image(kDetailed);
  std::vector<Detection> boxes;
  std::vector<std::uint64_t> loading, running, collecting;
  const std::uint64_t began = clock_ns();
  for (int round = 0; running.size() < kLeastRuns || clock_ns() - began < kDurationNs; ++round) {
    const std::uint64_t start = stamp();
    detector->load(picture.view());
    const std::uint64_t loaded = stamp();
    if (const auto ran = detector->run(); !ran.ok()) fail(ran.error().text);
    const std::uint64_t done = stamp();
    detector->collect(boxes);
    const std::uint64_t end = stamp();
    if (round < 3) continue;  // warm-up
    loading.push_back(loaded - start);
    running.push_back(done - loaded);
    collecting.push_back(end - done);
  }
  return from_ticks(median(loading) + median(running) + median(collecting), "ms");
}

}  // namespace vedette::bench
