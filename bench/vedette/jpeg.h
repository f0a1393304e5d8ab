// Figures of a camera's JPEG: decoded into a slot of the bus, and what a model gets of it. One process, hot.
#pragma once

#include "bench/support/jpeg_picture.h"
#include "bench/support/result.h"

namespace vedette::bench {

// The model's input: 384 × 384, letterboxed, antialiased. The baseline's is the same.
inline constexpr int kTensorSide = 384;

// JPEG → slot at the scale that covers the model's input, published → taken → tensor.
Value jpeg_to_tensor(const PictureKind& kind);
// JPEG → planes of full size in a slot, published.
Value jpeg_to_planes(const PictureKind& kind);
// The same, a few times a second: the caches hold something else meanwhile, and the core may have slept.
Value jpeg_to_planes_seldom(const PictureKind& kind);

}  // namespace vedette::bench
