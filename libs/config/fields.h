// The table of keys: every key of the YAML file is one line in fields.cpp, bound there to its struct's member with the values
// it takes. The loader, the environment, `--set` and the test of deploy/vedette.yaml all go by this table.
// To add a key: its member with default and comment in config.h, one line in fields.cpp, one in deploy/vedette.yaml.
// A Field points into the struct that it was made for. Thread-bound.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/effective.h"

namespace vedette::config {

// What stands behind a key: in the file, in a variable, or in a flag.
struct Value {
  enum class Kind { kNothing, kText, kList, kMap };
  Kind kind = Kind::kNothing;
  std::string text;                // kText, variables replaced
  std::vector<std::string> items;  // kList
  std::string shown;               // how a mistake quotes it: as written, so without the values of variables
  std::string folder;              // what relative paths are relative to
};

struct Field {
  using Set = std::function<std::optional<std::string>(const Value&)>;
  std::string name;
  // Stores the value in the struct, or says "what was found; what was expected".
  Set set;
  std::string excludes = {};  // not both of this key and that one
  bool list = false;          // takes a list; with `separator` in a variable or flag
  char separator = ',';
  // Of a list whose items are checked one by one, each mistake at its item: `set` only takes a list, and empties what is there;
  // this appends one (its Value is a text).
  Set append = {};
  // Of a map from words to values: `set` only takes a map, and empties what is there; this stores one pair. In the file alone.
  std::function<std::optional<std::string>(const std::string& word, const Value& value)> put = {};
  // Of a list of maps: appends an item and gives its keys, good until the next is appended. In the file alone.
  std::function<std::vector<Field>()> append_map = {};
  std::size_t most_maps = 0;  // of which it takes so many
  bool changeable = false;    // while it runs: the overrides file may have it (config/overrides.h)
  // What the struct holds, in the shape that the file has it; of a secret only whether there is one. None for what is another
  // key's way in (`password_file`).
  using Get = std::function<Json()>;
  Get get = {};
};
using Fields = std::vector<Field>;

// The whole value with all its items, or the first mistake.
std::optional<std::string> store(const Field& field, const Value& value);

struct Section {
  std::string name;
  Fields fields;
};

// All sections but `cameras`, bound to `config`.
std::vector<Section> sections_of(Config& config);
Fields fields_of(CameraConfig& camera);
Fields fields_of(InputConfig& input);
Fields fields_of(ZoneConfig& zone);
Fields fields_of(rules::Line& line);
Fields fields_of(rules::Rule& rule);
Fields fields_of(WebhookConfig& webhook);
Fields fields_of(HookConfig& hook);
Fields fields_of(UserConfig& user);

// Every key there is: "bus.dir", …, "cameras.*.url", ….
std::vector<std::string> all_keys();

const Field* find_field(const Fields& fields, const std::string& name);
std::vector<std::string> names_of(const Fields& fields);

}  // namespace vedette::config
