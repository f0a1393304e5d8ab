// A box with a label on a picture, for snapshots. Pure functions.
#pragma once

#include <string_view>

#include "record/news.h"
#include "vision/image_view.h"

namespace vedette::record {

// Draws into an I420 picture. The label ("person 87%") stands above the box, or inside where there is no room; of letters,
// digits, space and "%.-_/" what there is a glyph for, in capitals.
void draw_box(vision::Image& picture, const Box& box, std::string_view label);

// The part of an I420 picture around the box, with some of what is around it, its corners even. The whole picture without a box.
vision::ImageView cropped(const vision::ImageView& picture, const Box& box);

}  // namespace vedette::record
