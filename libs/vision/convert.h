// Conversion of any picture to the planes that JPEG stores: I420, BT.601, full range (JFIF 1.02). Pure functions.
#pragma once

#include "vision/image_view.h"

namespace vedette::vision {

// True if `image` has such planes already: they can be encoded where they lie.
bool has_jpeg_planes(const ImageView& image);

// Writes the converted picture to `out`. Chroma is averaged where it has to be subsampled. Allocates only when `out` grows.
void to_jpeg_planes(const ImageView& image, Image& out);

}  // namespace vedette::vision
