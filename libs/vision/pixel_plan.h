// PixelPlan: all of a pixel pass that depends on the picture's size, format and region alone: which bytes of which planes are
// read, the taps of both directions, and the row buffers between them. Plain data, of one PixelPass.
#pragma once

#include <vector>

#include "vision/pixel_pass.h"
#include "vision/pixel_rows.h"

namespace vedette::vision {

struct PixelPlan {
  // Which plane's bytes become which rows of samples.
  enum class Split {
    kNone,     // one component
    kPairs,    // NV12's chroma
    kYuyv,     // every second byte luma, the others pairs of chroma
    kTriples,  // RGB24, BGR24
  };
  struct Component {
    std::size_t channel;  // 0, 1, 2: Y, Cb, Cr or R, G, B
    RowTaps taps;
    std::vector<Sample> samples;  // at the picture's width
    // Without vectors, or with more taps than fixed point is good for:
    Taps plain_taps;
    std::uint32_t offset, step;  // of its samples in the plane's blended row
    std::vector<float> row;      // at the tensor's width
  };
  struct Plane {
    int index;
    Split split;
    std::size_t first_byte, bytes;  // of a row
    std::uint32_t first_row;
    Taps rows;
    // Weights of each output row as whole numbers, without the zeros at both ends.
    struct Blend {
      std::uint32_t first, count;
      std::size_t weights;  // index of the first in `weights`
    };
    std::vector<Blend> blends;
    std::vector<std::uint16_t> weights;
    std::vector<Sample> scratch;  // before splitting
    std::vector<float> blended;   // where fixed point isn't used
    std::vector<Component> components;
  };

  PixelFormat format;
  std::uint32_t width, height;
  Region region;
  Content content;
  bool fixed_point;
  std::vector<Plane> planes;
};

PixelPlan make_plan(const TensorSpec& spec, const ImageView& image, const Region& region, const RowKernels& kernels);

}  // namespace vedette::vision
