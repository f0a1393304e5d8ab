#include "gateway/accounts.h"

#include <algorithm>

#include "base/clock.h"
#include "config/password_hash.h"
#include "gateway/access.h"
#include "telemetry/log.h"
#include "users/password.h"

namespace vedette::gateway {
namespace {

using users::Token;
using users::User;
using users::Users;

constexpr std::uint64_t kLookNs = 250'000'000;
// So long a token isn't guessed, however often somebody tries.
constexpr std::size_t kUnguessable = 20;
constexpr std::string_view kApiToken = "vdt_";
constexpr std::string_view kGatewayToken = "gateway.token";
constexpr std::string_view kTicketOfLogin = "login:";
constexpr std::string_view kTicketOfToken = "token:";

std::int64_t now_ms() { return static_cast<std::int64_t>(wall_ns() / 1'000'000); }

bool is_over(const Token& token) { return token.expires_ms && *token.expires_ms <= now_ms(); }

User user_of(const Token& token) { return {token.name, token.role, {}, token.cameras}; }

Principal principal_of(const Token& token, std::string ticket) {
  return {token.name, token.role, token.cameras, std::move(ticket), true, token.made_by};
}

Principal principal_of_gateway_token(std::string ticket) {
  return {std::string(kGatewayToken), Role::kAdmin, {}, std::move(ticket), true};
}

Error not_there(const std::string& what, const std::string& name) {
  return {ErrorCode::kNotFound, "no " + what + " \"" + name + "\""};
}

// One of the few places for who hashes a password; none: all are taken.
class HashPlace {
 public:
  explicit HashPlace(std::atomic<int>& taken) : taken_(taken), is_ours_(++taken <= kAtOnce) {}
  ~HashPlace() { --taken_; }
  HashPlace(const HashPlace&) = delete;
  HashPlace& operator=(const HashPlace&) = delete;
  explicit operator bool() const { return is_ours_; }

