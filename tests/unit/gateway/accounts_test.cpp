#include "gateway/accounts.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/file.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/unique_fd.h"
#include "users/password.h"

namespace vedette::gateway {
namespace {

using users::User;

// The least that is taken: tests hash a lot.
std::string hash_of(const std::string& password) {
  static std::map<std::string, std::string> made;
  std::string& hash = made[password];
  if (hash.empty()) hash = users::hash_password(password).value();
  return hash;
}

class AccountsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "accounts-XXXXXX";
    options_.storage = ::mkdtemp(pattern.data());
    options_.configured = {{"root", Role::kAdmin, hash_of("the root's own"), {}},
                           {"bert", Role::kViewer, hash_of("a viewer's own"), {"front"}}};
  }
  void TearDown() override { std::filesystem::remove_all(options_.storage); }

  std::unique_ptr<Accounts> open() {
    auto accounts = Accounts::open(options_);
    EXPECT_TRUE(accounts.ok()) << accounts.error().text;
    return *std::move(accounts);
  }
  static std::string log_in(Accounts& accounts, const std::string& name, const std::string& password) {
    const Attempt attempt = accounts.log_in(name, password, "127.0.0.1");
    EXPECT_EQ(attempt.status, 200) << name;
    return attempt.cookie;
  }
  AccountOptions options_;
};

TEST_F(AccountsTest, WhoLogsInIsKnownByTheCookie) {
  const auto accounts = open();
  EXPECT_EQ(accounts->auth(), Accounts::Auth::kUsers);
  EXPECT_EQ(accounts->log_in("bert", "the root's own", "127.0.0.1").status, 401);
  EXPECT_EQ(accounts->log_in("nobody", "the root's own", "127.0.0.1").status, 401);
  EXPECT_EQ(accounts->log_in("bert", "", "127.0.0.1").status, 401);
  const Attempt attempt = accounts->log_in("bert", "a viewer's own", "127.0.0.1");
  ASSERT_EQ(attempt.status, 200);
  const auto identity = accounts->by_cookie(attempt.cookie);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->who.name, "bert");
  EXPECT_EQ(identity->who.role, Role::kViewer);
  EXPECT_TRUE(identity->who.may_see("front"));
  EXPECT_FALSE(identity->who.may_see("yard"));
  EXPECT_EQ(identity->csrf, attempt.identity.csrf);
  EXPECT_EQ(identity->csrf.size(), 64u);
  EXPECT_TRUE(accounts->holds(identity->who.ticket));
  EXPECT_FALSE(accounts->by_cookie(""));
  EXPECT_FALSE(accounts->by_cookie(identity->who.ticket));
  accounts->log_out(attempt.cookie);
  EXPECT_FALSE(accounts->by_cookie(attempt.cookie));
  EXPECT_FALSE(accounts->holds(identity->who.ticket));
}

TEST_F(AccountsTest, GuessesHaveToWait) {
  const auto accounts = open();
  // On a slow machine a guess may take longer than the first waits: until one is long enough to be met.
  std::uint32_t refused = 0;
  for (Attempt guess; guess.status != 429 || guess.retry_after < std::chrono::seconds(4);) {
    guess = accounts->log_in("bert", "wrong wrong", "10.0.0.1");
    refused += guess.status == 401;
  }
  EXPECT_GE(refused, LoginLimit::kFreeByName);
  const Attempt attempt = accounts->log_in("bert", "a viewer's own", "10.0.0.2");
  EXPECT_EQ(attempt.status, 429) << "right guesses too";
  EXPECT_GE(attempt.retry_after.count(), 1);
}

