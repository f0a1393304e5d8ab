#include "vision/overlay.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace vedette::vision {
namespace {

constexpr int kGlyphWidth = 5, kGlyphHeight = 7;
constexpr double kMargin = 0.25;  // around a crop, of the box's longer side

struct Glyph {
  char letter;
  std::array<std::uint8_t, kGlyphHeight> rows;  // the upper row first, its left pixel in bit 4
};
constexpr std::array<Glyph, 41> kGlyphs{{
    {'0', {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}}, {'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}},
    {'2', {0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f}}, {'3', {0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e}},
    {'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}}, {'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}},
    {'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}}, {'7', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
    {'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}}, {'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}},
    {'A', {0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}}, {'B', {0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e}},
    {'C', {0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e}}, {'D', {0x1c, 0x12, 0x11, 0x11, 0x11, 0x12, 0x1c}},
    {'E', {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f}}, {'F', {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10}},
    {'G', {0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0f}}, {'H', {0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}},
    {'I', {0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e}}, {'J', {0x07, 0x02, 0x02, 0x02, 0x02, 0x12, 0x0c}},
    {'K', {0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11}}, {'L', {0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f}},
    {'M', {0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11}}, {'N', {0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11}},
    {'O', {0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e}}, {'P', {0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10}},
    {'Q', {0x0e, 0x11, 0x11, 0x11, 0x15, 0x12, 0x0d}}, {'R', {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11}},
    {'S', {0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e}}, {'T', {0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04}},
    {'U', {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e}}, {'V', {0x11, 0x11, 0x11, 0x11, 0x11, 0x0a, 0x04}},
    {'W', {0x11, 0x11, 0x11, 0x15, 0x15, 0x1b, 0x11}}, {'X', {0x11, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x11}},
    {'Y', {0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04}}, {'Z', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1f}},
    {'%', {0x18, 0x19, 0x02, 0x04, 0x08, 0x13, 0x03}}, {'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c}},
    {'-', {0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00}}, {'_', {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1f}},
    {'/', {0x00, 0x01, 0x02, 0x04, 0x08, 0x10, 0x00}},
}};

struct Ink {
  std::uint8_t y, u, v;
};
constexpr Ink kBoxInk{150, 44, 21};    // green: full range BT.601
constexpr Ink kTextInk{16, 128, 128};  // nearly black

// A rectangle of whole pixels, cut off at the picture's borders.
void fill(Image& picture, int x0, int y0, int x1, int y1, const Ink& ink) {
  const ImageView view = picture.view();
  x0 = std::clamp(x0, 0, static_cast<int>(view.width)), x1 = std::clamp(x1, x0, static_cast<int>(view.width));
  y0 = std::clamp(y0, 0, static_cast<int>(view.height)), y1 = std::clamp(y1, y0, static_cast<int>(view.height));
  for (int y = y0; y < y1; ++y) std::fill_n(picture.row(0, static_cast<std::uint32_t>(y)) + x0, x1 - x0, ink.y);
  for (int y = y0 / 2; y < (y1 + 1) / 2; ++y) {
    std::fill_n(picture.row(1, static_cast<std::uint32_t>(y)) + x0 / 2, (x1 + 1) / 2 - x0 / 2, ink.u);
    std::fill_n(picture.row(2, static_cast<std::uint32_t>(y)) + x0 / 2, (x1 + 1) / 2 - x0 / 2, ink.v);
  }
}

const Glyph* glyph_of(char letter) {
  const char capital = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  const auto found = std::find_if(kGlyphs.begin(), kGlyphs.end(), [&](const Glyph& glyph) { return glyph.letter == capital; });
  return found == kGlyphs.end() ? nullptr : &*found;
}

void write(Image& picture, int x, int y, int scale, std::string_view text) {
  for (const char letter : text) {
    if (const Glyph* glyph = glyph_of(letter))
      for (int row = 0; row < kGlyphHeight; ++row)
        for (int column = 0; column < kGlyphWidth; ++column)
          if ((glyph->rows[static_cast<std::size_t>(row)] >> (kGlyphWidth - 1 - column) & 1) != 0)
            fill(picture, x + column * scale, y + row * scale, x + (column + 1) * scale, y + (row + 1) * scale, kTextInk);
    x += (kGlyphWidth + 1) * scale;
  }
}

int pixels(float part, std::uint32_t side) { return static_cast<int>(std::lround(part * static_cast<float>(side))); }

}  // namespace

void draw_box(Image& picture, const BoxOnPicture& box, std::string_view label) {
  const ImageView view = picture.view();
  const int thick = std::max(2, static_cast<int>(view.height / 270) * 2);
  const int x0 = pixels(box.x, view.width), y0 = pixels(box.y, view.height);
  const int x1 = pixels(box.x + box.width, view.width), y1 = pixels(box.y + box.height, view.height);
  fill(picture, x0, y0, x1, y0 + thick, kBoxInk);
  fill(picture, x0, y1 - thick, x1, y1, kBoxInk);
  fill(picture, x0, y0, x0 + thick, y1, kBoxInk);
  fill(picture, x1 - thick, y0, x1, y1, kBoxInk);
  if (label.empty()) return;
  const int scale = thick;
  const int height = (kGlyphHeight + 2) * scale;
  const int width = static_cast<int>(label.size()) * (kGlyphWidth + 1) * scale + scale;
  const int top = y0 >= height ? y0 - height : y0;
  const int left = std::clamp(x0, 0, std::max(0, static_cast<int>(view.width) - width));
  fill(picture, left, top, left + width, top + height, kBoxInk);
  write(picture, left + scale, top + scale, scale, label);
}

ImageView cropped(const ImageView& picture, const BoxOnPicture& box) {
  if (box.width <= 0.0f || box.height <= 0.0f) return picture;
  const double width = picture.width, height = picture.height;
  const double margin = kMargin * std::max(static_cast<double>(box.width) * width, static_cast<double>(box.height) * height);
  const auto even = [](double value, double most) { return static_cast<std::uint32_t>(std::clamp(value, 0.0, most)) & ~1u; };
  const std::uint32_t x0 = even(static_cast<double>(box.x) * width - margin, width - 2);
  const std::uint32_t y0 = even(static_cast<double>(box.y) * height - margin, height - 2);
  const std::uint32_t x1 = std::max(x0 + 2, even(static_cast<double>(box.x + box.width) * width + margin, width));
  const std::uint32_t y1 = std::max(y0 + 2, even(static_cast<double>(box.y + box.height) * height + margin, height));
  if (x1 > picture.width || y1 > picture.height) return picture;  // one of a pixel or two
  ImageView part = picture;
  part.width = x1 - x0;
  part.height = y1 - y0;
  part.planes[0].data += y0 * picture.planes[0].stride + x0;
  for (std::size_t plane : {std::size_t{1}, std::size_t{2}})
    part.planes[plane].data += y0 / 2 * picture.planes[plane].stride + x0 / 2;
  return part;
}

}  // namespace vedette::vision
