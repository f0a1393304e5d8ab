#include "model/class_names.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <numeric>
#include <optional>

#include "model/literal.h"
#include "schema/class_names.h"

namespace vedette::model {
namespace {

constexpr std::size_t kMaxClasses = 65535;  // Detection.class_id is 16 bits wide

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

// Where dicts and metadata keep their names; the first that has any counts.
constexpr std::string_view kNameKeys[]{"names", "class_names", "classes", "labels", "id2label", "label2id"};

std::optional<std::size_t> index_of(const Literal& literal) {
  double number = literal.number;
  if (literal.kind == Literal::Kind::kText) {
    const auto read = std::from_chars(literal.text.data(), literal.text.data() + literal.text.size(), number);
    if (read.ec != std::errc() || read.ptr != literal.text.data() + literal.text.size()) return std::nullopt;
  } else if (literal.kind != Literal::Kind::kNumber) {
    return std::nullopt;
  }
  if (!(number >= 0 && number < static_cast<double>(kMaxClasses)) || number != std::floor(number)) return std::nullopt;
  return static_cast<std::size_t>(number);
}

// {0: 'person'}, or {'person': 0}.
std::vector<std::string> names_by_index(const Literal& dict) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < dict.keys.size(); ++i) {
    const Literal &key = dict.keys[i], &value = dict.items[i];
    const bool turned = value.kind == Literal::Kind::kNumber;
    const auto index = index_of(turned ? value : key);
    const Literal& name = turned ? key : value;
    if (!index || name.kind == Literal::Kind::kDict || name.kind == Literal::Kind::kList) return {};
    if (*index >= names.size()) names.resize(*index + 1);
    names[*index] = name.text;
  }
  return names;
}

std::vector<std::string> names_of(const Literal& literal) {
  if (literal.kind == Literal::Kind::kDict) {
    for (const std::string_view key : kNameKeys)
      if (const Literal* inner = literal.find(key); inner != nullptr && inner->kind >= Literal::Kind::kList)
        return names_of(*inner);
    return names_by_index(literal);
  }
  std::vector<std::string> names;
  for (const Literal& item : literal.items) {
    if (item.kind >= Literal::Kind::kList) return {};
    names.push_back(item.text);
  }
  return names;
}

std::vector<std::string> separated_by_commas(std::string_view line) {
  std::vector<std::string> names;
  for (std::size_t end = 0; end != std::string_view::npos; line.remove_prefix(std::min(end + 1, line.size()))) {
    end = line.find(',');
    names.emplace_back(trimmed(line.substr(0, end)));
  }
  return names;
}

// Names that say that there is nothing to report.
bool names_nothing(std::string_view name) {
  constexpr std::string_view kNothing[]{"", "N/A", "background", "__background__"};
  return std::find(std::begin(kNothing), std::end(kNothing), name) != std::end(kNothing);
}

// The classes' numbers are COCO's category ids, 0 (or 1) to 90.
ClassTable by_category_id(std::vector<std::string> names, std::size_t count) {
  ClassTable table{std::move(names), {}};
  for (int id = 0; id < static_cast<int>(count); ++id) table.map.push_back(coco_index(id));
  return table;
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
  if (text.front() == '{' || text.front() == '[' || text.front() == '(') {
    const auto literal = parse_literal(text);
    return literal ? names_of(*literal) : std::vector<std::string>();
  }
  std::vector<std::string> lines = lines_of(text);
  return lines.size() == 1 ? separated_by_commas(lines.front()) : lines;
}

Result<std::vector<std::string>> read_labels_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return errno_error("labels file " + path, errno != 0 ? errno : EIO);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> names = parse_names(text);
  if (names.empty())
    return Error{ErrorCode::kInvalidArgument, "labels file " + path + ": no names in it, expected one a line or JSON by index"};
  return names;
}

std::vector<std::string> names_in_metadata(const std::function<std::string(std::string_view key)>& metadata) {
  for (const std::string_view key : kNameKeys) {
    auto names = parse_names(metadata(key));
    const bool a_count = names.size() == 1 && index_of({Literal::Kind::kText, names.front(), 0, {}, {}});
    if (!names.empty() && !a_count) return names;
  }
  // What the maker of an RF-DETR wanted to note (rfdetr's export(notes=…)): anything, perhaps a dict that has the names.
  const auto notes = parse_literal(metadata("rfdetr_notes"));
  return notes && notes->kind == Literal::Kind::kDict ? names_of(*notes) : std::vector<std::string>();
}

Result<ClassTable> make_class_table(std::vector<std::string> given, const ModelClasses& classes) {
  const bool named = !given.empty();
  if (!named) given.assign(kCocoNames.begin(), kCocoNames.end());
  const bool coco = std::equal(given.begin(), given.end(), kCocoNames.begin(), kCocoNames.end());
  if (coco && (classes.count == 90 || classes.count == 91)) return by_category_id(std::move(given), classes.count);

  const bool fits =
      classes.count == 0 || given.size() == classes.count || (classes.background && given.size() + 1 == classes.count);
  if (!fits && !named)
    return Error{ErrorCode::kInvalidArgument,
                 "the model tells " + std::to_string(classes.count) +
                     " classes apart and doesn't name them: a labels file (detect.labels) is needed"};
  if (given.size() > kMaxClasses)
    return Error{ErrorCode::kInvalidArgument, "there are " + std::to_string(given.size()) + " class names, at most " +
                                                  std::to_string(kMaxClasses) + " can be told apart"};
  if (!fits)
    return Error{ErrorCode::kInvalidArgument, "there are " + std::to_string(given.size()) + " class names, but the model tells " +
                                                  std::to_string(classes.count) + " classes apart"};
  ClassTable table;
  for (std::string& name : given) {
    const bool reported = !names_nothing(name);
    table.map.push_back(reported ? static_cast<int>(table.names.size()) : -1);
    if (reported) table.names.push_back(std::move(name));
  }
  if (table.names.empty())
    return Error{ErrorCode::kInvalidArgument, "none of the " + std::to_string(given.size()) + " classes has a name"};
  return table;
}

}  // namespace vedette::model
