// Who asks, and what they may: their role, and the cameras that they see.
//
// Made by Access::check(), carried in its Decision, looked at by the routes. A value, nobody's.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "users/role.h"

namespace vedette::gateway {

struct Principal {
  std::string name;  // "": nobody in particular, where nobody is asked who they are
  Role role = Role::kViewer;
  std::vector<std::string> cameras;  // that they see; empty: all
  std::string ticket;                // what Accounts::holds() knows them by, of connections that go on
  bool is_token = false;             // a program's or gateway.token: `name` is the token's
  std::string made_by = {};          // the user who made this token; "": nobody known

  // Who answers for what this one makes: a user's name; "": nobody who could be removed.
  const std::string& user() const { return is_token ? made_by : name; }

  // In the audit log: a token that is named like a user doesn't look like them.
  std::string told_name() const { return is_token ? "token " + name : name; }

  bool may(Role least) const { return role >= least; }
  bool may_see(std::string_view camera) const {
    return cameras.empty() || std::find(cameras.begin(), cameras.end(), camera) != cameras.end();
  }
};

}  // namespace vedette::gateway
