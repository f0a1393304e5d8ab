#include "gateway/client_message.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace vedette::gateway {

std::optional<Ping> parse_ping(std::string_view text) {
  using Json = nlohmann::json;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto type = json.find("type"), id = json.find("id"), client = json.find("client_ms");
  if (type == json.end() || !type->is_string() || type->get_ref<const std::string&>() != "ping") return std::nullopt;
  if (id == json.end() || !id->is_number_integer() || client == json.end() || !client->is_number()) return std::nullopt;
  const Ping ping{id->get<std::int64_t>(), client->get<double>()};
  if (!std::isfinite(ping.client_ms)) return std::nullopt;
  return ping;
}

std::string pong_json(const Ping& ping, std::uint64_t now_ns) {
  const double now_ms = std::round(static_cast<double>(now_ns) / 1e3) / 1e3;
  return nlohmann::ordered_json{{"type", "pong"}, {"id", ping.id}, {"client_ms", ping.client_ms}, {"now_ms", now_ms}}.dump();
}

}  // namespace vedette::gateway
