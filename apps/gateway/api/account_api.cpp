#include "gateway/api/account_api.h"

#include <algorithm>
#include <memory>

#include "base/clock.h"
#include "config/password_hash.h"
#include "gateway/accounts.h"
#include "gateway/api/schemas.h"
#include "users/password.h"

namespace vedette::gateway {
namespace {

using namespace schemas;

constexpr std::int64_t kDayMs = 24 * 3600'000LL;

const std::vector<std::string> kRoles = {"viewer", "operator", "admin"};

std::string_view name_of(Accounts::Auth auth) {
  switch (auth) {
    case Accounts::Auth::kNone:
      return "none";
    case Accounts::Auth::kToken:
      return "token";
    case Accounts::Auth::kUsers:
      return "users";
  }
  return "users";
}

Json cameras_json(const std::vector<std::string>& cameras) { return cameras.empty() ? Json(nullptr) : Json(cameras); }

// Of a body's member: null, or a list without what is in it twice.
std::vector<std::string> cameras_in(const Json& body) {
  std::vector<std::string> cameras;
  if (!body.contains("cameras") || body["cameras"].is_null()) return cameras;
  for (const Json& item : body["cameras"])
    if (const auto name = item.get<std::string>(); std::find(cameras.begin(), cameras.end(), name) == cameras.end())
      cameras.push_back(name);
  return cameras;
}

std::string text_in(const Json& body, const char* name) { return body.contains(name) ? body[name].get<std::string>() : ""; }

void retry_after(Reply& reply, std::chrono::seconds time) {
  if (time.count() > 0) reply.headers.emplace_back("Retry-After", std::to_string(time.count()));
}

class AccountApi {
 public:
  explicit AccountApi(AccountParts parts) : parts_(std::move(parts)) {}

  Reply session(const Request& request) const {
    const Decision decision = parts_.access.check(request.head, request.target);
    if (decision.status != 200) return stranger(decision);
    const auto identity = accounts().by_cookie(parts_.access.cookie_of(request.head));
    return json_reply(200, dump(session_json({decision.who, identity ? identity->csrf : ""})));
  }

  Reply log_in(const Request& request) const {
    const Json& body = request.body;
    const bool by_token = body.contains("token");
    if (by_token ? body.contains("name") || body.contains("password") : !body.contains("name") || !body.contains("password"))
      return problem(422, "expected name and password, or a token alone");
    if (accounts().auth() == Accounts::Auth::kNone) return problem(409, "nobody is asked who they are here");
    const std::string name = text_in(body, "name");
    const Attempt attempt = by_token ? accounts().log_in_by_token(text_in(body, "token"), request.head.remote)
                                     : accounts().log_in(name, text_in(body, "password"), request.head.remote);
    tell_login(request, attempt, by_token ? "" : name);
    if (attempt.status != 200) return refused(attempt, by_token);
    // What the browser had before ends: no login goes on under an id that somebody else may have put there.
    accounts().log_out(parts_.access.cookie_of(request.head));
    Reply reply = json_reply(200, dump(session_json(attempt.identity)));
    reply.headers.emplace_back("Set-Cookie", parts_.access.set_cookie(request.head, attempt.cookie));
    return reply;
  }

  Reply log_out(const Request& request) const {
    if (request.who.role != Role::kViewer || !request.who.name.empty()) tell(request, request.who, "logout", 204, {});
    accounts().log_out(parts_.access.cookie_of(request.head));
    Reply reply = no_content();
    reply.headers.emplace_back("Set-Cookie", parts_.access.set_cookie(request.head, ""));
    return reply;
  }

  Reply users() const {
    Json users = Json::array();
    for (const Accounts::Listed& listed : accounts().users())
      users.push_back({{"name", listed.user.name},
                       {"role", role_name(listed.user.role)},
                       {"cameras", cameras_json(listed.user.cameras)},
                       {"configured", listed.configured},
                       {"at_run_time", listed.at_run_time}});
    return json_reply(200, dump({{"users", std::move(users)}}));
  }

