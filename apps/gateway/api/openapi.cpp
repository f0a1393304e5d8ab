#include "gateway/api/openapi.h"

#include <algorithm>
#include <memory>
#include <set>

#include "gateway/api/schemas.h"

namespace vedette::gateway {
namespace {

using namespace schemas;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string id_of(const Route& route) {
  std::string id = lower(route.method);
  for (const char c : route.path)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      id += c;
    else if (id.back() != '_' && c != '}')
      id += '_';
  return id;
}

Json path_parameter(const std::string& name) {
  Json schema = text();
  if (name == "camera") schema["pattern"] = "^[a-z0-9_-]{1,31}$";
  if (name == "id") schema["pattern"] = "^[0-9]{1,20}$";
  return {{"name", name}, {"in", "path"}, {"required", true}, {"schema", schema}};
}

Json query_parameter(const Param& param) {
  Json json{{"name", param.name}, {"in", "query"}, {"required", param.required}, {"schema", schema_of(param)}};
  if (!param.about.empty()) json["description"] = param.about;
  return json;
}

Json body_of(const Operation& operation) {
  Json properties = Json::object(), required = Json::array();
  for (const Param& param : operation.body) {
    properties[param.name] = param.about.empty() ? schema_of(param) : described(schema_of(param), param.about);
    if (param.required) required.push_back(param.name);
  }
  Json schema{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  return {{"required", true}, {"content", {{"application/json", {{"schema", schema}}}}}};
}

// What any request of this route may be refused with, beside what its entry names.
std::set<int> problems_of(const Route& route) {
  std::set<int> statuses(route.operation.problems.begin(), route.operation.problems.end());
  statuses.insert({400, 401, 403, 405});
  if (route.path.find('{') != std::string::npos) statuses.insert(404);
  if (!route.operation.body.empty()) statuses.insert({413, 415, 422});
  if (route.blocks) statuses.insert(503);
  return statuses;
}

Json responses_of(const Route& route) {
  Json responses = Json::object();
  for (const Answer& answer : route.operation.answers) {
    Json response{{"description", answer.about.empty() ? std::string(reason_of(answer.status)) : answer.about}};
    if (!answer.schema.is_null())
      response["content"] = {{answer.content_type, {{"schema", answer.schema}}}};
    else if (answer.content_type != "application/json")
      response["content"] = {{answer.content_type, Json::object()}};
    responses[std::to_string(answer.status)] = std::move(response);
  }
  for (const int status : problems_of(route))
    if (!responses.contains(std::to_string(status)))
      responses[std::to_string(status)] = {{"$ref", "#/components/responses/Problem"}};
  return responses;
}

Json operation_of(const Route& route) {
  const Operation& operation = route.operation;
  Json json{{"operationId", id_of(route)}, {"tags", {operation.tag}}, {"summary", operation.summary}};
  if (!operation.about.empty()) json["description"] = operation.about;
  json["x-least-role"] = route.least ? Json(role_name(*route.least)) : Json("none");
  Json parameters = Json::array();
  for (const std::string& name : parameters_of(route.path)) parameters.push_back(path_parameter(name));
  for (const Param& param : operation.query) parameters.push_back(query_parameter(param));
  if (!parameters.empty()) json["parameters"] = std::move(parameters);
  if (!operation.body.empty()) json["requestBody"] = body_of(operation);
  json["responses"] = responses_of(route);
  if (!route.least) json["security"] = Json::array();
  return json;
}

Json problem_schema() {
  return with(object({{"type", text()}, {"title", text()}, {"status", integer()}, {"detail", described(text(), "a sentence")}}),
              {{"errors", list(object({{"pointer", described(text(), "into the body, RFC 6901")}, {"detail", text()}}))}});
}

Json components() {
  return {{"schemas", {{"Problem", problem_schema()}}},
          {"responses",
           {{"Problem",
             {{"description", "It can't be done: `detail` says why (RFC 9457)"},
              {"content", {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}}},
          {"securitySchemes",
           {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}},
            {"token", {{"type", "apiKey"}, {"in", "query"}, {"name", "token"}}}}}};
}

}  // namespace

Json openapi_of(const RouteTable& table) {
  Json paths = Json::object();
  for (const Route& route : table.routes())
    if (route.listed) paths[route.path][lower(route.method)] = operation_of(route);
  Json security = Json::array({Json::object(), {{"bearer", Json::array()}}, {{"token", Json::array()}}});
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Vedette"},
            {"version", VEDETTE_VERSION},
            {"description",
             "Cameras, their events, and what is found in their pictures. Times are Unix milliseconds unless their name says "
             "otherwise. Every error is a problem (RFC 9457)."}}},
          {"servers", Json::array({{{"url", "/"}}})},
          {"security", std::move(security)},
          {"paths", std::move(paths)},
          {"components", components()}};
}

void add_docs_routes(RouteTable& table) {
  struct Texts {
    std::string openapi, page;
  };
  const auto texts = std::make_shared<Texts>();
  const auto docs = [](std::string summary, Answer answer) {
    return Operation{.tag = "documents", .summary = std::move(summary), .answers = {std::move(answer)}};
  };
  const auto answer_with = [](std::string body, const char* type) {
    Reply reply = json_reply(200, std::move(body));
    reply.content_type = type;
    return reply;
  };
  table.add({"GET", "/api/openapi.json", Role::kViewer, [texts](const Request&) { return json_reply(200, texts->openapi); },
             docs("This document", {200, "", {{"type", "object"}}})});
  table.add({"GET", "/api/docs", Role::kViewer,
             [texts, answer_with](const Request&) { return answer_with(texts->page, "text/html; charset=utf-8"); },
             docs("A page to read it on", {200, "", {}, "text/html"})});
  table.add({"GET",
             "/api/docs.css",
             Role::kViewer,
             [answer_with](const Request&) { return answer_with(std::string(docs_style()), "text/css; charset=utf-8"); },
             {},
             false,
             false});
  texts->openapi = dump(openapi_of(table));
  texts->page = docs_page_of(table);
}

}  // namespace vedette::gateway
