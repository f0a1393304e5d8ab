// /api/session, /api/users, /api/tokens, /api/audit: logging in and out, who may get in, and what was done.
#pragma once

#include <string>
#include <vector>

#include "gateway/access.h"
#include "gateway/api/route.h"
#include "gateway/audit.h"

namespace vedette::gateway {

struct AccountParts {
  Access access;
  AuditLog* audit = nullptr;         // null: nothing is told
  std::vector<std::string> cameras;  // that there are
};

void add_account_routes(RouteTable& table, AccountParts parts);

}  // namespace vedette::gateway
