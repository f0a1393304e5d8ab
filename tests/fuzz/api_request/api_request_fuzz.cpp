// What the API makes of a request: any bytes as target, as JSON body, as Range header, as a list's cursor, as the mistakes that
// control tells. First line: the target; second: a Range header; the rest: the body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "gateway/api/event_api.h"
#include "gateway/api/files.h"
#include "gateway/api/openapi.h"
#include "gateway/api/settings_api.h"

using namespace vedette::gateway;
using vedette::Role;

namespace {

Reply echo(const Request& request) { return json_reply(200, dump({{"params", request.params}, {"body", request.body}})); }

RouteTable table_with_all_kinds() {
  RouteTable table;
  Operation query{"x", "y"};
  query.query = {integer_param("limit", "", 1, 500), boolean_param("favourites", ""), text_param("label", "", 1, 64),
                 choice_param("kind", "", {"a", "b"})};
  table.add({"GET", "/api/events", Role::kViewer, echo, query});
  table.add({"GET", "/api/events/{camera}/{id}", Role::kViewer, echo});
  table.add({"GET", "/stream/{camera}.mjpeg", Role::kViewer, echo});
  Operation body{"x", "y"};
  body.body = {required(text_param("name", "", 1, 64)), texts_param("cameras", ""), integer_param("n", "", -5, 5),
               boolean_param("on", ""), structure_param("value", "", {})};
  table.add({"PUT", "/api/{camera}/x", Role::kViewer, echo, body});
  return table;
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const RouteTable table = table_with_all_kinds();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view target = take_line(rest), range = take_line(rest);
  const std::string body(rest);
  if (auto parsed = parse_target(target)) {
    for (const char* method : {"GET", "PUT"}) {
      auto match = table.find(method, parsed->path);
      if (match.route == nullptr) continue;
      Request request;
      request.target = *parsed;
      request.params = match.params;
      for (const auto& [name, text] : match.params) VD_ASSERT(!text.empty() && text.find('/') == std::string::npos, "no part");
      if (refuse_query(match.route->operation, request.target)) continue;
      const auto limit = request.integer("limit");
      VD_ASSERT(!limit || (*limit >= 1 && *limit <= 500), "out of range");
      BodyRead read = match.route->operation.body.empty() ? BodyRead{} : read_body(match.route->operation, body);
      if (read.refusal) continue;
      request.body = std::move(read.json);
      VD_ASSERT(match.route->handler(request).status == 200, "the echo fails");
    }
  }
  if (const auto json = parse_json(body)) VD_ASSERT(parse_json(dump(*json)).ok(), "what was read can't be read again");
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{100}, UINT64_MAX}) {
    const ByteRange found = parse_range(range, length);
    VD_ASSERT(found.kind != ByteRange::Kind::kPart ||
                  (found.bytes > 0 && found.offset < length && found.bytes <= length - found.offset),
              "a part that isn't in the file");
  }
  if (const auto cursor = parse_cursor(range))
    VD_ASSERT(cursor->started_at_ms >= 0 && !cursor->key.camera.empty(), "a cursor of nothing");
  for (const Mistake& mistake : mistakes_in_value(body, "front", "zones"))
    VD_ASSERT(mistake.pointer.starts_with("/value"), "a pointer to elsewhere");
  (void)escape_html(body);
  (void)is_json_type(range);
  return 0;
}
