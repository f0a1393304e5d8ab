// Other users than the test's own: children that have given up root for a user and groups that nobody has. As root only;
// anybody else skips by VD_NEED_ROOT(). Thread-bound; forks (support/child.h).
#pragma once

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <functional>
#include <vector>

#include "support/child.h"

namespace vedette::test {

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
};

// The bus's group, its owner, a reader of another uid in the owner's group, and somebody from outside.
inline constexpr gid_t kBusGroup = 64200;
inline const User kOwner{64201, kBusGroup, {}};
inline const User kMember{64202, 64202, {kBusGroup}};
inline const User kAttacker{64203, 64203, {kBusGroup}};
inline const User kStranger{64204, 64204, {}};

inline void become(const User& user) {
  if (::setgroups(user.groups.size(), user.groups.data()) != 0 || ::setresgid(user.gid, user.gid, user.gid) != 0 ||
      ::setresuid(user.uid, user.uid, user.uid) != 0)
    ::_exit(120);
  // Both are lost with the user: /proc/self belongs to root then, and the child would outlive the test.
  ::prctl(PR_SET_DUMPABLE, 1);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
}

inline Child child_of(const User& user, const std::function<int()>& body) {
  return Child([&] {
    become(user);
    return body();
  });
}

// Runs it to its end as `user`; its exit code, or minus its signal.
inline int run_as(const User& user, const std::function<int()>& body) { return child_of(user, body).exit_code(); }

}  // namespace vedette::test

#define VD_NEED_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become other users"
