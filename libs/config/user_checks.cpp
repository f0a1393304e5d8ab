// What of the gateway needs more than one key: who may get in, and how the page is reached.
#include <algorithm>

#include <fmt/format.h>

#include "config/command_line.h"
#include "config/loader.h"

namespace vedette::config {
void Loader::check_gateway() {
  const GatewayConfig& gateway = config_.gateway;
  const auto add = [this](const std::string& key, const std::string& text) { mistakes_.add(origin_of(key), key, text); };
  const bool asks = !gateway.token.empty() || !gateway.users.empty();
  if (gateway.auth == "none" && asks)
    add("gateway.auth", fmt::format("none, but there {}; expected auto, or none there",
                                    gateway.users.empty() ? "is a gateway.token" : "are gateway.users"));
  if (!is_loopback(gateway.listen) && gateway.auth != "none" && !asks && !has_users_file(config_.storage))
    add("gateway.listen",
        fmt::format("\"{}\" is open to the network; expected users (`vedette user add`, gateway.users), or gateway.token or "
                    "gateway.token_file to be set, or 127.0.0.1 here (or gateway.auth: none, for everybody who reaches it)",
                    gateway.listen));
  if (gateway.tls_cert.empty() != gateway.tls_key.empty())
    add(gateway.tls_cert.empty() ? "gateway.tls_key" : "gateway.tls_cert",
        "one without the other; expected gateway.tls_cert and gateway.tls_key");
}

void Loader::check_users() {
  const std::vector<UserConfig>& users = config_.gateway.users;
  for (std::size_t i = 0; i < users.size(); ++i) {
    const std::string item = fmt::format("gateway.users[{}]", i);
    for (const auto& [name, given] :
         {std::pair{"name", !users[i].name.empty()}, {"password_hash", !users[i].password_hash.empty()}})
      if (!given && !origins_.contains(item + "." + name))
        mistakes_.add(origin_of(item), item, fmt::format("no \"{}:\"; expected it in each", name));
    const auto is_same = [&](const UserConfig& other) { return !other.name.empty() && other.name == users[i].name; };
    if (std::any_of(users.begin(), users.begin() + static_cast<std::ptrdiff_t>(i), is_same))
      mistakes_.add(origin_of(item + ".name"), item + ".name",
                    fmt::format("\"{}\" again; expected each user once", users[i].name));
    if (users[i].role == "admin" && !users[i].cameras.empty())
      mistakes_.add(origin_of(item + ".cameras"), item + ".cameras",
                    "an admin sees all cameras; expected none here, or another role");
    for (const std::string& name : users[i].cameras) {
      const auto is_it = [&name](const CameraConfig& camera) { return camera.name == name; };
      if (std::none_of(config_.cameras.begin(), config_.cameras.end(), is_it))
        mistakes_.add(origin_of(item + ".cameras"), item + ".cameras",
                      fmt::format("\"{}\"; expected cameras that there are", name));
    }
  }
}

}  // namespace vedette::config