  Reply add_user(const Request& request) const {
    if (auto wrong = refuse_cameras(request.body)) return *std::move(wrong);
    const auto added = accounts().add_user(text_in(request.body, "name"), change_in(request.body));
    if (!added) return problem_of_change(added.error());
    const Json json = user_json(text_in(request.body, "name"));
    return told(json_reply(201, dump(json)), json);
  }

  Reply change_user(const Request& request) const {
    if (auto wrong = refuse_cameras(request.body)) return *std::move(wrong);
    const auto changed = accounts().change_user(request.param("name"), change_in(request.body));
    if (!changed) return problem_of_change(changed.error());
    const Json json = user_json(request.param("name"));
    return told(json_reply(200, dump(json)), json);
  }

  Reply remove_user(const Request& request) const {
    const auto removed = accounts().remove_user(request.param("name"));
    return removed ? no_content() : problem_of_change(removed.error());
  }

  Reply tokens() const {
    Json tokens = Json::array();
    for (const users::Token& token : accounts().tokens()) tokens.push_back(token_json(token));
    return json_reply(200, dump({{"tokens", std::move(tokens)}}));
  }

  Reply add_token(const Request& request) const {
    const Json& body = request.body;
    if (auto wrong = refuse_cameras(body)) return *std::move(wrong);
    std::optional<std::int64_t> expires_ms;
    if (body.contains("days"))
      expires_ms = static_cast<std::int64_t>(wall_ns() / 1'000'000) + body["days"].get<std::int64_t>() * kDayMs;
    const auto made = accounts().add_token(text_in(body, "name"), role_of(text_in(body, "role")).value_or(Role::kViewer),
                                           cameras_in(body), expires_ms, request.who.user());
    if (!made) return problem_of_change(made.error());
    const Json json = token_json(made->token);
    Json shown = json;
    shown["token"] = made->text;
    return told(json_reply(201, dump(shown)), json);
  }

  Reply remove_token(const Request& request) const {
    const auto removed = accounts().remove_token(request.param("id"));
    return removed ? no_content() : problem_of_change(removed.error());
  }

  Reply audit(const Request& request) const {
    if (parts_.audit == nullptr) return json_reply(200, R"({"entries":[]})");
    const auto newest =
        parts_.audit->newest(static_cast<std::size_t>(request.integer("limit").value_or(100)), request.integer("before"));
    if (!newest) return problem_of(newest.error());
    std::string text = R"({"entries":[)";
    for (const std::string& entry : *newest) text += (text.back() == '[' ? "" : ",") + entry;
    return json_reply(200, text + "]}");
  }

 private:
  Accounts& accounts() const { return *parts_.access.accounts(); }

  Json session_json(const Identity& identity) const {
    return {{"name", identity.who.name},
            {"role", role_name(identity.who.role)},
            {"cameras", cameras_json(identity.who.cameras)},
            {"auth", name_of(accounts().auth())},
            {"csrf", identity.csrf}};
  }

  // Who isn't known learns what they are asked for.
  Reply stranger(const Decision& decision) const {
    Reply reply = problem(decision.status, decision.why);
    Json json = Json::parse(*reply.body);
    json["auth"] = name_of(accounts().auth());
    reply.body = std::make_shared<const std::string>(json.dump());
    retry_after(reply, decision.retry_after);
    return reply;
  }

  static Reply refused(const Attempt& attempt, bool by_token) {
    const char* why = attempt.status == 429   ? "too many guesses; wait before the next"
                      : attempt.status == 503 ? "others are logging in at this moment; try again"
                      : by_token              ? "this token isn't known, or not any more"
                                              : "no user of this name has this password";
    Reply reply = problem(attempt.status, why);
    retry_after(reply, attempt.retry_after);
    return reply;
  }

  // What somebody types for a name may be their password.
  void tell_login(const Request& request, const Attempt& attempt, const std::string& name) const {
    const std::vector<Accounts::Listed> users = accounts().users();
    const bool known = std::any_of(users.begin(), users.end(), [&](const auto& listed) { return listed.user.name == name; });
    std::string detail;
    if (attempt.status != 200) detail = name.empty() ? "a token" : known ? "as " + name : "a name that nobody has";
    tell(request, attempt.status == 200 ? std::optional(attempt.identity.who) : std::nullopt, "login", attempt.status, detail);
  }

