#include "models/settings.h"

namespace vedette::models {

std::string text_of(const Setting& setting) {
  std::string text = setting.activations + " activations, " + setting.weights + " weights" +
                     (setting.seven_bit_weights ? " of 7 bits" : "") + ", " + setting.method;
  if (setting.float_stem) text += ", stem in float";
  if (setting.float_head == 1) text += ", last layers in float";
  if (setting.float_head > 1) text += ", last " + std::to_string(setting.float_head) + " layers in float";
  return text;
}

std::vector<std::string> arguments_of(const Setting& setting) {
  std::vector<std::string> arguments{"--activations", setting.activations, "--weights",    setting.weights,
                                     "--method",      setting.method,      "--float-head", std::to_string(setting.float_head)};
  if (setting.seven_bit_weights) arguments.emplace_back("--seven-bit-weights");
  if (setting.float_stem) arguments.emplace_back("--float-stem");
  return arguments;
}

std::vector<Setting> candidates() {
  return {{.activations = "u8", .weights = "s8"},
          {.activations = "u8", .weights = "s8", .float_stem = true},
          {.activations = "s8", .weights = "s8"},
          {.activations = "u8", .weights = "u8"}};
}

std::vector<Setting> refinements(const Setting& fastest) {
  std::vector<Setting> all;
  for (const int float_head : {0, 1, 3}) {
    Setting setting = fastest;
    setting.float_head = float_head;
    for (const char* method : {"minmax", "percentile", "entropy"}) {
      setting.method = method;
      all.push_back(setting);
    }
    setting.method = "minmax";
    // Without a dot product that holds its sums, AVX2 adds pairs of u8 × s8 in 16 bits: 7 bits never saturate there.
    setting.seven_bit_weights = true;
    if (fastest.activations == "u8" && fastest.weights == "s8") all.push_back(setting);
  }
  return all;
}

}  // namespace vedette::models
