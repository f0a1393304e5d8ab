// Who asks, and what they may: the roles, each of which may do what those before it may, and the cameras that somebody sees.
//
// Made by Access::check(), carried in its Decision, looked at by the routes. A value, nobody's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::gateway {

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

struct Principal {
  std::string name;  // "": nobody in particular, where nobody is asked who they are
  Role role = Role::kViewer;
  std::vector<std::string> cameras;  // that it sees; empty: all

  bool may(Role least) const { return role >= least; }
  bool may_see(std::string_view camera) const {
    return cameras.empty() || std::find(cameras.begin(), cameras.end(), camera) != cameras.end();
  }
};

}  // namespace vedette::gateway
