#include "supervise/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/unique_fd.h"
#include "config/text.h"

namespace vedette::supervise {
namespace {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t bytes = 0;
};

Result<Endpoint> endpoint(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (::getaddrinfo(config::listen_ip(host).c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    return Error{ErrorCode::kInvalidArgument, "gateway.listen: \"" + host + "\" is not an IP address or \"localhost\""};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  Endpoint result;
  std::memcpy(&result.address, found->ai_addr, found->ai_addrlen);
  result.bytes = found->ai_addrlen;
  return result;
}

bool is_any(const std::string& address) { return address == "0.0.0.0" || address == "::"; }

// Addresses of this machine's interfaces that are up, loopback left out.
std::vector<std::string> own_addresses() {
  std::vector<std::string> addresses;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return addresses;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET || (entry->ifa_flags & IFF_UP) == 0 ||
        (entry->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    sockaddr_in address{};
    std::memcpy(&address, entry->ifa_addr, sizeof address);
    char text[INET_ADDRSTRLEN] = {};
    if (::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text) != nullptr) addresses.emplace_back(text);
  }
  return addresses;
}

}  // namespace

Result<std::uint16_t> free_port(const GatewayConfig& config) {
  VD_ASSIGN(const Endpoint wanted, endpoint(config.listen, config.port));
  const UniqueFd probe(::socket(wanted.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe) return errno_error("socket");
  const int yes = 1;
  ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const std::string place = config.listen + " port " + std::to_string(config.port);
  if (::bind(probe.get(), reinterpret_cast<const sockaddr*>(&wanted.address), wanted.bytes) != 0 ||
      ::listen(probe.get(), 1) != 0) {
    if (errno == EADDRINUSE)
      return Error{ErrorCode::kBusy, "the page's address, " + place +
                                         ", is in use by another program; choose another port by --port (make demo PORT=…)"};
    if (errno == EADDRNOTAVAIL)
      return Error{ErrorCode::kInvalidArgument,
                   "the page can't be on " + place + ": this machine has no address " + config.listen + " (gateway.listen)"};
    if (errno == EACCES)
      return Error{ErrorCode::kPermissionDenied,
                   "the page can't be on " + place + ": ports below 1024 need root; choose another one (gateway.port)"};
    return errno_error("the page's address, " + place + " (gateway.listen, gateway.port)");
  }
  Endpoint got;
  got.bytes = sizeof got.address;
  ::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&got.address), &got.bytes);
  const in_port_t port = got.address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&got.address)->sin6_port
                                                           : reinterpret_cast<const sockaddr_in*>(&got.address)->sin_port;
  return ntohs(port);
}

bool answers(const GatewayConfig& config) {
  const std::string host = config.listen == "0.0.0.0" ? "127.0.0.1" : config.listen == "::" ? "::1" : config.listen;
  const auto there = endpoint(host, config.port);
  if (!there.ok()) return false;
  const UniqueFd probe(::socket(there->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return probe && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&there->address), there->bytes) == 0;
}

std::vector<std::string> page_urls(const GatewayConfig& config, bool token_is_of_this_run) {
  std::vector<std::string> hosts = {config.listen};
  if (is_any(config.listen)) hosts = own_addresses();
  if (hosts.empty()) hosts = {"127.0.0.1"};
  std::string query;
  if (!config.token.empty()) query = "?token=" + (token_is_of_this_run ? config.token.value : "<gateway.token>");
  std::vector<std::string> urls;
  for (std::string host : hosts) {
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    urls.push_back((config.tls_cert.empty() ? "http://" : "https://") + host + ":" + std::to_string(config.port) + "/" + query);
  }
  return urls;
}

Result<std::string> new_token() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return errno_error("random numbers");
  std::string token;
  for (const unsigned char byte : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    token += two;
  }
  return token;
}

}  // namespace vedette::supervise
