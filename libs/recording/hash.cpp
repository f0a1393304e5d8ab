#include "recording/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>

namespace vedette::recording {

std::uint64_t hash_of(std::span<const std::byte> first, std::span<const std::byte> second, std::span<const std::byte> third) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (const auto part : {first, second, third})
    if (!part.empty()) XXH3_64bits_update(&state, part.data(), part.size());
  return XXH3_64bits_digest(&state);
}

std::uint64_t hash_of(const ChunkHeader& header, std::uint64_t offset) {
  return XXH3_64bits_withSeed(&header, offsetof(ChunkHeader, header_hash), offset);
}

}  // namespace vedette::recording
