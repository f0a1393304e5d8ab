// The table of routes: method, path, who may, what it takes, what it answers, and the function that does. Routing, 404 and 405,
// the check of roles and cameras, the check of query and body, and the OpenAPI document (api/openapi.h) are all made of it.
//
// A RouteTable is made at the start and read-only from then on: thread-safe. Handlers of routes that block run on a worker's
// thread, several at once; the others on the network thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/api/param.h"
#include "gateway/principal.h"
#include "gateway/reply.h"
#include "gateway/request.h"

namespace vedette::gateway {

// What a handler gets: everything has been checked that the route's table entry says.
struct Request {
  RequestHead head;
  Target target;
  std::map<std::string, std::string, std::less<>> params;  // of the path: "camera" -> "front"
  Principal who;
  Json body;  // an object; null where the route takes none

  const std::string& param(std::string_view name) const;  // asserts that the path has it
  std::optional<std::string> text(std::string_view query_key) const { return target.value(query_key); }
  std::optional<std::int64_t> integer(std::string_view query_key) const;
  bool is_set(std::string_view query_key) const;  // a boolean that is there and true
};

using Handler = std::function<Reply(const Request&)>;

// One way in which a request may end well. Problems are the table's: every route may answer them.
struct Answer {
  int status = 200;
  std::string about;
  Json schema = {};  // null: no body, or one that isn't JSON
  std::string content_type = "application/json";
};

struct Operation {
  std::string tag;  // the section of /api/docs that it stands in
  std::string summary;
  std::string about = {};
  std::vector<Param> query = {};
  bool any_query = false;        // others are passed over instead of refused
  std::vector<Param> body = {};  // members of a JSON object; empty: no body is looked at
  std::vector<Answer> answers = {};
  std::vector<int> problems = {};  // that this one may have beside those that come of the table
};

struct Route {
  std::string method;  // "GET": HEAD too
  // "/api/events/{camera}/{id}": a parameter is a whole part of the path, or its begin ("{camera}.jpg"). A camera must be one
  // that is configured and that who asks may see, else 404.
  std::string path;
  std::optional<Role> least;  // none: everybody, who isn't known yet too
  Handler handler;
  Operation operation = {};
  bool blocks = false;        // its handler waits for files, sockets, other processes
  bool listed = true;         // in the OpenAPI document
  bool past_cameras = false;  // a camera that isn't configured (any more) will do, if who asks sees all of them
};

class RouteTable {
 public:
  // Asserts that no route of this method and path is there.
  void add(Route route);
  const std::vector<Route>& routes() const { return routes_; }

  struct Match {
    const Route* route = nullptr;      // none: no such path, or it has other methods:
    std::vector<std::string> methods;  // those that it has, sorted, with HEAD and OPTIONS; empty: no such path
    std::map<std::string, std::string, std::less<>> params;
  };
  // A path whose parts are all written out goes before one with parameters.
  Match find(std::string_view method, std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

// Of a path against a route's: the parameters; none: it doesn't fit. A parameter has at least one byte.
std::optional<std::map<std::string, std::string, std::less<>>> match_path(std::string_view pattern, std::string_view path);

// Their names, in order.
std::vector<std::string> parameters_of(std::string_view pattern);

// The first unknown or malformed key of the query as a problem 400.
std::optional<Reply> refuse_query(const Operation& operation, const Target& target);
// Reads a JSON object for the operation's body: 400 for what isn't JSON or too deep, 422 with every mistake for what isn't as
// `body` has it.
struct BodyRead {
  Json json;
  std::optional<Reply> refusal;
};
BodyRead read_body(const Operation& operation, const std::string& text);

// Longest JSON body, that of who isn't known yet, how many arrays and objects may stand in one another, how many values there may
// be, and how many mistakes an answer tells.
inline constexpr std::size_t kMaxJsonBytes = 1 << 20;
inline constexpr std::size_t kMaxStrangersJsonBytes = 16 << 10;
inline constexpr int kMaxJsonDepth = 32;
inline constexpr std::size_t kMaxJsonValues = 20'000;
inline constexpr std::size_t kMostMistakes = 20;
// JSON, at most so deep and so many values; the Error says where it ends to be. For bodies, and for whoever reads JSON that came
// over the network.
Result<Json> parse_json(std::string_view text);
// "application/json", with or without parameters.
bool is_json_type(std::string_view content_type);

// What most answers of Error mean in HTTP: 404 for kNotFound, 409 for kBusy, 503 for kUnavailable, ….
int status_of(const Error& error);
Reply problem_of(const Error& error);

}  // namespace vedette::gateway