TEST_F(AccountsTest, MadeWhileItRuns) {
  const auto accounts = open();
  ASSERT_TRUE(accounts->add_user("anna", {Role::kOperator, "anna's own one", std::vector<std::string>{"yard"}}));
  EXPECT_FALSE(accounts->add_user("anna", {Role::kViewer, "anna's own one", std::nullopt})) << "twice";
  EXPECT_FALSE(accounts->add_user("carl", {Role::kAdmin, "carl's own one", std::vector<std::string>{"yard"}}));
  EXPECT_FALSE(accounts->add_user("an na", {Role::kViewer, "anna's own one", std::nullopt}));
  EXPECT_FALSE(accounts->add_user("carl", {Role::kViewer, "short", std::nullopt}));
  const std::string cookie = log_in(*accounts, "anna", "anna's own one");
  EXPECT_TRUE(open()->by_cookie(cookie) == std::nullopt) << "logins don't last over a restart";
  EXPECT_EQ(open()->users().size(), 3u) << "users do";
  ASSERT_EQ(accounts->users()[0].user.name, "anna");
  EXPECT_TRUE(accounts->users()[0].at_run_time);
  EXPECT_FALSE(accounts->users()[0].configured);

  ASSERT_TRUE(accounts->change_user("anna", {Role::kViewer, std::nullopt, std::nullopt}));
  EXPECT_FALSE(accounts->by_cookie(cookie)) << "who is changed logs in again";
  EXPECT_EQ(accounts->users()[0].user.cameras, std::vector<std::string>{"yard"}) << "what isn't given stays";
  log_in(*accounts, "anna", "anna's own one");
  ASSERT_TRUE(accounts->remove_user("anna"));
  EXPECT_EQ(accounts->log_in("anna", "anna's own one", "127.0.0.1").status, 401);
  EXPECT_EQ(accounts->remove_user("anna").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(accounts->change_user("anna", {}).error().code, ErrorCode::kNotFound);
}

TEST_F(AccountsTest, TheConfigurationsAreChangedByALayerOverThem) {
  const auto accounts = open();
  EXPECT_EQ(accounts->remove_user("bert").error().code, ErrorCode::kBusy);
  ASSERT_TRUE(accounts->change_user("bert", {std::nullopt, "bert's new one", std::nullopt}));
  EXPECT_EQ(accounts->log_in("bert", "a viewer's own", "127.0.0.1").status, 401);
  log_in(*accounts, "bert", "bert's new one");
  const Accounts::Listed bert = accounts->users()[0];
  EXPECT_TRUE(bert.configured && bert.at_run_time);
  EXPECT_EQ(bert.user.cameras, std::vector<std::string>{"front"});
  ASSERT_TRUE(accounts->remove_user("bert"));
  log_in(*accounts, "bert", "a viewer's own");
}

TEST_F(AccountsTest, OneAdminStays) {
  const auto accounts = open();
  EXPECT_EQ(accounts->change_user("root", {Role::kViewer, std::nullopt, std::nullopt}).error().code, ErrorCode::kBusy);
  options_.configured.clear();
  const auto empty = open();
  EXPECT_EQ(empty->auth(), Accounts::Auth::kNone);
  EXPECT_FALSE(empty->add_user("anna", {Role::kViewer, "anna's own one", std::nullopt})) << "the first is an admin";
  EXPECT_TRUE(empty->add_user("anna", {Role::kAdmin, "anna's own one", std::nullopt}));
  EXPECT_EQ(empty->auth(), Accounts::Auth::kUsers);
}

TEST_F(AccountsTest, TokensOfPrograms) {
  const auto accounts = open();
  const auto made = accounts->add_token("Home Assistant", Role::kViewer, {"front"}, std::nullopt);
  ASSERT_TRUE(made) << made.error().text;
  const Attempt attempt = accounts->by_token(made->text, "127.0.0.1");
  ASSERT_EQ(attempt.status, 200);
  EXPECT_EQ(attempt.identity.who.name, "Home Assistant");
  EXPECT_FALSE(attempt.identity.who.may_see("yard"));
  EXPECT_EQ(attempt.identity.csrf, "");
  EXPECT_EQ(accounts->by_token(made->text.substr(0, made->text.size() - 1), "127.0.0.1").status, 401);
  EXPECT_EQ(accounts->by_token(made->token.sha256, "127.0.0.1").status, 401);
  const Attempt page = accounts->log_in_by_token(made->text, "127.0.0.1");
  ASSERT_EQ(page.status, 200);
  EXPECT_TRUE(accounts->by_cookie(page.cookie));
  EXPECT_TRUE(accounts->holds(attempt.identity.who.ticket));
  const Attempt again = accounts->log_in_by_token(made->text, "127.0.0.1", page.cookie);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.cookie, "") << "the login goes on";
  EXPECT_EQ(again.identity.csrf, page.identity.csrf);
  const std::string berts = log_in(*accounts, "bert", "a viewer's own");
  EXPECT_NE(accounts->log_in_by_token(made->text, "127.0.0.1", berts).cookie, "");
  EXPECT_FALSE(accounts->by_cookie(berts)) << "the one before ends";
  const std::uint64_t before = accounts->generation();
  ASSERT_TRUE(accounts->remove_token(made->token.id));
  EXPECT_GT(accounts->generation(), before);
  EXPECT_EQ(accounts->by_token(made->text, "127.0.0.1").status, 401);
  EXPECT_FALSE(accounts->by_cookie(page.cookie));
  EXPECT_FALSE(accounts->holds(attempt.identity.who.ticket));
  EXPECT_EQ(accounts->remove_token(made->token.id).error().code, ErrorCode::kNotFound);

  const auto old = accounts->add_token("expired", Role::kAdmin, {}, 1);
  ASSERT_TRUE(old);
  EXPECT_EQ(accounts->by_token(old->text, "127.0.0.1").status, 401);
}

