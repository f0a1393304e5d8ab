// A password's Argon2id hash as it stands in files: the PHC string "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>", whose last two
// parts are base64 without padding. Taken apart here without trusting it; made and compared by libs/users. Pure functions,
// thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vedette::config {

struct PasswordHash {
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::uint32_t lanes = 0;
  std::string salt;  // bytes
  std::string hash;

  bool operator==(const PasswordHash&) const = default;
};

// What is taken: from the least memory that is still recommended to as much, and as many passes, as this machine can be asked for
// by who knows nothing but a name.
inline constexpr std::uint32_t kLeastHashKib = 7168;
inline constexpr std::uint32_t kMostHashKib = 262'144;
inline constexpr std::uint32_t kMostHashPasses = 16;
inline constexpr std::uint32_t kMostHashLanes = 8;

inline constexpr std::string_view kAPasswordHash = "an Argon2id hash as `vedette user hash` prints it";

// None for anything but a whole PHC string of Argon2id, version 19, with parameters as above, a salt of 8 to 48 bytes and a hash
// of 16 to 64.
std::optional<PasswordHash> parse_password_hash(std::string_view phc);
std::string to_phc(const PasswordHash& hash);

// 1 to 64 letters (of ASCII), digits, '.', '_', '-', '@', the first a letter or digit.
bool is_user_name(std::string_view name);

}  // namespace vedette::config
