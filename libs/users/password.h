// Passwords: their hashes made and compared, by Argon2id; and random and hashed secrets for sessions and tokens. A hash costs
// 19 MiB and some tens of milliseconds on purpose: never on a thread that others wait for. Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace vedette::users {

inline constexpr std::size_t kShortestPassword = 8;    // characters, at least that many bytes (NIST SP 800-63B)
inline constexpr std::size_t kLongestPassword = 1024;  // bytes

// What is wrong with it as a new password, as a sentence.
Result<> check_password(std::string_view password);

// As a PHC string (config/password_hash.h) with a salt of its own; of a password that check_password() takes. The cost is what
// OWASP's Password Storage Cheat Sheet recommends at least: 19 MiB, 2 passes, 1 lane.
Result<std::string> hash_password(std::string_view password);
// Whether `phc` is this password's; false for what is no PHC string.
bool is_password_of(std::string_view phc, std::string_view password);
// Takes as long as is_password_of(like, password), and is never right: for names that nobody has. `like`: somebody's; "": as we
// make them.
void spend_a_hash(std::string_view password, std::string_view like);

// So many random bytes, in hexadecimal.
std::string random_hex(std::size_t bytes);
std::string sha256_hex(std::string_view text);

}  // namespace vedette::users
