// The CPU preprocess of detr-mmap as a contestant: the Rust crate that it resizes with (src/lib.rs) on an RGB picture that is
// there already. Contract: bench/support/result.h.
#include "bench/support/jpeg_picture.h"
#include "bench/support/one_process.h"

extern "C" {
struct Preprocess;
Preprocess* preprocess_open(std::uint32_t width, std::uint32_t height, std::uint32_t side);
void preprocess_run(Preprocess* it, const std::uint8_t* rgb, float* tensor);
void preprocess_close(Preprocess* it);
}

namespace {

using namespace vedette::bench;

Value rgb_to_tensor(const PictureKind& kind, std::uint32_t side) {
  const std::vector<unsigned char> rgb = rgb_of(make_picture(kind));
  std::vector<float> tensor(std::size_t{3} * side * side);
  Preprocess* preprocess = preprocess_open(kPictureWidth, kPictureHeight, side);
  const Value value = time_work([&] {
    preprocess_run(preprocess, rgb.data(), tensor.data());
    keep(tensor.data());
  });
  preprocess_close(preprocess);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  const Figure figures[] = {
      {"pixels_1080p_512", [] { return rgb_to_tensor(kDetailed, 512); }},
  };
  return run_figure(argc, argv, figures);
}
