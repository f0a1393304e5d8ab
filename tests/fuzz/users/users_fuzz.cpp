// What is read of files and of the configuration about users: any bytes as users.json, as a password's hash, as a name. What is
// taken must come out the same when it is written and read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "config/password_hash.h"
#include "users/users_file.h"

using namespace vedette;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto hash = config::parse_password_hash(text)) {
    VD_ASSERT(hash->memory_kib <= config::kMostHashKib && hash->passes <= config::kMostHashPasses, "a hash that costs too much");
    VD_ASSERT(config::to_phc(*hash) == text, "a hash with two spellings");
  }
  if (config::is_user_name(text)) VD_ASSERT(text.find_first_of("\"\\/\n\r ;=") == std::string_view::npos, "a name to be quoted");
  if (const auto users = users::parse_users(text)) {
    const auto again = users::parse_users(users::to_json(*users));
    VD_ASSERT(again && *again == *users, "users change when they are written");
  }
  return 0;
}
