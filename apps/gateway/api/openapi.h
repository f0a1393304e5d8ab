// The OpenAPI 3.1 document of a table of routes, and a page that people read it on. Pure functions.
#pragma once

#include <string>

#include "gateway/api/route.h"

namespace vedette::gateway {

Json openapi_of(const RouteTable& table);
// HTML without scripts and with the one style sheet /api/docs.css; every text of the table is escaped.
std::string docs_page_of(const RouteTable& table);
std::string_view docs_style();

// GET /api/openapi.json, /api/docs, /api/docs.css. Last: they tell of the routes that are there by then, and of themselves.
void add_docs_routes(RouteTable& table);

// "&", "<", ">" and quotes as HTML has them.
std::string escape_html(std::string_view text);

}  // namespace vedette::gateway
