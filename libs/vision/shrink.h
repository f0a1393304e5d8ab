// A smaller copy of a picture, each pixel the mean of those that it stands for. For pictures that somebody asked for in a size of
// their own, not for the frame path. Pure function.
#pragma once

#include <cstdint>

#include "vision/image_view.h"

namespace vedette::vision {

// `in` is I420 and `width` x `height` no larger than it, neither 0: else it is our own bug. Colours as they are. Allocates.
void shrink(const ImageView& in, std::uint32_t width, std::uint32_t height, Image& out);

}  // namespace vedette::vision
