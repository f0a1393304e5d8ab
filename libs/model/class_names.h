// Class names: what the numbers of a model mean. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
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

// Names as models and files have them: a dict by index ("{0: 'person', 1: …}", also as JSON or the other way round), a list, such
// a thing as the value of `names`, `class_names`, `classes`, `labels`, `id2label` or `label2id` in a larger dict (a Hugging Face
// config.json), else one name a line, or on a single line with commas between them. Indexes that a dict leaves out are "".
// Empty if it is none of these.
std::vector<std::string> parse_names(std::string_view text);
// The same from a file. The error names the file.
Result<std::vector<std::string>> read_labels_file(const std::string& path);
// The first entry of a model's metadata that has names; `metadata` gives an entry's text, "" if there is none.
std::vector<std::string> names_in_metadata(const std::function<std::string(std::string_view key)>& metadata);

// What a model tells apart.
struct ModelClasses {
  std::size_t count = 0;    // 0: its outputs don't say
  bool background = false;  // the last may stand for "nothing there"
};
struct ClassTable {
  std::vector<std::string> names;  // by reported class
  std::vector<int> map;            // by the model's class: the reported one, or -1
};
// `given`: from a labels file or metadata, may be empty. A class that has no name ("") or one that says so ("background", "N/A")
// isn't reported. COCO's 80 names, and no names at all, also fit models of 90 or 91 classes: those are COCO's category ids.
// Whatever doesn't fit is refused with both numbers.
Result<ClassTable> make_class_table(std::vector<std::string> given, const ModelClasses& classes);

}  // namespace vedette::model
