#include "gateway/logins.h"

#include <algorithm>

#include "users/password.h"

namespace vedette::gateway {
namespace {

std::uint64_t ns_of(std::chrono::hours time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
}

bool is_over(const Login& login, std::uint64_t now_ns) {
  return now_ns - login.used_ns > ns_of(Logins::kIdle) || now_ns - login.began_ns > ns_of(Logins::kLongest);
}

}  // namespace

std::string Logins::key_of(const std::string& id) { return users::sha256_hex(id); }

std::string Logins::begin(const users::User& user, const std::string& token_id, std::uint64_t now_ns) {
  make_room(user.name, token_id, now_ns);
  std::string id = users::random_hex(32);
  logins_.emplace(key_of(id), Login{user, token_id, users::random_hex(32), now_ns, now_ns});
  return id;
}

const Login* Logins::find_key(const std::string& key, std::uint64_t now_ns) {
  const auto found = logins_.find(key);
  if (found == logins_.end()) return nullptr;
  if (is_over(found->second, now_ns)) return logins_.erase(found), nullptr;
  found->second.used_ns = now_ns;
  return &found->second;
}

void Logins::end_if(const std::function<bool(const Login&)>& ends) {
  std::erase_if(logins_, [&](const auto& entry) { return ends(entry.second); });
}

// A token may be named like a user.
void Logins::make_room(const std::string& user, const std::string& token_id, std::uint64_t now_ns) {
  end_if([now_ns](const Login& login) { return is_over(login, now_ns); });
  const auto end_oldest = [this](const std::function<bool(const Login&)>& counts, std::size_t most) {
    auto oldest = logins_.end();
    std::size_t count = 0;
    for (auto entry = logins_.begin(); entry != logins_.end(); ++entry) {
      if (!counts(entry->second)) continue;
      ++count;
      if (oldest == logins_.end() || entry->second.used_ns < oldest->second.used_ns) oldest = entry;
    }
    if (count >= most) logins_.erase(oldest);
  };
  end_oldest([&](const Login& login) { return login.user.name == user && login.token_id == token_id; }, kMostOfUser);
  end_oldest([](const Login&) { return true; }, kMost);
}

}  // namespace vedette::gateway
