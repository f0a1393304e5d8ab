#include "config/user_binders.h"

#include "config/binders.h"
#include "config/password_hash.h"

namespace vedette::config {
namespace {

constexpr std::size_t kMostUsers = 100;

}  // namespace

Field user_name(std::string name, std::string& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     if (value.kind != Value::Kind::kText || !is_user_name(value.text))
                       return mistake(value, "a name of up to 64 letters, digits and . _ - @");
                     member = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field password_hash(std::string name, Secret& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     if (value.kind != Value::Kind::kText || !parse_password_hash(value.text))
                       return fmt::format("not a hash that is taken; expected {}", kAPasswordHash);
                     member.value = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member.empty() ? "" : kHidden); });
}

Field users(std::string name, std::vector<UserConfig>& member) {
  Field field{
      std::move(name),
      list_of(member, "a list of users in the file, such as [{name: anna, role: viewer, password_hash: \"$argon2id$…\"}]")};
  field.most_maps = kMostUsers;
  field.append_map = [&member] { return fields_of(member.emplace_back()); };
  field.get = [&member] { return maps_json(member); };
  return field;
}

}  // namespace vedette::config