TEST_F(AccountsTest, TokensEndWithTheAdminWhoMadeThem) {
  const auto accounts = open();
  for (const char* name : {"anna", "carl"}) ASSERT_TRUE(accounts->add_user(name, {Role::kAdmin, "an admin's own", std::nullopt}));
  const auto add = [&](const std::string& made_by) {
    return accounts->add_token("a program", Role::kAdmin, {}, {}, made_by)->text;
  };
  const auto status = [&](const std::string& text) { return accounts->by_token(text, "127.0.0.1").status; };
  const std::string annas = add("anna"), carls = add("carl"), roots = add("root"), nobodys = add("");
  EXPECT_EQ(accounts->tokens()[0].made_by, "anna");
  // What is made by a program that came with it is hers too.
  const Principal program = accounts->by_token(annas, "127.0.0.1").identity.who;
  EXPECT_EQ(program.user(), "anna");
  EXPECT_EQ(accounts->by_cookie(accounts->log_in_by_token(annas, "127.0.0.1").cookie)->who.user(), "anna");
  EXPECT_EQ(accounts->by_token(nobodys, "127.0.0.1").identity.who.user(), "");
  const std::string by_hers = add(program.user());

  ASSERT_TRUE(accounts->remove_user("anna"));
  EXPECT_EQ(status(annas), 401);
  EXPECT_EQ(status(by_hers), 401);
  EXPECT_FALSE(accounts->holds(program.ticket));
  ASSERT_TRUE(accounts->change_user("carl", {Role::kOperator, std::nullopt, std::nullopt}));
  EXPECT_EQ(status(carls), 401) << "an operator makes none";
  ASSERT_TRUE(accounts->add_user("anna", {Role::kAdmin, "another's own", std::nullopt}));
  ASSERT_TRUE(accounts->change_user("carl", {Role::kAdmin, std::nullopt, std::nullopt}));
  EXPECT_EQ(status(annas), 401) << "another of the same name";
  EXPECT_EQ(status(carls), 401);
  EXPECT_EQ(status(roots), 200);
  EXPECT_EQ(status(nobodys), 200);
  // Of the configuration: removed while it didn't run.
  options_.configured.clear();
  const auto later = open();
  EXPECT_EQ(later->by_token(roots, "127.0.0.1").status, 401);
  EXPECT_EQ(later->by_token(nobodys, "127.0.0.1").status, 200);
}

TEST_F(AccountsTest, TheGatewaysTokenIsNotItsCookie) {
  options_.configured.clear();
  options_.token = "s3cret s";
  const auto accounts = open();
  EXPECT_EQ(accounts->auth(), Accounts::Auth::kToken);
  const Attempt page = accounts->log_in_by_token("s3cret s", "127.0.0.1");
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(page.cookie.find("s3cret"), std::string::npos);
  EXPECT_FALSE(accounts->by_cookie("s3cret s"));
  EXPECT_EQ(accounts->by_token(page.cookie, "127.0.0.1").status, 401);
  const Attempt other = accounts->log_in_by_token("s3cret s", "127.0.0.1");
  EXPECT_NE(other.cookie, page.cookie) << "random: nothing that a guess at the token could be compared with";
  EXPECT_NE(other.identity.csrf, page.identity.csrf);
  EXPECT_FALSE(open()->by_cookie(page.cookie)) << "logins don't last over a restart";
  const auto identity = accounts->by_cookie(page.cookie);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->who.name, "gateway.token");
  EXPECT_EQ(identity->who.role, Role::kAdmin);
  EXPECT_EQ(identity->csrf, page.identity.csrf);
  ASSERT_TRUE(accounts->add_token("a program", Role::kViewer, {}, std::nullopt)) << "a change of the file ends no such login";
  EXPECT_TRUE(accounts->holds(identity->who.ticket));
  accounts->log_out(page.cookie);
  EXPECT_FALSE(accounts->by_cookie(page.cookie));
  EXPECT_FALSE(accounts->holds(identity->who.ticket));
  EXPECT_TRUE(accounts->by_cookie(other.cookie)) << "another browser's goes on";
  for (std::uint32_t i = 0; accounts->by_token("guess " + std::to_string(i), "10.0.0.1").status == 401; ++i) ASSERT_LT(i, 100u);
  EXPECT_EQ(accounts->by_token("s3cret s", "10.0.0.1").status, 429) << "it is short enough to be guessed";
  EXPECT_EQ(accounts->by_token("s3cret s", "10.0.0.2").status, 200);
}

TEST_F(AccountsTest, GuessesAtATokenThatLooksLikeAProgramsHaveToWaitToo) {
  options_.configured.clear();
  options_.token = "vdt_s3cret";
  const auto accounts = open();
  for (std::uint32_t i = 0; accounts->by_token("vdt_" + std::to_string(i), "10.0.0.1").status == 401; ++i) ASSERT_LT(i, 100u);
  EXPECT_EQ(accounts->by_token("vdt_s3cret", "10.0.0.1").status, 429);
  const auto program = accounts->add_token("a program", Role::kViewer, {}, std::nullopt);
  ASSERT_TRUE(program);
  EXPECT_EQ(accounts->by_token(program->text, "10.0.0.1").status, 200) << "nobody guesses that one";
}

