// The kinds of values that only cameras' keys take; as in binders.h. Used by fields.cpp alone. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "config/fields.h"

namespace vedette::config {

// Something like a path, made absolute, or a URL that is kept as it is: "scheme://…", kExternalCamera, kIngestedCamera,
// kSyntheticPrefix…, kDeviceNamePrefix…. Not empty.
Field source_url(std::string name, std::string& member);
Field name(std::string name, std::string& member);  // an input's; a part of topics' names
Field roles(std::string name, Roles& member);       // a list of words, each once
Field inputs(std::string name, std::vector<InputConfig>& member);
Field picture_size(std::string name, PictureSize& member);                  // auto (0 x 0), 1280x720
Field device_controls(std::string name, std::vector<std::string>& member);  // a list of name=value, each name once
// The points of `value`, or what is wrong with the first that is none.
std::optional<std::string> read_points(const Value& value, std::vector<Point>& points);
std::string points_text(const std::vector<Point>& points);            // which read_points() reads
Field polygon(std::string name, Polygon& member);                     // "0,0 0.3,0 0.3,0.2"
Field rectangle(std::string name, std::optional<Rectangle>& member);  // "0.2,0.3 0.8,0.9"; "": none
Field polygons(std::string name, std::vector<Polygon>& member);       // a list of "0,0 0.3,0 0.3,0.2"; semicolons in a flag

}  // namespace vedette::config
