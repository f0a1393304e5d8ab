// The page /api/docs: a section for each tag, an item for each operation.
#include <fmt/format.h>

#include <map>

#include "gateway/api/openapi.h"

namespace vedette::gateway {
namespace {

std::string pretty(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

std::string parameters_table(const Json& operation) {
  if (!operation.contains("parameters")) return {};
  std::string rows;
  for (const Json& parameter : operation["parameters"])
    rows += fmt::format("<tr><td><code>{}</code></td><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
                        escape_html(parameter["name"].get<std::string>()), escape_html(parameter["in"].get<std::string>()),
                        escape_html(dump(parameter["schema"])), escape_html(parameter.value("description", "")));
  return "<table><caption>Parameters</caption><thead><tr><th>name</th><th>in</th><th>schema</th><th></th></tr></thead><tbody>" +
         rows + "</tbody></table>";
}

std::string schema_block(const std::string& title, const Json& content) {
  std::string text;
  for (const auto& [type, what] : content.items()) {
    text += fmt::format("<h4>{} <code>{}</code></h4>", title, escape_html(type));
    if (what.contains("schema")) text += "<pre><code>" + escape_html(pretty(what["schema"])) + "</code></pre>";
  }
  return text;
}

std::string answers_of(const Json& responses) {
  std::string text, problems;
  for (const auto& [status, response] : responses.items()) {
    if (response.contains("$ref")) {
      problems += (problems.empty() ? "" : ", ") + status;
      continue;
    }
    text += fmt::format("<p><b>{}</b> {}</p>", escape_html(status), escape_html(response.value("description", "")));
    if (response.contains("content")) text += schema_block("Body", response["content"]);
  }
  return text + (problems.empty() ? "" : "<p><b>" + escape_html(problems) + "</b> a problem (RFC 9457)</p>");
}

std::string operation_item(const std::string& path, const std::string& method, const Json& operation) {
  const std::string role = operation["x-least-role"].get<std::string>();
  std::string text = fmt::format(
      "<details><summary><span class=\"method {0}\">{0}</span> <code>{1}</code> <span class=\"what\">{2}</span> "
      "<span class=\"role\">{3}</span></summary><div class=\"body\">",
      escape_html(method), escape_html(path), escape_html(operation["summary"].get<std::string>()),
      role == "none" ? "everybody" : escape_html(role));
  if (operation.contains("description")) text += "<p>" + escape_html(operation["description"].get<std::string>()) + "</p>";
  text += parameters_table(operation);
  if (operation.contains("requestBody")) text += schema_block("Request body", operation["requestBody"]["content"]);
  return text + answers_of(operation["responses"]) + "</div></details>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string docs_page_of(const RouteTable& table) {
  const Json document = openapi_of(table);
  std::vector<std::string> tags;  // in the order they come
  std::map<std::string, std::string> sections;
  for (const auto& [path, methods] : document["paths"].items())
    for (const auto& [method, operation] : methods.items()) {
      const std::string tag = operation["tags"][0].get<std::string>();
      if (!sections.contains(tag)) tags.push_back(tag);
      sections[tag] += operation_item(path, method, operation);
    }
  std::string text = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Vedette: the API</title>"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"stylesheet\" href=\"/api/docs.css\">"
      "</head>\n<body><main>\n<h1>Vedette <small>{}</small></h1>\n<p>{}</p>\n"
      "<p>The same for programs: <a href=\"/api/openapi.json\">/api/openapi.json</a> (OpenAPI 3.1). Beside each operation stands "
      "the "
      "least role that may.</p>\n",
      escape_html(document["info"]["version"].get<std::string>()),
      escape_html(document["info"]["description"].get<std::string>()));
  for (const std::string& tag : tags)
    text += fmt::format("<section><h2>{}</h2>\n{}</section>\n", escape_html(tag), sections[tag]);
  return text + "</main></body>\n</html>\n";
}

std::string_view docs_style() {
  return R"(:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 small, .role { font-size: .8rem; font-weight: normal; opacity: .75; }
h2 { margin: 2rem 0 .5rem; text-transform: capitalize; }
h4 { margin: .75rem 0 .25rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; }
summary { padding: .5rem .75rem; cursor: pointer; overflow-wrap: anywhere; }
.body { padding: 0 .75rem .75rem; border-top: 1px solid var(--line); }
.method { display: inline-block; min-width: 4.5em; font: bold .8rem ui-monospace, monospace; text-transform: uppercase; }
.role { float: right; border: 1px solid var(--line); border-radius: 1em; padding: 0 .6em; }
table { width: 100%; border-collapse: collapse; }
caption, th, td { text-align: left; vertical-align: top; padding: .2rem .5rem .2rem 0; }
td { border-top: 1px solid var(--line); overflow-wrap: anywhere; }
pre { background: var(--soft); padding: .5rem; overflow: auto; max-height: 30rem; border-radius: .3rem; }
code { font: .85em ui-monospace, monospace; }
)";
}

}  // namespace vedette::gateway
