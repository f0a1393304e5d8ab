// The one place that knows the hash of a recording. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "recording/format.h"

namespace vedette::recording {

std::uint64_t hash_of(std::span<const std::byte> first, std::span<const std::byte> second = {},
                      std::span<const std::byte> third = {});
// Of all of a header but the hash itself.
std::uint64_t hash_of(const ChunkHeader& header, std::uint64_t offset);

}  // namespace vedette::recording
