#include "model/class_names.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <numeric>
#include <optional>

#include "schema/class_names.h"

namespace vedette::model {
namespace {

constexpr std::array<std::string_view, 80> kCocoNames{
    "person",         "bicycle",    "car",           "motorcycle",    "airplane",     "bus",           "train",
    "truck",          "boat",       "traffic light", "fire hydrant",  "stop sign",    "parking meter", "bench",
    "bird",           "cat",        "dog",           "horse",         "sheep",        "cow",           "elephant",
    "bear",           "zebra",      "giraffe",       "backpack",      "umbrella",     "handbag",       "tie",
    "suitcase",       "frisbee",    "skis",          "snowboard",     "sports ball",  "kite",          "baseball bat",
    "baseball glove", "skateboard", "surfboard",     "tennis racket", "bottle",       "wine glass",    "cup",
    "fork",           "knife",      "spoon",         "bowl",          "banana",       "apple",         "sandwich",
    "orange",         "broccoli",   "carrot",        "hot dog",       "pizza",        "donut",         "cake",
    "chair",          "couch",      "potted plant",  "bed",           "dining table", "toilet",        "tv",
    "laptop",         "mouse",      "remote",        "keyboard",      "cell phone",   "microwave",     "oven",
    "toaster",        "sink",       "refrigerator",  "book",          "clock",        "vase",          "scissors",
    "teddy bear",     "hair drier", "toothbrush"};

// Ids of 1..90 that COCO never used.
constexpr std::array<int, 10> kCocoGaps{12, 26, 29, 30, 45, 66, 68, 69, 71, 83};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines = split_class_names(text);
  for (std::string& line : lines) line = std::string(trimmed(line));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// The next quoted text, which is taken off `rest` together with what stands before it (`before`).
std::optional<std::string> next_quoted(std::string_view& rest, std::string_view& before) {
  const std::size_t open = rest.find_first_of("'\"");
  if (open == std::string_view::npos) return std::nullopt;
  before = rest.substr(0, open);
  const char quote = rest[open];
  std::string text;
  for (std::size_t i = open + 1; i < rest.size(); ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size())
      text += rest[++i];
    else if (rest[i] == quote) {
      rest.remove_prefix(i + 1);
      return text;
    } else
      text += rest[i];
  }
  return std::nullopt;
}

}  // namespace

std::span<const std::string_view> coco_names() { return kCocoNames; }

int coco_category_id(std::size_t index) {
  int id = static_cast<int>(index) + 1;
  for (const int gap : kCocoGaps) id += id >= gap ? 1 : 0;
  return id;
}

int coco_index(int category_id) {
  if (category_id < 1 || category_id > 90 || std::find(kCocoGaps.begin(), kCocoGaps.end(), category_id) != kCocoGaps.end())
    return -1;
  return category_id - 1 -
         static_cast<int>(std::count_if(kCocoGaps.begin(), kCocoGaps.end(), [&](int gap) { return gap < category_id; }));
}

std::vector<std::string> parse_names(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return {};
  if (text.front() != '{' && text.front() != '[') return lines_of(text);
  const bool dict = text.front() == '{';
  std::vector<std::string> names;
  std::string_view rest = text.substr(1), before;
  while (auto name = next_quoted(rest, before)) {
    if (dict) {  // "0: " or ", 1: ", or a JSON key that stands in quotes itself
      const std::string index = std::to_string(names.size());
      const bool json_key = *name == index && trimmed(rest).substr(0, 1) == ":";
      if (json_key && !(name = next_quoted(rest, before))) return {};
      if (!json_key && before.find(index + ":") == std::string_view::npos) return {};
    }
    names.push_back(std::move(*name));
  }
  return names;
}

Result<std::vector<std::string>> read_labels_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return errno_error("labels file " + path, errno != 0 ? errno : EIO);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> names = lines_of(text);
  if (names.empty()) return Error{ErrorCode::kInvalidArgument, "labels file " + path + ": no names in it, expected one a line"};
  return names;
}

Result<ClassTable> make_class_table(std::vector<std::string> given, std::size_t classes) {
  constexpr std::size_t kMaxClasses = 65535;  // Detection.class_id is 16 bits wide
  ClassTable table;
  if (!given.empty()) {
    if ((classes != 0 && given.size() != classes) || given.size() > kMaxClasses)
      return Error{ErrorCode::kInvalidArgument, "there are " + std::to_string(given.size()) +
                                                    " class names, but the model tells " + std::to_string(classes) +
                                                    " classes apart"};
    table.map.resize(given.size());
    std::iota(table.map.begin(), table.map.end(), 0);
    table.names = std::move(given);
    return table;
  }
  table.names.assign(kCocoNames.begin(), kCocoNames.end());
  if (classes == 0 || classes == kCocoNames.size()) {
    table.map.resize(kCocoNames.size());
    std::iota(table.map.begin(), table.map.end(), 0);
    return table;
  }
  if (classes == 90 || classes == 91) {
    for (int id = 0; id < static_cast<int>(classes); ++id) table.map.push_back(coco_index(id));
    return table;
  }
  return Error{ErrorCode::kInvalidArgument, "the model tells " + std::to_string(classes) +
                                                " classes apart and doesn't name them: a labels file (detect.labels) is needed"};
}

}  // namespace vedette::model
