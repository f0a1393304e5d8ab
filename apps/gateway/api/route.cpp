#include "gateway/api/route.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "base/check.h"

namespace vedette::gateway {
namespace {

using Params = std::map<std::string, std::string, std::less<>>;

// Takes the part up to the next slash off the front of `path`, which begins with one.
std::string_view take_part(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(part.size());
  return part;
}

bool match_part(std::string_view pattern, std::string_view part, Params& params) {
  const std::size_t open = pattern.find('{');
  if (open == std::string_view::npos) return pattern == part;
  const std::size_t close = pattern.find('}');
  const std::string_view name = pattern.substr(open + 1, close - open - 1);
  const std::string_view before = pattern.substr(0, open), behind = pattern.substr(close + 1);
  if (part.size() <= before.size() + behind.size() || !part.starts_with(before) || !part.ends_with(behind)) return false;
  params.emplace(name, part.substr(before.size(), part.size() - before.size() - behind.size()));
  return true;
}

// Nothing here recurses, so depth can't harm the stack, but what is written out again later does; and of an object's members each
// is compared with those before it.
std::optional<Error> refuse_shape(std::string_view text) {
  int depth = 0;
  std::size_t commas = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      ++commas;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxJsonDepth)
        return Error{ErrorCode::kInvalidArgument, fmt::format("JSON of more than {} levels; expected fewer", kMaxJsonDepth)};
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  if (commas < kMaxJsonValues) return std::nullopt;
  return Error{ErrorCode::kInvalidArgument, fmt::format("JSON of more than {} values; expected fewer", kMaxJsonValues)};
}

// RFC 6901.
std::string pointer_to(const std::string& name) {
  std::string pointer = "/";
  for (const char c : name) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return pointer;
}

}  // namespace

const std::string& Request::param(std::string_view name) const {
  const auto found = params.find(name);
  VD_ASSERT(found != params.end(), "a handler asks for a parameter that its path hasn't got");
  return found->second;
}

std::optional<std::int64_t> Request::integer(std::string_view query_key) const {
  const auto text = target.value(query_key);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

bool Request::is_set(std::string_view query_key) const {
  const auto text = target.value(query_key);
  return text && (*text == "true" || *text == "1");
}

std::optional<Params> match_path(std::string_view pattern, std::string_view path) {
  Params params;
  while (!pattern.empty() && !path.empty())
    if (!match_part(take_part(pattern), take_part(path), params)) return std::nullopt;
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return params;
}

std::vector<std::string> parameters_of(std::string_view pattern) {
  std::vector<std::string> names;
  for (std::size_t open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{', open + 1))
    names.emplace_back(pattern.substr(open + 1, pattern.find('}', open) - open - 1));
  return names;
}

void RouteTable::add(Route route) {
  for (const Route& known : routes_)
    VD_ASSERT(known.method != route.method || known.path != route.path, "two routes of one method and path");
  routes_.push_back(std::move(route));
}

RouteTable::Match RouteTable::find(std::string_view method, std::string_view path) const {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  Match match;
  std::set<std::string> methods;
  std::size_t fewest = 0;
  for (const Route& route : routes_) {
    auto params = match_path(route.path, path);
    if (!params) continue;
    methods.insert(route.method);
    if (route.method == "GET") methods.insert("HEAD");
    if (route.method != wanted || (match.route != nullptr && params->size() >= fewest)) continue;
    match.route = &route;
    fewest = params->size();
    match.params = *std::move(params);
  }
  if (!methods.empty()) methods.insert("OPTIONS");
  match.methods.assign(methods.begin(), methods.end());
  return match;
}

std::optional<Reply> refuse_query(const Operation& operation, const Target& target) {
  if (operation.any_query) return std::nullopt;
  std::set<std::string> seen;
  for (const auto& [key, text] : target.query) {
    if (key == "token") continue;  // for access, which has looked at it
    const auto param =
        std::find_if(operation.query.begin(), operation.query.end(), [&, name = key](const Param& p) { return p.name == name; });
    if (param == operation.query.end()) return problem(400, unknown_name("query key", key, operation.query));
    if (!seen.insert(key).second) return problem(400, "query key \"" + key + "\" twice; expected it once");
    if (const auto wrong = mistake_in_text(*param, text)) return problem(400, *wrong);
  }
  for (const Param& param : operation.query)
    if (param.required && !seen.contains(param.name)) return problem(400, "query key \"" + param.name + "\" is missing");
  return std::nullopt;
}

Result<Json> parse_json(std::string_view text) {
  if (auto refusal = refuse_shape(text)) return *std::move(refusal);
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& exception) {
    std::string_view what = exception.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: …"
    if (const std::size_t end = what.find("] "); end != std::string_view::npos) what.remove_prefix(end + 2);
    return Error{ErrorCode::kInvalidArgument, "not valid JSON: " + std::string(what.substr(0, 200))};
  }
}

BodyRead read_body(const Operation& operation, const std::string& text) {
  auto json = parse_json(text);
  if (!json) return {{}, problem(400, json.error().text)};
  if (!json->is_object()) return {{}, problem(422, "the body is no JSON object; expected one", {{"", "expected an object"}})};
  std::vector<Mistake> mistakes;
  for (const auto& [name, value] : json->items()) {
    if (mistakes.size() == kMostMistakes) break;
    const auto param =
        std::find_if(operation.body.begin(), operation.body.end(), [&, key = name](const Param& p) { return p.name == key; });
    if (param == operation.body.end())
      mistakes.push_back({pointer_to(name), unknown_name("member", name, operation.body)});
    else if (auto wrong = mistake_in(*param, value))
      mistakes.push_back({pointer_to(name), *std::move(wrong)});
  }
  for (const Param& param : operation.body)
    if (param.required && !json->contains(param.name)) mistakes.push_back({pointer_to(param.name), "missing"});
  if (mistakes.empty()) return {std::move(json).value(), std::nullopt};
  std::string detail;
  for (const Mistake& mistake : mistakes) detail += (detail.empty() ? "" : "; ") + mistake.pointer + ": " + mistake.detail;
  return {{}, problem(422, detail, mistakes)};
}

bool is_json_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type == "application/json";
}

int status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return 422;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kBusy:
      return 409;
    case ErrorCode::kUnavailable:
    case ErrorCode::kResourceExhausted:
      return 503;
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kIncompatible:
    case ErrorCode::kCorrupt:
    case ErrorCode::kIo:
      break;
  }
  return 500;
}

Reply problem_of(const Error& error) {
  Reply reply = problem(status_of(error), error.text);
  if (reply.status == 503) reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

}  // namespace vedette::gateway