  void tell(const Request& request, const std::optional<Principal>& who, const char* what, int status, std::string detail) const {
    if (parts_.audit == nullptr) return;
    parts_.audit->add({who ? who->told_name() : "", who ? std::string(role_name(who->role)) : "", request.head.remote, what,
                       status, std::move(detail)});
  }

  static Accounts::Change change_in(const Json& body) {
    Accounts::Change change;
    if (body.contains("role")) change.role = role_of(text_in(body, "role"));
    if (body.contains("password")) change.password = text_in(body, "password");
    if (body.contains("cameras")) change.cameras = cameras_in(body);
    return change;
  }

  std::optional<Reply> refuse_cameras(const Json& body) const {
    for (const std::string& name : cameras_in(body))
      if (std::find(parts_.cameras.begin(), parts_.cameras.end(), name) == parts_.cameras.end())
        return problem(422, "the body doesn't fit", {{"/cameras", "no camera of this name is configured"}});
    return std::nullopt;
  }

  // What is wrong with a value came in the body.
  static Reply problem_of_change(const Error& error) {
    return error.code == ErrorCode::kInvalidArgument ? problem(422, error.text) : problem_of(error);
  }

  Json user_json(const std::string& name) const {
    for (const Accounts::Listed& listed : accounts().users())
      if (listed.user.name == name)
        return {{"name", name}, {"role", role_name(listed.user.role)}, {"cameras", cameras_json(listed.user.cameras)}};
    return {{"name", name}, {"role", "viewer"}, {"cameras", nullptr}};  // removed by somebody else meanwhile
  }

  static Json token_json(const users::Token& token) {
    return {{"id", token.id},
            {"name", token.name},
            {"role", role_name(token.role)},
            {"cameras", cameras_json(token.cameras)},
            {"created_ms", token.created_ms},
            {"expires_ms", token.expires_ms ? Json(*token.expires_ms) : Json(nullptr)},
            {"made_by", token.made_by.empty() ? Json(nullptr) : Json(token.made_by)}};
  }

  // What was made or changed, for the audit log. Names are quoted: one can't look like what follows it.
  static Reply told(Reply reply, const Json& json) {
    for (const char* member : {"id", "role", "name", "cameras"})
      if (json.contains(member))
        reply.told +=
            (reply.told.empty() ? "" : ", ") + std::string(member) + " " + (json[member].is_null() ? "all" : dump(json[member]));
    return reply;
  }

