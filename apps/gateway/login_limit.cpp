#include "gateway/login_limit.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace vedette::gateway {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

std::uint64_t ns_of(std::chrono::seconds time) { return static_cast<std::uint64_t>(time.count()) * kSecondNs; }

std::string key_of(const std::string& address, const std::string& name) {
  return network_of(address) + (name.empty() ? " token" : "");
}

}  // namespace

std::string network_of(const std::string& address) {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  in6_addr six{};
  if (::inet_pton(AF_INET6, address.c_str(), &six) != 1) return address;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (std::memcmp(six.s6_addr, kMapped.data(), kMapped.size()) == 0) {
    ::inet_ntop(AF_INET, six.s6_addr + kMapped.size(), text.data(), text.size());
    return text.data();
  }
  std::fill(six.s6_addr + 8, six.s6_addr + 16, std::uint8_t{0});
  ::inet_ntop(AF_INET6, &six, text.data(), text.size());
  return text.data();
}

std::chrono::seconds LoginLimit::take(const std::string& address, const std::string& name, std::uint64_t now_ns) {
  Tries& here = tries_of(by_address_, key_of(address, name), now_ns);
  Tries* named = name.empty() ? nullptr : &tries_of(by_name_, name, now_ns);
  const std::uint64_t next_ns = std::max(here.next_ns, named == nullptr ? 0 : named->next_ns);
  if (next_ns > now_ns) return std::chrono::seconds((next_ns - now_ns + kSecondNs - 1) / kSecondNs);
  count(here, kFreeByAddress, kLongestByAddress, now_ns);
  if (named != nullptr) count(*named, kFreeByName, kLongestByName, now_ns);
  return std::chrono::seconds(0);
}

// Of the address only this one try: else who has an account could guess at others' for ever.
void LoginLimit::forgive(const std::string& address, const std::string& name) {
  by_name_.erase(name);
  const auto here = by_address_.find(key_of(address, name));
  if (here == by_address_.end() || here->second.failed == 0) return;
  --here->second.failed;
  here->second.next_ns = 0;
}

LoginLimit::Tries& LoginLimit::tries_of(Table& table, const std::string& key, std::uint64_t now_ns) {
  const auto known = table.find(key);
  if (known != table.end()) {
    if (now_ns - known->second.last_ns > ns_of(kForgotten)) known->second = {};
    return known->second;
  }
  if (table.size() >= kMost)
    table.erase(std::min_element(table.begin(), table.end(),
                                 [](const auto& a, const auto& b) { return a.second.last_ns < b.second.last_ns; }));
  Tries& made = table[key];
  made.last_ns = now_ns;
  return made;
}

void LoginLimit::count(Tries& tries, std::uint32_t free, std::chrono::seconds longest, std::uint64_t now_ns) {
  ++tries.failed;
  tries.last_ns = now_ns;
  if (tries.failed < free) return;
  const std::uint32_t doublings = std::min(tries.failed - free, 16u);
  tries.next_ns = now_ns + std::min(kSecondNs << doublings, ns_of(longest));
}

}  // namespace vedette::gateway
