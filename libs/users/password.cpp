#include "users/password.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/random.h>

#include <cerrno>
#include <vector>

#include "config/password_hash.h"

namespace vedette::users {
namespace {

using config::PasswordHash;

constexpr std::uint32_t kMemoryKib = 19456;
constexpr std::uint32_t kPasses = 2;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;

std::uint8_t* bytes_of(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }

// Argon2id of `password` with the cost and salt of `with`, as long as its hash. Empty: no memory for it.
std::string argon2id(std::string password, PasswordHash with) {
  argon2_context context{};
  context.out = bytes_of(with.hash);
  context.outlen = static_cast<std::uint32_t>(with.hash.size());
  context.pwd = bytes_of(password);
  context.pwdlen = static_cast<std::uint32_t>(password.size());
  context.salt = bytes_of(with.salt);
  context.saltlen = static_cast<std::uint32_t>(with.salt.size());
  context.t_cost = with.passes;
  context.m_cost = with.memory_kib;
  context.lanes = with.lanes;
  context.threads = 1;  // its own: a login takes one core, whoever made the hash
  context.version = ARGON2_VERSION_13;
  context.flags = ARGON2_DEFAULT_FLAGS;
  const bool done = argon2id_ctx(&context) == ARGON2_OK;
  OPENSSL_cleanse(password.data(), password.size());
  return done ? std::move(with.hash) : std::string();
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t got = 0;
  while (got < count) {
    const ssize_t more = ::getrandom(bytes.data() + got, count - got, 0);
    VD_ASSERT(more > 0 || errno == EINTR, "getrandom");  // it doesn't fail otherwise, and nothing goes on without it
    if (more > 0) got += static_cast<std::size_t>(more);
  }
  return bytes;
}

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
  }
  return text;
}

PasswordHash fresh() { return {kMemoryKib, kPasses, 1, random_bytes(kSaltBytes), std::string(kHashBytes, '\0')}; }

}  // namespace

Result<> check_password(std::string_view password) {
  if (password.size() < kShortestPassword)
    return Error{ErrorCode::kInvalidArgument, "the password is too short; expected at least 8 characters"};
  if (password.size() > kLongestPassword)
    return Error{ErrorCode::kInvalidArgument, "the password is too long; expected at most 1024 bytes"};
  return {};
}

Result<std::string> hash_password(std::string_view password) {
  VD_TRY(check_password(password));
  PasswordHash made = fresh();
  made.hash = argon2id(std::string(password), made);
  if (made.hash.empty()) return Error{ErrorCode::kResourceExhausted, "no memory to hash a password: it takes 19 MiB"};
  return config::to_phc(made);
}

bool is_password_of(std::string_view phc, std::string_view password) {
  const auto known = config::parse_password_hash(phc);
  if (!known || password.size() > kLongestPassword) return false;
  const std::string hash = argon2id(std::string(password), *known);
  return hash.size() == known->hash.size() && CRYPTO_memcmp(hash.data(), known->hash.data(), hash.size()) == 0;
}

void spend_a_hash(std::string_view password, std::string_view like) {
  (void)argon2id(std::string(password.substr(0, kLongestPassword)), config::parse_password_hash(like).value_or(fresh()));
}

std::string random_hex(std::size_t bytes) { return hex(random_bytes(bytes)); }

std::string sha256_hex(std::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes_of(digest));
  return hex(digest);
}

}  // namespace vedette::users
