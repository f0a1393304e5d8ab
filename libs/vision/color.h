// The numbers of YCbCr: how luma and chroma bytes become RGB, for both matrices and both ranges. Pure functions.
#pragma once

#include "schema/frame.h"

namespace vedette::vision {

// Luma weights of red and blue (green: the rest). ITU-R BT.601-7 section 2.5.1, BT.709-6 item 3.2.
struct LumaWeights {
  double red;
  double blue;
};
constexpr LumaWeights luma_weights(ColorMatrix matrix) {
  return matrix == ColorMatrix::BT709 ? LumaWeights{0.2126, 0.0722} : LumaWeights{0.299, 0.114};
}

// R = luma·(Y − black) + red_cr·(Cr − 128), G = … + green_cb·(Cb − 128) + green_cr·(Cr − 128), B = … + blue_cb·(Cb − 128);
// all in 0..255. Limited range: Y 16..235, chroma 16..240 (BT.601-7 section 2.5.3).
struct YuvToRgb {
  double luma;
  double black;
  double red_cr;
  double green_cb;
  double green_cr;
  double blue_cb;
};
constexpr YuvToRgb yuv_to_rgb(ColorMatrix matrix, ColorRange range) {
  const LumaWeights weights = luma_weights(matrix);
  const double green = 1.0 - weights.red - weights.blue;
  const bool limited = range == ColorRange::Limited;
  const double chroma = limited ? 255.0 / 224.0 : 1.0;
  return {limited ? 255.0 / 219.0 : 1.0,
          limited ? 16.0 : 0.0,
          chroma * 2.0 * (1.0 - weights.red),
          chroma * -2.0 * (1.0 - weights.blue) * weights.blue / green,
          chroma * -2.0 * (1.0 - weights.red) * weights.red / green,
          chroma * 2.0 * (1.0 - weights.blue)};
}

}  // namespace vedette::vision
