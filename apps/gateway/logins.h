// Who is logged in: one entry for each browser, found by the random id in its cookie. In memory alone: a restart of the gateway
// logs everybody out. Bounded: so many for each user or token, so many in all; then the one that was used longest ago ends. Not
// thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "users/users_file.h"

namespace vedette::gateway {

struct Login {
  users::User user;      // as it was when it logged in
  std::string token_id;  // of the API token that it logged in with, or "gateway.token"; "": with a password
  std::string csrf;      // what an unsafe request has to carry beside the cookie
  std::uint64_t began_ns = 0;
  std::uint64_t used_ns = 0;
};

class Logins {
 public:
  static constexpr std::chrono::hours kIdle{12};
  static constexpr std::chrono::hours kLongest{30 * 24};
  static constexpr std::size_t kMostOfUser = 32;
  static constexpr std::size_t kMost = 4096;

  // Returns the id: for the cookie, kept here by its hash alone.
  std::string begin(const users::User& user, const std::string& token_id, std::uint64_t now_ns);
  // Of an id, or of key_of(id); counts as used. Null: there is none, or it is too old.
  const Login* find(const std::string& id, std::uint64_t now_ns) { return find_key(key_of(id), now_ns); }
  const Login* find_key(const std::string& key, std::uint64_t now_ns);
  void end(const std::string& id) { logins_.erase(key_of(id)); }
  void end_if(const std::function<bool(const Login&)>& ends);

  static std::string key_of(const std::string& id);
  std::size_t size() const { return logins_.size(); }

 private:
  void make_room(const std::string& user, const std::string& token_id, std::uint64_t now_ns);

  std::unordered_map<std::string, Login> logins_;  // by key
};

}  // namespace vedette::gateway
