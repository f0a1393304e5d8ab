// The pictures of the USB cameras of these tests: each of one brightness, sixteen of them by turns; a comment in the file has its
// number. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vedette::test {

std::vector<std::byte> jpeg_of(std::uint32_t number, std::uint32_t width, std::uint32_t height);
std::uint32_t number_in(std::span<const std::byte> file);
int brightness_of(std::span<const std::byte> file);  // in the middle; -1: it can't be decoded
int brightness_of_number(std::uint32_t number);

}  // namespace vedette::test
