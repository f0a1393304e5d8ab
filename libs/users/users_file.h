// The users and tokens that were made while it ran: <storage.dir>/users.json, for its owner alone, written whole or not at all.
// It lies over the configuration's users (gateway.users): `vedette user` and the gateway's API write it, the gateway reads it.
//
// Who changes it holds <storage.dir>/users.lock for so long. Functions are thread-safe; every byte of the file is checked.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "users/role.h"

namespace vedette::users {

struct User {
  std::string name;  // config::is_user_name()
  Role role = Role::kViewer;
  std::string password_hash;         // config::parse_password_hash()
  std::vector<std::string> cameras;  // that they see; empty: all

  bool operator==(const User&) const = default;
};

// What a program shows to get in: "vdt_<id>_<secret>". The secret is kept by its hash alone.
struct Token {
  std::string id;    // 16 hexadecimal digits
  std::string name;  // what it is for: 1 to 64 bytes
  Role role = Role::kViewer;
  std::vector<std::string> cameras;
  std::string sha256;  // of the whole text, in hexadecimal
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> expires_ms;
  // The admin whom it goes with; "": gateway.token, or nobody was asked, or a file from before this was kept.
  std::string made_by = {};

  bool operator==(const Token&) const = default;
};

struct Users {
  std::vector<User> users;
  std::vector<Token> tokens;

  bool operator==(const Users&) const = default;
};

inline constexpr std::size_t kMostUsers = 500;
inline constexpr std::size_t kMostTokens = 500;
inline constexpr std::size_t kMostUsersBytes = std::size_t{1} << 20;

// An admin makes users of any rights, so nothing can be kept from one.
Result<> check_rights(Role role, const std::vector<std::string>& cameras);

std::string users_path(const std::string& storage);

// kCorrupt, saying what and where, for anything but what to_json() makes.
Result<Users> parse_users(std::string_view json);
std::string to_json(const Users& users);

// Nothing in it if there is no file.
Result<Users> load_users(const std::string& storage);
// Reads, lets `change` do its work, writes, under the lock; an Error of `change` writes nothing. Makes the folder.
Result<> change_users(const std::string& storage, const std::function<Result<>(Users&)>& change);

// Removes those that a user made; how many there were. For who removes one, or lets them be admin no longer.
std::size_t remove_tokens_of(Users& users, const std::string& maker);

// A new token and, for this once, its text.
struct NewToken {
  Token token;
  std::string text;
};
NewToken new_token(std::string name, Role role, std::vector<std::string> cameras, std::int64_t now_ms,
                   std::optional<std::int64_t> expires_ms, std::string made_by);

}  // namespace vedette::users
