// Boxes as the text files of the MOT Challenge have them: a line each, `frame,id,left,top,width,height,conf,class,visibility`, in
// pixels, frames from 1 on. A truth's conf is 1, or 0 for a box that isn't to be counted; a detection's id is -1, its conf the
// score. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vedette::mot {

struct Row {
  std::int64_t frame = 1;
  std::int64_t id = -1;
  double left = 0, top = 0, width = 0, height = 0;
  double conf = 1;
  int class_id = 1;       // 1: a pedestrian
  double visibility = 1;  // 0..1
};

// At least the first seven fields of each line, in order of frames or not; lines that are empty or begin with # are skipped.
// The Error names `name` and the line.
Result<std::vector<Row>> rows_from_text(std::string_view text, const std::string& name);

std::string text_of_rows(const std::vector<Row>& rows);

}  // namespace vedette::mot