  AccountParts parts_;
};

Json session_schema() {
  return object(
      {{"name", text()},
       {"role", one_of(kRoles)},
       {"cameras", described(or_null(list(text())), "that you see; null: all")},
       {"auth", one_of({"none", "token", "users"})},
       {"csrf", described(text(), "what unsafe requests carry as X-CSRF-Token beside the cookie; \"\": they need none")}});
}

Json user_schema() {
  return object({{"name", text()}, {"role", one_of(kRoles)}, {"cameras", described(or_null(list(text())), "null: all")}});
}

Json token_schema() {
  return object({{"id", text()},
                 {"name", text()},
                 {"role", one_of(kRoles)},
                 {"cameras", described(or_null(list(text())), "null: all")},
                 {"created_ms", integer()},
                 {"expires_ms", or_null(integer())},
                 {"made_by", described(or_null(text()), "the user with whom it ends; null: nobody")}});
}

Operation operation(const char* tag, std::string summary, std::vector<Answer> answers, std::vector<Param> body = {},
                    std::vector<int> problems = {}) {
  return {.tag = tag,
          .summary = std::move(summary),
          .body = std::move(body),
          .answers = std::move(answers),
          .problems = std::move(problems)};
}

Param password_param() {
  return text_param("password", "at least 8 characters", static_cast<std::int64_t>(users::kShortestPassword),
                    static_cast<std::int64_t>(users::kLongestPassword));
}

using ApiPtr = std::shared_ptr<const AccountApi>;

void add_session_routes(RouteTable& table, const ApiPtr& api) {
  const std::string path = "/api/session";
  table.add({"GET", path, std::nullopt, [api](const Request& request) { return api->session(request); },
             operation("session", "Who you are", {{200, "", session_schema()}}, {}, {401, 429})});
  table.add({"POST", path, std::nullopt, [api](const Request& request) { return api->log_in(request); },
             operation("session", "Log in, by name and password or by a token: sets a cookie", {{200, "", session_schema()}},
                       {text_param("name", "", 1, 64),
                        text_param("password", "", 1, static_cast<std::int64_t>(users::kLongestPassword)),
                        text_param("token", "", 1, 256)},
                       {401, 409, 429, 503}),
             true});
  table.add({"DELETE", path, std::nullopt, [api](const Request& request) { return api->log_out(request); },
             operation("session", "Log out: the cookie ends", {{204, "done"}})});
}

void add_user_routes(RouteTable& table, const ApiPtr& api) {
  const std::vector<Param> rights = {choice_param("role", "", kRoles), texts_param("cameras", "that they see; null: all")};
  const auto with_rights = [&](std::vector<Param> body) {
    body.insert(body.end(), rights.begin(), rights.end());
    return body;
  };
  const Json listed = with(user_schema(), {{"configured", described(boolean(), "stands in the configuration")},
                                           {"at_run_time", described(boolean(), "was made or changed while it ran")}});
  table.add({"GET", "/api/users", Role::kAdmin, [api](const Request&) { return api->users(); },
             operation("users", "All users", {{200, "", object({{"users", list(listed)}})}})});
  table.add({"POST", "/api/users", Role::kAdmin, [api](const Request& request) { return api->add_user(request); },
             operation("users", "A new user", {{201, "", user_schema()}},
                       with_rights({required(text_param("name", "", 1, 64)), required(password_param())}), {409, 422, 503}),
             true});
  table.add({"PUT", "/api/users/{name}", Role::kAdmin, [api](const Request& request) { return api->change_user(request); },
             operation("users", "Another password, role or cameras; what isn't given stays. Their logins end",
                       {{200, "", user_schema()}}, with_rights({password_param()}), {404, 409, 422, 503}),
             true});
  table.add({"DELETE", "/api/users/{name}", Role::kAdmin, [api](const Request& request) { return api->remove_user(request); },
             operation("users", "Remove a user, or what was changed of one that the configuration has", {{204, "done"}}, {},
                       {404, 409}),
             true});
}

void add_token_routes(RouteTable& table, const ApiPtr& api) {
  table.add({"GET", "/api/tokens", Role::kAdmin, [api](const Request&) { return api->tokens(); },
             operation("tokens", "All tokens of programs", {{200, "", object({{"tokens", list(token_schema())}})}})});
  table.add({"POST", "/api/tokens", Role::kAdmin, [api](const Request& request) { return api->add_token(request); },
             operation("tokens", "A new token: it is shown this once",
                       {{201, "", with(token_schema(), {{"token", described(text(), "for Authorization: Bearer, or ?token=")}})}},
                       {required(text_param("name", "what it is for", 1, 64)), choice_param("role", "", kRoles),
                        texts_param("cameras", "that it sees; null: all"),
                        integer_param("days", "it ends after; none: never", 1, 3650)},
                       {422}),
             true});
  table.add({"DELETE", "/api/tokens/{id}", Role::kAdmin, [api](const Request& request) { return api->remove_token(request); },
             operation("tokens", "Remove a token", {{204, "done"}}, {}, {404}), true});
}

}  // namespace

void add_account_routes(RouteTable& table, AccountParts parts) {
  const auto api = std::make_shared<const AccountApi>(std::move(parts));
  add_session_routes(table, api);
  add_user_routes(table, api);
  add_token_routes(table, api);
  Operation audit = operation("audit", "What was done, the newest first", {{200, "", object({{"entries", list(anything())}})}});
  audit.query = {integer_param("limit", "", 1, 1000), integer_param("before", "Unix milliseconds", 0, INT64_MAX)};
  table.add({"GET", "/api/audit", Role::kAdmin, [api](const Request& request) { return api->audit(request); }, audit, true});
}

}  // namespace vedette::gateway
