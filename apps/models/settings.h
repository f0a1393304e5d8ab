// The ways to quantise that `vedette model quantize` tries, and in which order. Plain data.
#pragma once

#include <string>
#include <vector>

namespace vedette::models {

struct Setting {
  std::string activations;  // "u8", "s8"
  std::string weights;
  std::string method = "minmax";  // how ranges follow from the pictures
  int float_head = 0;             // so many weighted operations before each output stay in float
  bool seven_bit_weights = false;
  bool float_stem = false;  // the convolutions over the picture's own channels stay in float
};

// "u8 activations, s8 weights, minmax, heads in float".
std::string text_of(const Setting& setting);
// For tools/quantize.py.
std::vector<std::string> arguments_of(const Setting& setting);

// Element types, and whether the stem is better in float: what is fast depends on the processor, so that it is measured.
std::vector<Setting> candidates();
// Variants of `fastest`: first what is quickest, then what keeps more in float.
std::vector<Setting> refinements(const Setting& fastest);

}  // namespace vedette::models
