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
  std::string name;
  // Stores the value in the struct, or says "what was found; what was expected".
  std::function<std::optional<std::string>(const Value&)> set;
  std::string excludes = {};  // not both of this key and that one
  bool list = false;          // takes a list; with commas in a variable or flag
};
using Fields = std::vector<Field>;

struct Section {
  std::string name;
  Fields fields;
};

// All sections but `cameras`, bound to `config`.
std::vector<Section> sections_of(Config& config);
Fields fields_of(CameraConfig& camera);

// Every key there is: "bus.dir", …, "cameras.*.url", ….
std::vector<std::string> all_keys();

const Field* find_field(const Fields& fields, const std::string& name);
std::vector<std::string> names_of(const Fields& fields);

}  // namespace vedette::config
