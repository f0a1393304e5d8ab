// Figures of a camera's JPEG as detr-mmap handles it: decoded to RGB, the frame written into the slot (two copies), preprocessed
// from there by the CPU. One process, hot.
#pragma once

#include "bench/support/jpeg_picture.h"
#include "bench/support/result.h"

namespace vedette::bench {

// JPEG → RGB → builder → slot → tensor of 384 × 384, letterboxed, antialiased.
Value jpeg_to_tensor_by_rgb(const PictureKind& kind);
// JPEG → RGB → one copy into the slot.
Value jpeg_to_slot_by_rgb(const PictureKind& kind);

}  // namespace vedette::bench
