// How often somebody may guess: passwords by address and by name, the gateway's token by address. A few tries are free; each one
// more doubles the time until the next, which right guesses have to wait for too. What nobody tried for a while is forgotten.
// Bounded: with more addresses and names than fit, the one that was quiet longest is forgotten. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace vedette::gateway {

class LoginLimit {
 public:
  static constexpr std::uint32_t kFreeByAddress = 20;
  static constexpr std::uint32_t kFreeByName = 5;
  static constexpr std::chrono::seconds kLongestByAddress{300};
  // Short: who keeps guessing at a name from many addresses keeps its owner out too.
  static constexpr std::chrono::seconds kLongestByName{30};
  static constexpr std::chrono::seconds kForgotten{900};
  static constexpr std::size_t kMost = 4096;

  // Zero: it may be tried now, and counts as failed until forgive(). Else how long to wait; that try doesn't count. `name` "": a
  // token, whose guesses are counted apart: a page that is left open with an old one keeps nobody from logging in.
  std::chrono::seconds take(const std::string& address, const std::string& name, std::uint64_t now_ns);
  // The guess was right.
  void forgive(const std::string& address, const std::string& name);

 private:
  struct Tries {
    std::uint32_t failed = 0;
    std::uint64_t last_ns = 0;
    std::uint64_t next_ns = 0;  // none before
  };
  using Table = std::unordered_map<std::string, Tries>;

  static Tries& tries_of(Table& table, const std::string& key, std::uint64_t now_ns);
  static void count(Tries& tries, std::uint32_t free, std::chrono::seconds longest, std::uint64_t now_ns);

  Table by_address_;
  Table by_name_;
};

// What addresses are told apart by: an IPv4 address, the first 64 bits of an IPv6 address (a home has all of one).
std::string network_of(const std::string& address);

}  // namespace vedette::gateway
