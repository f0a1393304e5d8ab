// An event as JSON: what lies beside its media, so that the index can be made anew from the files alone. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/event.h"

namespace vedette::store {

std::string to_json(const Event& event);
// kCorrupt for what isn't one: not JSON, a key missing or of another kind, a camera's name that can't be one.
Result<Event> event_from_json(std::string_view text);

}  // namespace vedette::store
