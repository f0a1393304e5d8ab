// A box with a label on a picture, for snapshots. Pure functions.
#pragma once

#include <string_view>

#include "vision/image_view.h"

namespace vedette::vision {

// A part of a picture, relative; width 0: none.
struct BoxOnPicture {
  float x = 0.0f;
  float y = 0.0f;
  float width = 0.0f;
  float height = 0.0f;
};

// Draws into an I420 picture. The label ("person 87%") stands above the box, or inside where there is no room; of letters,
// digits, space and "%.-_/" what there is a glyph for, in capitals.
void draw_box(Image& picture, const BoxOnPicture& box, std::string_view label);

// The part of an I420 picture around the box, with some of what is around it, its corners even. The whole picture without a box.
ImageView cropped(const ImageView& picture, const BoxOnPicture& box);

}  // namespace vedette::vision
