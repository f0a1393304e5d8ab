#include "users/users_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/unique_fd.h"
#include "config/password_hash.h"
#include "config/text.h"
#include "users/password.h"

namespace vedette::users {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::size_t kIdDigits = 16;
constexpr std::size_t kSha256Digits = 64;

bool is_hex(const std::string& text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Takes members of one object, each checked, and finds those that nobody took.
class Members {
 public:
  Members(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) fail("", "an object");
  }

  bool has(const char* name) const { return object_.is_object() && object_.contains(name); }

  std::string text(const char* name, const std::function<bool(const std::string&)>& is_good, const char* expected) {
    const Json* member = take(name);
    if (member == nullptr || !member->is_string() || !is_good(member->get_ref<const std::string&>()))
      return fail(name, expected), "";
    return member->get<std::string>();
  }

  std::optional<std::int64_t> time(const char* name, bool required) {
    const Json* member = take(name);
    if (member == nullptr && !required) return std::nullopt;
    if (member == nullptr || !member->is_number_integer()) return fail(name, "Unix milliseconds"), std::nullopt;
    return member->get<std::int64_t>();
  }

  std::vector<std::string> cameras() {
    std::vector<std::string> names;
    const Json* member = take("cameras");
    if (member == nullptr) return names;
    if (!member->is_array() || member->empty()) fail("cameras", "a list of cameras, or none for all");
    for (const Json& item : *member) {
      if (!item.is_string() || !config::is_camera_name(item.get_ref<const std::string&>()))
        return fail("cameras", "cameras' names"), names;
      names.push_back(item.get<std::string>());
    }
    return names;
  }

  Role role() {
    return role_of(text(
                       "role", [](const std::string& text) { return role_of(text).has_value(); }, "viewer, operator or admin"))
        .value_or(Role::kViewer);
  }

  const Json& list(const char* name) {
    static const Json kNone = Json::array();
    const Json* member = take(name);
    if (member != nullptr && member->is_array()) return *member;
    fail(name, "a list");
    return kNone;
  }

  bool is(const char* name, int number) {
    const Json* member = take(name);
    return member != nullptr && member->is_number_integer() && *member == number;
  }

  void fail(const std::string& member, const std::string& expected) {
    if (error_.empty())
      error_ = where_ + (member.empty() ? "" : where_.empty() ? member : "." + member) + ": expected " + expected;
  }

  // What was wrong first, a member that nobody knows too; "": nothing.
  std::string error() {
    if (object_.is_object())
      for (const auto& [name, value] : object_.items())
        if (std::find(taken_.begin(), taken_.end(), name) == taken_.end()) fail(name.substr(0, 40), "no such member");
    return error_;
  }

 private:
  const Json* take(const char* name) {
    taken_.emplace_back(name);
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  const Json& object_;
  std::string where_;
  std::vector<std::string> taken_;
  std::string error_;
};

std::string read_user(const Json& json, const std::string& where, User& user) {
  Members members(json, where);
  user.name = members.text(
      "name", [](const std::string& text) { return config::is_user_name(text); }, "a user's name");
  user.role = members.role();
  user.password_hash = members.text(
      "password_hash", [](const std::string& text) { return config::parse_password_hash(text).has_value(); }, "an Argon2id hash");
  user.cameras = members.cameras();
  return members.error();
}

std::string read_token(const Json& json, const std::string& where, Token& token) {
  Members members(json, where);
  token.id = members.text(
      "id", [](const std::string& text) { return is_hex(text, kIdDigits); }, "16 hexadecimal digits");
  token.name = members.text(
      "name", [](const std::string& text) { return !text.empty() && text.size() <= 64; }, "1 to 64 bytes");
  token.role = members.role();
  token.cameras = members.cameras();
  token.sha256 = members.text(
      "sha256", [](const std::string& text) { return is_hex(text, kSha256Digits); }, "a SHA-256");
  token.created_ms = members.time("created_ms", true).value_or(0);
  token.expires_ms = members.time("expires_ms", false);
  if (members.has("made_by"))
    token.made_by = members.text(
        "made_by", [](const std::string& text) { return config::is_user_name(text); }, "a user's name");
  return members.error();
}

// `Items` of a list: at most so many, no two with the same key.
template <typename T, typename Read, typename Key>
std::string read_list(const Json& list, const char* name, std::size_t most, const Read& read, const Key& key,
                      std::vector<T>& items) {
  if (list.size() > most) return std::string(name) + ": expected at most " + std::to_string(most);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string where = std::string(name) + "[" + std::to_string(i) + "]";
    T item;
    if (std::string wrong = read(list[i], where, item); !wrong.empty()) return wrong;
    if (std::any_of(items.begin(), items.end(), [&](const T& other) { return key(other) == key(item); }))
      return where + ": expected each once";
    items.push_back(std::move(item));
  }
  return {};
}

void add_cameras(Json& json, const std::vector<std::string>& cameras) {
  if (!cameras.empty()) json["cameras"] = cameras;
}

}  // namespace

