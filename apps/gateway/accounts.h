// Accounts: who there is (users of the configuration, users and tokens of <storage>/users.json over them, gateway.token), who of
// them is logged in, and how often somebody may guess. Whoever removes or changes a user or a token ends what they are in the
// middle of: their logins here, their connections by holds().
//
// Thread-safe. Two functions take long (a password's hash) and are for workers' threads: log_in() and those that set a password.
// A users.json that somebody breaks while it runs changes nothing but the log; at start it is refused.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "gateway/login_limit.h"
#include "gateway/logins.h"
#include "gateway/principal.h"
#include "users/users_file.h"

namespace vedette::gateway {

struct AccountOptions {
  std::string storage;                  // the folder; "": nothing is made while it runs
  std::vector<users::User> configured;  // gateway.users
  std::string token;                    // gateway.token
  bool ask = true;                      // false: gateway.auth is none
  bool loopback = true;                 // reached from this machine alone
};

// Who somebody turned out to be, and by what.
struct Identity {
  Principal who;
  std::string csrf;  // what unsafe requests must carry; "": nothing, it wasn't a cookie
};

// What a guess at a password or a token came to.
struct Attempt {
  int status = 401;                    // 200, 401, 429 (wait), 503 (too many guess at once)
  std::chrono::seconds retry_after{};  // with 429 and 503
  std::string cookie;                  // with 200: what its value is to be
  Identity identity;                   // with 200
};

class Accounts {
 public:
  enum class Auth { kNone, kToken, kUsers };
  struct Listed {
    users::User user;          // as it holds
    bool configured = false;   // it is in the configuration
    bool at_run_time = false;  // it is in users.json, which holds where both have it
  };

  static Result<std::unique_ptr<Accounts>> open(AccountOptions options);

  // Who isn't known: goes on as admin; is asked for a token; for name and password. Never kNone again once there were users or
  // tokens.
  Auth auth() const;
  // False: the configuration says that nobody is (gateway.auth: none).
  bool asks() const { return options_.ask; }
  // Looks whether users.json is another one. Cheap: for every request, and once in a while.
  void refresh();
  // Goes up with each change after which holds() may say no.
  std::uint64_t generation() const { return generation_; }
  // Of a connection that goes on: is who opened it (Principal::ticket) still let in? Counts as use of their login.
  bool holds(const std::string& ticket);

  std::optional<Identity> by_cookie(const std::string& value);
  // 200 or 401; 429 where there were too many guesses at a gateway.token that is short enough for them.
  Attempt by_token(const std::string& text, const std::string& address);
  Attempt log_in(const std::string& name, const std::string& password, const std::string& address);
  // With a token instead, for who then goes on with a cookie. `before`: the cookie they came with; a login by this token goes on
  // (and there is no new cookie), another one ends.
  Attempt log_in_by_token(const std::string& text, const std::string& address, const std::string& before = {});
  void log_out(const std::string& cookie);

  std::vector<Listed> users() const;
  std::vector<users::Token> tokens() const;
  // Parts that are none stay; a user that isn't there needs a password. kNotFound, kBusy (the last admin), kInvalidArgument.
  struct Change {
    std::optional<Role> role;
    std::optional<std::string> password;
    std::optional<std::vector<std::string>> cameras;
  };
  Result<> add_user(const std::string& name, const Change& change);
  Result<> change_user(const std::string& name, const Change& change);
  Result<> remove_user(const std::string& name);
  // It ends with the user who made it (Principal::user()), and when they aren't admin any more.
  Result<users::NewToken> add_token(std::string name, Role role, std::vector<std::string> cameras,
                                    std::optional<std::int64_t> expires_ms, std::string made_by = {});
  Result<> remove_token(const std::string& id);

 private:
  explicit Accounts(AccountOptions options);

  Auth auth_locked() const;
  std::optional<Identity> identity_of(const Login* login, const std::string& key) const;
  const users::Token* find_token(const std::string& text) const;
  Result<> check_admins(const std::vector<users::User>& before, const std::vector<users::User>& after) const;
  Result<> change_file(const std::function<Result<>(users::Users&, const std::vector<users::User>& merged)>& change);
  Result<> put_user(const std::string& name, const Change& change, bool is_new);
  bool has_some() const;  // these three with mutex_
  void reload();
  void take(users::Users next);

  const AccountOptions options_;
  const std::string path_;
  std::atomic<std::uint64_t> generation_ = 0;
  std::atomic<int> hashing_ = 0;

  mutable std::mutex mutex_;  // all below
  FileMark seen_;
  std::uint64_t next_look_ns_ = 0;
  users::Users file_;
  std::vector<users::User> merged_;  // as they hold
  bool had_some_ = false;            // users or tokens
  std::string costliest_hash_;
  Logins logins_;
  LoginLimit limit_;
};

}  // namespace vedette::gateway
