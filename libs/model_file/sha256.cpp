#include "model_file/sha256.h"

#include <openssl/evp.h>

#include "base/file.h"

namespace vedette::model_file {

struct Sha256::State {
  State() { VD_ASSERT(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1, "OpenSSL has SHA-256"); }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::span<const std::byte> bytes) {
  VD_ASSERT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1, "the digest isn't finished yet");
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  VD_ASSERT(EVP_DigestFinal_ex(state_->context.get(), digest, &size) == 1, "the digest isn't finished yet");
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

Result<std::string> sha256_of(const std::string& path) {
  Sha256 hash;
  VD_TRY(read_in_pieces(path, [&](std::string_view piece) { hash.add(std::as_bytes(std::span(piece))); }));
  return hash.hex();
}

}  // namespace vedette::model_file
