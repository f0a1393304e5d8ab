#include "model/onnx/model_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <filesystem>
#include <functional>
#include <map>
#include <span>

#include "base/file.h"
#include "model/onnx/hash.h"
#include "model/onnx/protobuf.h"

namespace vedette::model::onnx {
namespace {

constexpr int kDeepest = 16;  // graphs inside graphs (If, Loop, Scan)

struct Entry {
  std::string_view key, value;
};
Entry read_entry(std::string_view message) {
  Entry entry;
  for (ProtobufReader field(message); field.next();) {
    if (field.field() == 1) entry.key = field.bytes();
    if (field.field() == 2) entry.value = field.bytes();
  }
  return entry;
}

// Calls back for everything of interest in a model; false if the bytes are no model.
struct Visitor {
  std::function<void(std::span<const Entry>)> external_data;  // of one tensor
  std::function<void(std::string_view)> open_batch;
  std::function<void(std::string_view)> op_type;
};

class Walk {
 public:
  explicit Walk(const Visitor& visitor) : visitor_(visitor) {}

  bool model(std::string_view message) {
    bool has_graph = false;
    ProtobufReader field(message);
    while (field.next())
      if (field.field() == 7) {
        has_graph = true;
        if (!graph(field.bytes(), 0)) return false;
      }
    return field.ok() && has_graph;
  }

 private:
  bool graph(std::string_view message, int depth) {
    if (depth > kDeepest) return false;
    ProtobufReader field(message);
    while (field.next()) {
      if (field.field() == 1 && !node(field.bytes(), depth)) return false;
      if (field.field() == 5 && !tensor(field.bytes())) return false;
      if (field.field() == 11 && depth == 0) input(field.bytes());
    }
    return field.ok();
  }

  bool node(std::string_view message, int depth) {
    ProtobufReader field(message);
    while (field.next()) {
      if (field.field() == 4) visitor_.op_type(field.bytes());
      if (field.field() == 5 && !attribute(field.bytes(), depth)) return false;
    }
    return field.ok();
  }

  bool attribute(std::string_view message, int depth) {
    ProtobufReader field(message);
    while (field.next()) {
      const bool is_tensor = field.field() == 5 || field.field() == 10;
      const bool is_graph = field.field() == 6 || field.field() == 11;
      if (is_tensor && !tensor(field.bytes())) return false;
      if (is_graph && !graph(field.bytes(), depth + 1)) return false;
    }
    return field.ok();
  }

  bool tensor(std::string_view message) {
    std::vector<Entry> entries;
    ProtobufReader field(message);
    while (field.next())
      if (field.field() == 13) entries.push_back(read_entry(field.bytes()));
    if (!entries.empty()) visitor_.external_data(entries);
    return field.ok();
  }

  // ValueInfoProto.type -> TypeProto.tensor_type -> Tensor.shape -> the first dim -> dim_param
  void input(std::string_view message) {
    std::string_view inner = message;
    for (const std::uint64_t wanted : {2u, 1u, 2u, 1u, 2u}) {
      ProtobufReader field(inner);
      bool found = false;
      while (!found && field.next())
        if (field.field() == wanted) found = true;
      if (!found) return;
      inner = field.bytes();
    }
    if (!inner.empty()) visitor_.open_batch(inner);
  }

