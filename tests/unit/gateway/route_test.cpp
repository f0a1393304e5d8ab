// The table of routes: which path leads where, what a request is refused for, what the document says of it.
#include "gateway/api/route.h"

#include <gtest/gtest.h>

#include "gateway/api/files.h"
#include "gateway/api/openapi.h"
#include "gateway/api/settings_api.h"

namespace vedette::gateway {
namespace {

Handler nothing() {
  return [](const Request&) { return no_content(); };
}

Target target_of(const std::string& text) { return parse_target(text).value(); }

TEST(MatchPath, WholePartsAndTheirBegins) {
  EXPECT_TRUE(match_path("/api/cameras", "/api/cameras"));
  EXPECT_FALSE(match_path("/api/cameras", "/api/cameras/"));
  EXPECT_FALSE(match_path("/api/cameras", "/api"));
  EXPECT_FALSE(match_path("/api/{camera}", "/api/"));
  EXPECT_EQ(match_path("/api/{camera}/{id}", "/api/front/7")->at("id"), "7");
  EXPECT_EQ(match_path("/stream/{camera}.mjpeg", "/stream/front.mjpeg")->at("camera"), "front");
  EXPECT_FALSE(match_path("/stream/{camera}.mjpeg", "/stream/.mjpeg"));
  EXPECT_FALSE(match_path("/stream/{camera}.mjpeg", "/stream/front.mpeg"));
  EXPECT_EQ(match_path("/{a}", "/{b}")->at("a"), "{b}");
  EXPECT_EQ(match_path("/{a}", "/%2f")->at("a"), "%2f");
}

TEST(RouteTable, WrittenOutGoesBeforeParameters) {
  RouteTable table;
  table.add({"GET", "/api/{thing}", Role::kViewer, nothing()});
  table.add({"GET", "/api/docs", Role::kViewer, nothing()});
  table.add({"PUT", "/api/{thing}", Role::kAdmin, nothing()});
  EXPECT_EQ(table.find("GET", "/api/docs").route->path, "/api/docs");
  EXPECT_EQ(table.find("HEAD", "/api/x").route->path, "/api/{thing}");
  EXPECT_EQ(table.find("GET", "/api/x").params.at("thing"), "x");
  const auto other = table.find("DELETE", "/api/x");
  EXPECT_EQ(other.route, nullptr);
  EXPECT_EQ(other.methods, (std::vector<std::string>{"GET", "HEAD", "OPTIONS", "PUT"}));
  EXPECT_TRUE(table.find("GET", "/").methods.empty());
}

Operation listing() {
  Operation operation{"x", "y"};
  operation.query = {integer_param("limit", "", 1, 500), boolean_param("favourites", ""), text_param("label", "", 1, 8),
                     required(choice_param("kind", "", {"a", "b"}))};
  return operation;
}

TEST(Query, EveryKeyIsKnownOnceAndInRange) {
  EXPECT_FALSE(refuse_query(listing(), target_of("/?kind=a&limit=500&favourites=1&label=person&token=x")));
  for (const char* bad : {"/", "/?kind=c", "/?kind=a&kind=a", "/?kind=a&limit=0", "/?kind=a&limit=501", "/?kind=a&limit=1x",
                          "/?kind=a&limit=99999999999999999999", "/?kind=a&limit=", "/?kind=a&favourites=yes",
                          "/?kind=a&label=", "/?kind=a&label=123456789", "/?kind=a&Limit=1"}) {
    const auto refusal = refuse_query(listing(), target_of(bad));
    ASSERT_TRUE(refusal) << bad;
    EXPECT_EQ(refusal->status, 400);
  }
}

TEST(Body, EveryMistakeIsToldAtOnce) {
  Operation operation{"x", "y"};
  operation.body = {required(text_param("name", "", 1, 4)), texts_param("cameras", ""), integer_param("n", "", -5, 5)};
  EXPECT_EQ(read_body(operation, R"({"name":"anna","cameras":null,"n":-5})").json["name"], "anna");
  EXPECT_FALSE(read_body(operation, R"({"name":"a","cameras":["x"]})").refusal);
  const BodyRead bad = read_body(operation, R"({"name":"anna!","cameras":[1],"n":1.5,"more":0})");
  ASSERT_TRUE(bad.refusal);
  EXPECT_EQ(bad.refusal->status, 422);
  EXPECT_EQ(Json::parse(*bad.refusal->body)["errors"].size(), 4u);
  for (const char* text : {R"({"n":18446744073709551615,"name":"a"})", R"({"name":null})", "null", "3", "[]"})
    EXPECT_EQ(read_body(operation, text).refusal.value().status, 422) << text;
  for (const char* text : {"", "{", "{}}", "{\"name\":\"\xff\"}", "{'name':1}", "NaN", "{\"n\":1e999}"})
    EXPECT_EQ(read_body(operation, text).refusal.value().status, 400) << text;
}

TEST(Body, NoMoreMistakesAreToldThanAnybodyReads) {
  Operation operation{"x", "y"};
  operation.body = {integer_param("n", "", -5, 5)};
  std::string text;
  for (int i = 0; i < 1000; ++i) text += (i == 0 ? "{\"k" : ",\"k") + std::to_string(i) + "\":0";
  EXPECT_EQ(Json::parse(*read_body(operation, text + "}").refusal->body)["errors"].size(), kMostMistakes);
}

TEST(Json, NumberOfValuesIsBounded) {
  const auto list = [](std::size_t values) {
    std::string text = "[0";
    for (std::size_t i = 1; i < values; ++i) text += ",0";
    return text + "]";
  };
  EXPECT_TRUE(parse_json(list(kMaxJsonValues)));
  EXPECT_FALSE(parse_json(list(kMaxJsonValues + 1)));
  EXPECT_TRUE(parse_json("\"" + std::string(2 * kMaxJsonValues, ',') + "\"")) << "those in a text are no values";
}

TEST(Json, DepthIsBounded) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_TRUE(parse_json(nested(kMaxJsonDepth)));
  EXPECT_FALSE(parse_json(nested(kMaxJsonDepth + 1)));
  EXPECT_TRUE(parse_json("\"" + nested(100) + "\\\"" + nested(100) + "\""));
}

TEST(Range, AsTheStandardHasIt) {
  using Kind = ByteRange::Kind;
  const struct {
    const char* header;
    Kind kind;
    std::uint64_t offset, bytes;
  } cases[] = {
      {"", Kind::kWhole, 0, 0},
      {"bytes=0-", Kind::kPart, 0, 100},
      {"bytes=0-0", Kind::kPart, 0, 1},
      {"bytes=10-19", Kind::kPart, 10, 10},
      {"bytes=90-1000", Kind::kPart, 90, 10},
      {"bytes=99-", Kind::kPart, 99, 1},
      {"bytes=0-18446744073709551615", Kind::kPart, 0, 100},
      {"bytes=-1", Kind::kPart, 99, 1},
      {"bytes=-1000", Kind::kPart, 0, 100},
      {"bytes=-0", Kind::kUnsatisfied, 0, 0},
      {"bytes=100-", Kind::kUnsatisfied, 0, 0},
      {"bytes=99999999999999999999999-", Kind::kUnsatisfied, 0, 0},
      {"bytes=5-4", Kind::kWhole, 0, 0},
      {"bytes=-", Kind::kWhole, 0, 0},
      {"bytes=a-b", Kind::kWhole, 0, 0},
      {"bytes=1-2,4-5", Kind::kWhole, 0, 0},
      {"bytes= 1-2", Kind::kWhole, 0, 0},
      {"items=1-2", Kind::kWhole, 0, 0},
  };
  for (const auto& [header, kind, offset, bytes] : cases) {
    const ByteRange range = parse_range(header, 100);
    EXPECT_EQ(range.kind, kind) << header;
    EXPECT_EQ(range.offset, offset) << header;
    EXPECT_EQ(range.bytes, bytes) << header;
  }
  EXPECT_EQ(parse_range("bytes=0-", 0).kind, Kind::kUnsatisfied);
}

TEST(Settings, MistakesPointIntoTheBody) {
  const auto mistakes = mistakes_in_value(
      "value:1:12: cameras.front.zones[0].polygon: \"0,0\"; expected at least 3 points\n"
      "value:1:40: cameras.front.zones[1].name: no value; expected a text\nvalue:1:1: cameras.front.zones: a map; expected a "
      "list",
      "front", "zones");
  ASSERT_EQ(mistakes.size(), 3u);
  EXPECT_EQ(mistakes[0].pointer, "/value/0/polygon");
  EXPECT_EQ(mistakes[0].detail, "\"0,0\"; expected at least 3 points");
  EXPECT_EQ(mistakes[1].pointer, "/value/1/name");
  EXPECT_EQ(mistakes[2].pointer, "/value");
  EXPECT_TRUE(mistakes_in_value("nothing answers on /x/control.sock", "front", "zones").empty());
}

TEST(OpenApi, SaysWhatTheTableSays) {
  RouteTable table;
  Operation list = listing();
  list.answers = {{200, "", {{"type", "object"}}}};
  table.add({"GET", "/api/things/{camera}", Role::kViewer, nothing(), list});
  Operation put{"x", "<b>bold</b> & \"quoted\""};
  put.body = {required(boolean_param("enabled", ""))};
  put.answers = {{204, "done"}};
  table.add({"PUT", "/api/things/{camera}", Role::kAdmin, nothing(), put, true});
  table.add({"GET", "/hidden", Role::kViewer, nothing(), {}, false, false});
  add_docs_routes(table);
  const Json document = openapi_of(table);
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_FALSE(document["paths"].contains("/hidden"));
  EXPECT_TRUE(document["paths"].contains("/api/openapi.json"));
  const Json& get = document["paths"]["/api/things/{camera}"]["get"];
  EXPECT_EQ(get["parameters"].size(), 5u);
  EXPECT_EQ(get["parameters"][0]["in"], "path");
  EXPECT_EQ(get["responses"]["200"]["content"]["application/json"]["schema"]["type"], "object");
  EXPECT_EQ(get["responses"]["404"]["$ref"], "#/components/responses/Problem");
  const Json& change = document["paths"]["/api/things/{camera}"]["put"];
  EXPECT_EQ(change["x-least-role"], "admin");
  EXPECT_EQ(change["requestBody"]["content"]["application/json"]["schema"]["required"], Json::array({"enabled"}));
  for (const char* status : {"204", "400", "401", "403", "404", "405", "413", "415", "422", "503"})
    EXPECT_TRUE(change["responses"].contains(status)) << status;
  const std::string page = docs_page_of(table);
  EXPECT_EQ(page.find("<b>bold</b>"), std::string::npos);
  EXPECT_NE(page.find("&lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot;"), std::string::npos);
  for (const char* forbidden : {"<script", "style=", "onclick", "http://", "https://"})
    EXPECT_EQ(page.find(forbidden), std::string::npos) << forbidden;
}

}  // namespace
}  // namespace vedette::gateway
