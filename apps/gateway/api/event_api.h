// What was recorded, over HTTP: lists of events, each event, its pictures and clips; marking favourites and removing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/route.h"
#include "store/store.h"

namespace vedette::gateway {

// GET /api/events; GET, PATCH, DELETE /api/events/{camera}/{id}; GET …/snapshot.jpg, …/boxed.jpg, …/crop.jpg, …/clip.mp4.
// `storage`: the folder that record writes to; nothing has to be there yet.
void add_event_routes(RouteTable& table, std::string storage);

// Where a list goes on, as a text: "<started_at_ms>.<id>.<camera>".
std::string cursor_text(const store::Event& last);
std::optional<store::Cursor> parse_cursor(std::string_view text);

}  // namespace vedette::gateway