 private:
  static constexpr int kAtOnce = 2;
  std::atomic<int>& taken_;
  const bool is_ours_;
};

template <typename T, typename Is>
auto find(std::vector<T>& items, const Is& is) {
  return std::find_if(items.begin(), items.end(), is);
}

std::vector<User> merge(const std::vector<User>& configured, const Users& file) {
  std::vector<User> merged = file.users;
  for (const User& user : configured)
    if (find(merged, [&](const User& known) { return known.name == user.name; }) == merged.end()) merged.push_back(user);
  return merged;
}

const User* find_user(const std::vector<User>& users, const std::string& name) {
  for (const User& user : users)
    if (user.name == name) return &user;
  return nullptr;
}

// Only an admin makes tokens, and who isn't one any more keeps none of them.
void remove_tokens_of_no_admin(Users& file, const std::vector<User>& merged) {
  std::erase_if(file.tokens, [&](const Token& token) {
    const User* maker = find_user(merged, token.made_by);
    return !token.made_by.empty() && (maker == nullptr || maker->role != Role::kAdmin);
  });
}

}  // namespace

Accounts::Accounts(AccountOptions options) : options_(std::move(options)), path_(users::users_path(options_.storage)) {}

Result<std::unique_ptr<Accounts>> Accounts::open(AccountOptions options) {
  std::unique_ptr<Accounts> accounts(new Accounts(std::move(options)));
  const AccountOptions& given = accounts->options_;
  accounts->seen_ = mark_of(accounts->path_);
  if (!given.ask || given.storage.empty()) return accounts;
  VD_ASSIGN(Users users, users::load_users(given.storage));
  accounts->take(std::move(users));
  if (!given.loopback && given.token.empty() && accounts->merged_.empty() && accounts->file_.tokens.empty())
    return Error{ErrorCode::kInvalidArgument, "gateway.listen: open to the network, but nobody may get in: " + accounts->path_ +
                                                  " has no users; expected some (`vedette user add`), or gateway.auth: none"};
  return accounts;
}

Accounts::Auth Accounts::auth_locked() const {
  if (!options_.ask) return Auth::kNone;
  if (!merged_.empty()) return Auth::kUsers;
  if (!options_.token.empty() || !file_.tokens.empty()) return Auth::kToken;
  // Once there was somebody they were removed, or their file went (storage that isn't mounted any more): nobody gets in.
  return options_.loopback && !had_some_ ? Auth::kNone : Auth::kUsers;
}

Accounts::Auth Accounts::auth() const {
  const std::lock_guard lock(mutex_);
  return auth_locked();
}

void Accounts::refresh() {
  const std::lock_guard lock(mutex_);
  const std::uint64_t now = monotonic_ns();
  if (!options_.ask || options_.storage.empty() || now < next_look_ns_) return;
  next_look_ns_ = now + kLookNs;
  if (mark_of(path_) != seen_) reload();
}

bool Accounts::has_some() const { return !merged_.empty() || !file_.tokens.empty(); }

void Accounts::reload() {
  seen_ = mark_of(path_);  // what comes after this is another mark
  auto users = users::load_users(options_.storage);
  if (!users) return log::error("users stay as they are: {}", users.error().text);
  take(*std::move(users));
}

void Accounts::take(Users next) {
  if (next == file_ && !merged_.empty()) return;
  const bool had_some = has_some();
  file_ = std::move(next);
  merged_ = merge(options_.configured, file_);
  remove_tokens_of_no_admin(file_, merged_);  // one whom the configuration had, too
  had_some_ = had_some_ || has_some();
  if (had_some && !has_some() && options_.token.empty())
    log::error("{} has no users or tokens any more: nobody gets in; expected some (`vedette user add`)", path_);
  costliest_hash_.clear();
  std::uint64_t highest = 0;
  for (const User& user : merged_) {
    const auto hash = config::parse_password_hash(user.password_hash);
    const std::uint64_t cost = hash ? std::uint64_t{hash->memory_kib} * hash->passes : 0;
    if (cost > highest) highest = cost, costliest_hash_ = user.password_hash;
  }
  logins_.end_if([this](const Login& login) { return !identity_of(&login, ""); });
  ++generation_;
}

std::optional<Identity> Accounts::identity_of(const Login* login, const std::string& key) const {
  if (login == nullptr) return std::nullopt;
  std::string ticket = std::string(kTicketOfLogin) + key;
  if (login->token_id == kGatewayToken) return Identity{principal_of_gateway_token(std::move(ticket)), login->csrf};
  if (login->token_id.empty()) {
    const User* user = find_user(merged_, login->user.name);
    if (user == nullptr || *user != login->user) return std::nullopt;  // changed since: they log in again
    return Identity{{user->name, user->role, user->cameras, std::move(ticket)}, login->csrf};
  }
  for (const Token& token : file_.tokens)
    if (token.id == login->token_id && user_of(token) == login->user && !is_over(token))
      return Identity{principal_of(token, std::move(ticket)), login->csrf};
  return std::nullopt;
}

bool Accounts::holds(const std::string& ticket) {
  const std::lock_guard lock(mutex_);
  if (auth_locked() == Auth::kNone) return true;
  if (ticket == kGatewayToken) return true;  // it doesn't change while this runs
  if (ticket.starts_with(kTicketOfLogin)) {
    const std::string key = ticket.substr(kTicketOfLogin.size());
    return identity_of(logins_.find_key(key, monotonic_ns()), key).has_value();
  }
  return std::any_of(file_.tokens.begin(), file_.tokens.end(),
                     [&](const Token& token) { return ticket == std::string(kTicketOfToken) + token.sha256 && !is_over(token); });
}

std::optional<Identity> Accounts::by_cookie(const std::string& value) {
  const std::lock_guard lock(mutex_);
  return identity_of(logins_.find(value, monotonic_ns()), Logins::key_of(value));
}

const Token* Accounts::find_token(const std::string& text) const {
  if (!text.starts_with(kApiToken)) return nullptr;
  const std::string hash = users::sha256_hex(text);
  for (const Token& token : file_.tokens)
    if (token.sha256 == hash && !is_over(token)) return &token;
  return nullptr;
}

Attempt Accounts::by_token(const std::string& text, const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (const Token* token = find_token(text))
    return {200, {}, {}, {principal_of(*token, std::string(kTicketOfToken) + token->sha256), {}}};
  const bool guessable = options_.token.size() < kUnguessable && !options_.token.empty();
  if (guessable) {
    const auto wait = limit_.take(address, "", monotonic_ns());
    if (wait.count() > 0) return {429, wait, {}, {}};
  }
  if (options_.token.empty() || !constant_time_equal(text, options_.token)) return {};
  if (guessable) limit_.forgive(address, "");
  return {200, {}, {}, {principal_of_gateway_token(std::string(kGatewayToken)), {}}};
}

Attempt Accounts::log_in_by_token(const std::string& text, const std::string& address, const std::string& before) {
  Attempt attempt = by_token(text, address);
  if (attempt.status != 200) return attempt;
  const std::lock_guard lock(mutex_);
  const Token* token = find_token(text);
  if (token == nullptr && attempt.identity.who.ticket != kGatewayToken) return {};  // removed meanwhile
  const User user = token != nullptr ? user_of(*token) : User{std::string(kGatewayToken), Role::kAdmin, {}, {}};
  const std::string id = token != nullptr ? token->id : std::string(kGatewayToken);
  std::string cookie = before;
  const Login* login = logins_.find(before, monotonic_ns());
  if (login == nullptr || login->token_id != id || login->user != user) {
    logins_.end(before);
    ++generation_;
    cookie = attempt.cookie = logins_.begin(user, id, monotonic_ns());
  }
  const std::string key = Logins::key_of(cookie);
  if (auto identity = identity_of(logins_.find_key(key, monotonic_ns()), key)) attempt.identity = *std::move(identity);
  return attempt;
}

Attempt Accounts::log_in(const std::string& name, const std::string& password, const std::string& address) {
  const HashPlace place(hashing_);
  if (!place) return {503, std::chrono::seconds(1), {}, {}};
  std::optional<User> user;
  std::string like;
  {
    const std::lock_guard lock(mutex_);
    const auto wait = limit_.take(address, name.substr(0, 64), monotonic_ns());
    if (wait.count() > 0) return {429, wait, {}, {}};
    if (const User* known = find_user(merged_, name)) user = *known;
    like = costliest_hash_;
  }
  const bool right = user && users::is_password_of(user->password_hash, password);
  if (!user) users::spend_a_hash(password, like);
  if (!right) return {};
  const std::lock_guard lock(mutex_);
  limit_.forgive(address, name);
  const User* still = find_user(merged_, name);
  if (still == nullptr || *still != *user) return {};  // changed meanwhile
  Attempt attempt{200, {}, logins_.begin(*user, {}, monotonic_ns()), {}};
  const std::string key = Logins::key_of(attempt.cookie);
  if (auto identity = identity_of(logins_.find_key(key, monotonic_ns()), key)) attempt.identity = *std::move(identity);
  return attempt;
}

void Accounts::log_out(const std::string& cookie) {
  const std::lock_guard lock(mutex_);
  logins_.end(cookie);
  ++generation_;
}

std::vector<Accounts::Listed> Accounts::users() const {
  const std::lock_guard lock(mutex_);
  std::vector<Listed> listed;
  const auto is_in = [](const std::vector<User>& users, const std::string& name) {
    return std::any_of(users.begin(), users.end(), [&](const User& user) { return user.name == name; });
  };
  for (const User& user : merged_) listed.push_back({user, is_in(options_.configured, user.name), is_in(file_.users, user.name)});
  std::sort(listed.begin(), listed.end(), [](const Listed& a, const Listed& b) { return a.user.name < b.user.name; });
  return listed;
}

std::vector<Token> Accounts::tokens() const {
  const std::lock_guard lock(mutex_);
  return file_.tokens;
}

// The file is written without the lock: a slow disk holds nobody up. Others may have changed it since, so what holds is what
// stands there, not what we wrote.
Result<> Accounts::change_file(const std::function<Result<>(Users&, const std::vector<User>& merged)>& change) {
  auto written = users::change_users(options_.storage, [&](Users& users) -> Result<> {
    const std::vector<User> before = merge(options_.configured, users);
    VD_TRY(change(users, before));
    const std::vector<User> after = merge(options_.configured, users);
    remove_tokens_of_no_admin(users, after);
    return check_admins(before, after);
  });
  if (!written) return written;
  const std::lock_guard lock(mutex_);
  reload();
  return {};
}

// Who locks everybody out of what only an admin may, does it by accident.
Result<> Accounts::check_admins(const std::vector<User>& before, const std::vector<User>& after) const {
  const auto has_admin = [](const std::vector<User>& users) {
    return std::any_of(users.begin(), users.end(),
                       [](const User& user) { return user.role == Role::kAdmin && user.cameras.empty(); });
  };
  const bool had_none_already = !before.empty() && !has_admin(before);
  if (!options_.token.empty() || had_none_already || has_admin(after) || (before.empty() && after.empty())) return {};
  return Error{ErrorCode::kBusy, "nobody would be admin of all cameras then; expected one to be left"};
}

Result<> Accounts::put_user(const std::string& name, const Change& change, bool is_new) {
  if (!config::is_user_name(name))
    return Error{ErrorCode::kInvalidArgument, "the name; expected up to 64 letters, digits and . _ - @"};
  std::string hash;
  if (change.password) {
    const HashPlace place(hashing_);
    if (!place) return Error{ErrorCode::kUnavailable, "others are logging in at this moment; try again"};
    VD_ASSIGN(hash, users::hash_password(*change.password));
  }
  return change_file([&](Users& users, const std::vector<User>& merged) -> Result<> {
    const User* known = find_user(merged, name);
    if (known != nullptr && is_new) return Error{ErrorCode::kBusy, "there is a user \"" + name + "\" already"};
    if (known == nullptr && !is_new) return not_there("user", name);
    User user = known == nullptr ? User{.name = name} : *known;
    if (!hash.empty()) user.password_hash = hash;
    if (change.role) user.role = *change.role;
    if (change.cameras) user.cameras = *change.cameras;
    VD_TRY(users::check_rights(user.role, user.cameras));
    std::erase_if(users.users, [&](const User& other) { return other.name == name; });
    users.users.push_back(std::move(user));
    return {};
  });
}

Result<> Accounts::add_user(const std::string& name, const Change& change) { return put_user(name, change, true); }
Result<> Accounts::change_user(const std::string& name, const Change& change) { return put_user(name, change, false); }

Result<> Accounts::remove_user(const std::string& name) {
  return change_file([&](Users& users, const std::vector<User>& merged) -> Result<> {
    if (std::erase_if(users.users, [&](const User& user) { return user.name == name; }) > 0) return {};
    if (find_user(merged, name) == nullptr) return not_there("user", name);
    return Error{ErrorCode::kBusy,
                 "\"" + name + "\" stands in the configuration (gateway.users); expected it to be removed there"};
  });
}

Result<users::NewToken> Accounts::add_token(std::string name, Role role, std::vector<std::string> cameras,
                                            std::optional<std::int64_t> expires_ms, std::string made_by) {
  VD_TRY(users::check_rights(role, cameras));
  users::NewToken made = users::new_token(std::move(name), role, std::move(cameras), now_ms(), expires_ms, std::move(made_by));
  VD_TRY(change_file([&](Users& users, const std::vector<User>&) -> Result<> {
    users.tokens.push_back(made.token);
    return {};
  }));
  return made;
}

Result<> Accounts::remove_token(const std::string& id) {
  return change_file([&](Users& users, const std::vector<User>&) -> Result<> {
    if (std::erase_if(users.tokens, [&](const Token& token) { return token.id == id; }) == 0) return not_there("token", id);
    return {};
  });
}

}  // namespace vedette::gateway
