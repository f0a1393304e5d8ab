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
  // Weights of an output row as whole numbers, without the zeros at both ends.
  struct Blend {
    std::uint32_t first, count;
    std::size_t weights;  // index of the first in `weights`
  };
  struct Plane {
    int index;
    Split split;
    std::array<std::uint8_t, 3> channels;  // that it has, in order: 0, 1, 2 are Y, Cb, Cr or R, G, B
    std::size_t first_byte, bytes;         // of a row
    std::uint32_t first_row;
    Taps rows;
    std::vector<Blend> blends;
    std::vector<std::uint16_t> weights;
    std::vector<Sample> scratch;  // before splitting
    std::vector<float> blended;   // of bytes as they lie, without fixed point
  };
  // Channels whose samples lie alike.
  struct Group {
    Taps columns;
    RowTaps taps;        // the same in fixed point
    std::uint32_t step;  // bytes from sample to sample in a row of the plane
    struct Member {
      std::size_t plane;     // in `planes`
      std::uint32_t offset;  // of its first sample, bytes
    };
    std::vector<Member> members;
    std::vector<Sample*> samples;  // each one's row in `samples`
    std::vector<float*> rows;      // and in `rows`
  };

  PixelFormat format;
  std::uint32_t width, height;
  Region region;
  Content content;
  bool fixed_point;  // else floats: there are no vectors, or more taps than fixed point is good for
  std::vector<Plane> planes;
  std::vector<Group> groups;
  std::array<std::vector<Sample>, 3> samples;  // a row of each channel at the picture's width
  std::array<std::vector<float>, 3> rows;      // and at the tensor's
};

PixelPlan make_plan(const TensorSpec& spec, const ImageView& image, const Region& region, const RowKernels& kernels);

}  // namespace vedette::vision