Result<> check_rights(Role role, const std::vector<std::string>& cameras) {
  if (role != Role::kAdmin || cameras.empty()) return {};
  return Error{ErrorCode::kInvalidArgument, "an admin sees all cameras; expected no list of cameras, or another role"};
}

std::string users_path(const std::string& storage) { return storage + "/users.json"; }

Result<Users> parse_users(std::string_view text) {
  const auto corrupt = [](const std::string& what) { return Error{ErrorCode::kCorrupt, what}; };
  if (text.size() > kMostUsersBytes) return corrupt("expected at most 1 MiB");
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return corrupt("not JSON");
  Users users;
  Members members(json, "");
  if (!members.is("version", kVersion)) members.fail("version", "1");
  const Json& user_list = members.list("users");
  const Json& token_list = members.list("tokens");
  std::string wrong = members.error();
  const auto name_of = [](const User& user) -> const std::string& { return user.name; };
  const auto id_of = [](const Token& token) -> const std::string& { return token.id; };
  if (wrong.empty()) wrong = read_list(user_list, "users", kMostUsers, read_user, name_of, users.users);
  if (wrong.empty()) wrong = read_list(token_list, "tokens", kMostTokens, read_token, id_of, users.tokens);
  if (!wrong.empty()) return corrupt(wrong);
  return users;
}

std::string to_json(const Users& users) {
  Json json{{"version", kVersion}, {"users", Json::array()}, {"tokens", Json::array()}};
  for (const User& user : users.users) {
    Json one{{"name", user.name}, {"role", role_name(user.role)}, {"password_hash", user.password_hash}};
    add_cameras(one, user.cameras);
    json["users"].push_back(std::move(one));
  }
  for (const Token& token : users.tokens) {
    Json one{{"id", token.id}, {"name", token.name}, {"role", role_name(token.role)}};
    add_cameras(one, token.cameras);
    one["sha256"] = token.sha256;
    one["created_ms"] = token.created_ms;
    if (token.expires_ms) one["expires_ms"] = *token.expires_ms;
    if (!token.made_by.empty()) one["made_by"] = token.made_by;
    json["tokens"].push_back(std::move(one));
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Users> load_users(const std::string& storage) {
  const std::string path = users_path(storage);
  auto text = read_file(path);
  if (!text && text.error().code == ErrorCode::kNotFound) return Users{};
  if (!text) return std::move(text).error();
  auto users = parse_users(*text);
  if (!users) return std::move(users).error().in(path);
  return users;
}

Result<> change_users(const std::string& storage, const std::function<Result<>(Users&)>& change) {
  std::error_code error;
  std::filesystem::create_directories(storage, error);  // a failure is told by what follows
  const std::string lock_path = storage + "/users.lock";
  const UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return errno_error(lock_path);
  while (::flock(lock.get(), LOCK_EX) != 0)
    if (errno != EINTR) return errno_error(lock_path);
  VD_ASSIGN(Users users, load_users(storage));
  VD_TRY(change(users));
  if (users.users.size() > kMostUsers || users.tokens.size() > kMostTokens)
    return Error{ErrorCode::kResourceExhausted, "there are 500 already; expected one to be removed first"};
  const std::string json = to_json(users);
  if (auto good = parse_users(json); !good) return std::move(good).error();  // what wouldn't load isn't written
  return write_file(users_path(storage), json, 0600);
}

std::size_t remove_tokens_of(Users& users, const std::string& maker) {
  return std::erase_if(users.tokens, [&](const Token& token) { return token.made_by == maker; });
}

NewToken new_token(std::string name, Role role, std::vector<std::string> cameras, std::int64_t now_ms,
                   std::optional<std::int64_t> expires_ms, std::string made_by) {
  NewToken made;
  made.token = {random_hex(kIdDigits / 2), std::move(name), role, std::move(cameras), {}, now_ms, expires_ms, std::move(made_by)};
  made.text = "vdt_" + made.token.id + "_" + random_hex(32);
  made.token.sha256 = sha256_hex(made.text);
  return made;
}

}  // namespace vedette::users
