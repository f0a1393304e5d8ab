// The roles of users and tokens, each of which may do what those before it may.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace vedette {

enum class Role : std::uint8_t { kViewer, kOperator, kAdmin };

constexpr std::string_view role_name(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kAdmin:
      return "admin";
  }
  return "viewer";
}

constexpr std::optional<Role> role_of(std::string_view name) {
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdmin})
    if (role_name(role) == name) return role;
  return std::nullopt;
}

}  // namespace vedette
