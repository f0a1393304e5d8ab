// Class names: what the numbers of a model mean. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vedette::model {

// The 80 classes of COCO 2017, in the order of their category ids.
std::span<const std::string_view> coco_names();
// COCO's own id (1..90, with gaps) of the class with that index (0..79).
int coco_category_id(std::size_t index);
// The other way round; -1 for ids that name nothing.
int coco_index(int category_id);

// Names from a model's metadata: a Python dict ("{0: 'person', 1: …}"), a JSON or Python list, or lines. Empty if it is none of
// these or its indexes have gaps.
std::vector<std::string> parse_names(std::string_view text);
// One name a line; blank lines at the end don't count. The error names the file.
Result<std::vector<std::string>> read_labels_file(const std::string& path);

struct ClassTable {
  std::vector<std::string> names;  // by reported class
  std::vector<int> map;            // by the model's class: the reported one, or -1
};
// `given`: from a labels file or metadata, may be empty; `classes`: that the outputs tell apart, 0: unknown. Without names, 80
// classes (or unknown) are COCO's and 90 or 91 are COCO's category ids; other numbers are refused.
Result<ClassTable> make_class_table(std::vector<std::string> given, std::size_t classes);

}  // namespace vedette::model
