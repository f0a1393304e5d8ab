// ModelText of an opened model: its metadata, and words in its file.
#pragma once

#include <string>

#include "model/backend.h"
#include "model/family.h"

namespace vedette::model {

// What stays valid as long as `backend` does. The file is read when somebody asks for a word in it.
ModelText text_of(const Backend& backend, const std::string& path, std::size_t names);

// False also if the file can't be read.
bool file_mentions(const std::string& path, std::string_view word);

}  // namespace vedette::model