TEST_F(AccountsTest, AnotherProgramsChangesHoldSoon) {
  const auto accounts = open();
  const std::string cookie = log_in(*accounts, "bert", "a viewer's own");
  ASSERT_TRUE(users::change_users(options_.storage, [](users::Users& file) -> Result<> {
    file.users.push_back({"bert", Role::kOperator, hash_of("a viewer's own"), {}});
    return {};
  }));
  while (accounts->by_cookie(cookie)) accounts->refresh();
  log_in(*accounts, "bert", "a viewer's own");
  // One that is broken changes nothing; a gateway that starts says so.
  std::ofstream(users::users_path(options_.storage)) << "{";
  accounts->refresh();
  log_in(*accounts, "bert", "a viewer's own");
  const auto refused = Accounts::open(options_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("users.json: not JSON"), std::string::npos) << refused.error().text;
}

// Both on one processor, and the first only while nothing else wants it: it is held up where the second, who waited for the
// file, can go on.
TEST_F(AccountsTest, WhoIsHeldUpPutsNobodyBack) {
  std::filesystem::remove_all(options_.storage);
  std::string pattern = "/dev/shm/accounts-XXXXXX";  // where a write waits for no disk
  options_.storage = ::mkdtemp(pattern.data());
  const auto accounts = open();
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  const auto on_it = [&one](int policy) {
    const sched_param none{};
    EXPECT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(::sched_setscheduler(0, policy, &none), 0);
  };
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(users::change_users(options_.storage, [](users::Users& file) -> Result<> {
      file.users = {{"anna", Role::kAdmin, hash_of("anna's own one"), {}}};
      for (int i = 0; i < 300; ++i)  // a change takes long enough to be met
        file.users.push_back({"user" + std::to_string(i), Role::kViewer, hash_of("a viewer's own"), {}});
      return {};
    }));
    std::atomic<bool> is_over = false;
    std::thread held_up([&] {
      on_it(SCHED_IDLE);
      EXPECT_TRUE(accounts->change_user("bert", {Role::kOperator, std::nullopt, std::nullopt}));
      is_over = true;
    });
    std::thread other([&] {
      const UniqueFd lock(::open((options_.storage + "/users.lock").c_str(), O_RDWR | O_CLOEXEC));
      while (!is_over && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
        ::flock(lock.get(), LOCK_UN);
        std::this_thread::sleep_for(std::chrono::microseconds(20));
      }
      on_it(SCHED_OTHER);
      EXPECT_TRUE(accounts->remove_user("anna"));
    });
    held_up.join();
    other.join();
    for (const Accounts::Listed& listed : accounts->users()) ASSERT_NE(listed.user.name, "anna") << round;
  }
}

TEST_F(AccountsTest, WhereSomebodyWasAskedNobodyGoesOnUnasked) {
  options_.configured.clear();
  const auto accounts = open();
  EXPECT_EQ(accounts->auth(), Accounts::Auth::kNone);
  ASSERT_TRUE(accounts->add_user("anna", {Role::kAdmin, "anna's own one", std::nullopt}));
  const std::string cookie = log_in(*accounts, "anna", "anna's own one");
  std::filesystem::remove(users::users_path(options_.storage));
  while (accounts->by_cookie(cookie)) accounts->refresh();
  EXPECT_EQ(accounts->auth(), Accounts::Auth::kUsers) << "the file went";
  EXPECT_FALSE(accounts->holds(""));
  options_.storage += "/other";
  const auto programs = open();
  const auto token = programs->add_token("a program", Role::kAdmin, {}, std::nullopt);
  ASSERT_TRUE(token);
  EXPECT_EQ(programs->auth(), Accounts::Auth::kToken);
  ASSERT_TRUE(programs->remove_token(token->token.id));
  EXPECT_EQ(programs->auth(), Accounts::Auth::kUsers) << "the last one was removed";
  options_.storage = std::filesystem::path(options_.storage).parent_path();
}

TEST_F(AccountsTest, OpenToTheNetworkSomebodyMustBeThere) {
  options_.configured.clear();
  options_.loopback = false;
  const auto refused = Accounts::open(options_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("gateway.listen"), std::string::npos) << refused.error().text;
  options_.ask = false;
  EXPECT_EQ(open()->auth(), Accounts::Auth::kNone);
  options_.ask = true;
  options_.token = "s3cret s";
  EXPECT_EQ(open()->auth(), Accounts::Auth::kToken);
}

}  // namespace
}  // namespace vedette::gateway
