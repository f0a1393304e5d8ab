// What a detections topic's metadata says: the names of the model's classes, one a line, in the order of class ids.
// Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vedette {

// Line breaks in a name become spaces, so that split() gives as many names as went in.
std::string join_class_names(std::span<const std::string> names);
// One name a line; the last line's break doesn't begin another one.
std::vector<std::string> split_class_names(std::string_view text);
// The class's name; its number, if there are fewer names.
std::string class_name(std::span<const std::string> names, std::size_t id);

}  // namespace vedette