  const Visitor& visitor_;
};

std::string_view value_of(std::span<const Entry> entries, std::string_view key) {
  for (const Entry& entry : entries)
    if (entry.key == key) return entry.value;
  return {};
}

constexpr std::uint64_t kTooLarge = std::uint64_t{1} << 62;  // for a file; two of them still add up

// At most kTooLarge, which is also what text that is no number is; 0 for none.
std::uint64_t number_of(std::string_view digits) {
  std::uint64_t number = 0;
  if (digits.empty()) return 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end != digits.data() ? std::min(number, kTooLarge) : kTooLarge;
}

bool leaves_its_folder(const std::filesystem::path& location) {
  if (location.is_absolute()) return true;
  const auto normal = location.lexically_normal();
  return normal.empty() || *normal.begin() == "..";
}

// How many bytes the model needs of each file of weights, by location.
using Locations = std::map<std::string, std::uint64_t>;

void note_location(std::span<const Entry> entries, Locations& locations) {
  const std::uint64_t end = number_of(value_of(entries, "offset")) + number_of(value_of(entries, "length"));
  std::uint64_t& needed = locations[std::string(value_of(entries, "location"))];
  needed = std::max({needed, end, std::uint64_t{1}});
}

std::string path_of(const std::string& model, const std::string& location) {
  return std::filesystem::path(model).parent_path() / location;
}

Result<std::string> check_data_file(const std::string& model, const std::string& location, std::uint64_t needed) {
  const bool printable = std::all_of(location.begin(), location.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
  if (!printable || location.size() > PATH_MAX)
    return Error{ErrorCode::kCorrupt, "model " + model + ": its weights are in a file whose name is no text"};
  const std::string what = "model " + model + ": its weights' file \"" + location + "\"";
  if (leaves_its_folder(location)) return Error{ErrorCode::kInvalidArgument, what + " isn't in the model's folder"};
  std::string path = path_of(model, location);
  struct ::stat info {};
  if (::stat(path.c_str(), &info) != 0) return errno_error(what);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kInvalidArgument, what + " isn't a file"};
  if (static_cast<std::uint64_t>(info.st_size) < needed)
    return Error{ErrorCode::kCorrupt,
                 what + " has " + std::to_string(info.st_size) + " bytes, the model needs " + std::to_string(needed)};
  return path;
}

}  // namespace

Result<ModelFile> read_model_file(const std::string& path) {
  auto bytes = read_file(path);
  if (!bytes.ok()) return Error{bytes.error().code, "model " + bytes.error().text};
  if (bytes->empty()) return Error{ErrorCode::kCorrupt, "model " + path + ": the file is empty"};

  ModelFile file;
  file.path = path;
  Locations locations;
  const Visitor visitor{[&](std::span<const Entry> entries) { note_location(entries, locations); },
                        [&](std::string_view name) { file.open_batches.emplace_back(name); },
                        [&](std::string_view type) { file.quantized = file.quantized || type == "QuantizeLinear"; }};
  if (!Walk(visitor).model(*bytes))
    return Error{ErrorCode::kCorrupt, "model " + path + ": not a usable ONNX model: no graph in it, or it is cut off"};
  for (const auto& [location, needed] : locations) {
    VD_ASSIGN(std::string data, check_data_file(path, location, needed));
    file.data_files.push_back(std::move(data));
  }

  ContentHash hash;
  hash.add(*bytes);
  for (const std::string& data : file.data_files) {
    VD_TRY(hash.add_file(data));
  }
  file.content = hash.hex();
  return file;
}

std::vector<std::string> data_files_of(const std::string& path) {
  const auto bytes = read_file(path);
  Locations locations;
  const Visitor visitor{[&](std::span<const Entry> entries) { note_location(entries, locations); }, [](std::string_view) {},
                        [](std::string_view) {}};
  if (!bytes || !Walk(visitor).model(*bytes)) return {};
  std::vector<std::string> files;
  for (const auto& [location, needed] : locations)
    if (!leaves_its_folder(location)) files.push_back(path_of(path, location));
  return files;
}

bool rearranged_weights_are_aligned(std::string_view model, std::uint64_t alignment) {
  bool aligned = true;
  const Visitor visitor{[&](std::span<const Entry> entries) {
                          for (const Entry& entry : entries) {
                            if (!entry.key.starts_with("prepacked")) continue;
                            // "<kernel>+<hash>|<offset>;<size>;<…>", one after the other
                            for (std::string_view rest = entry.value; rest.find('|') != rest.npos;) {
                              rest.remove_prefix(rest.find('|') + 1);
                              if (number_of(rest) % alignment != 0) aligned = false;
                            }
                          }
                        },
                        [](std::string_view) {}, [](std::string_view) {}};
  return Walk(visitor).model(model) && aligned;
}

}  // namespace vedette::model::onnx
