#include "users/users_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace vedette::users {
namespace {

constexpr const char* kHash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

class UsersFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "users-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

Users some() {
  return {
      {{"anna", Role::kAdmin, kHash, {}}, {"bert@example.org", Role::kViewer, kHash, {"front", "yard"}}},
      {{"0123456789abcdef", "Home Assistant", Role::kOperator, {"front"}, std::string(64, 'a'), 17, 1'900'000'000'000, "anna"},
       {"0123456789abcdee", "a \"quoted\" \xc3\xa9", Role::kViewer, {}, std::string(64, 'b'), 18, std::nullopt}}};
}

TEST(UsersJson, ReadsWhatItWrites) {
  const auto read = parse_users(to_json(some()));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(*read, some());
  EXPECT_EQ(*parse_users(to_json({})), Users{});
  EXPECT_EQ(read->tokens[0].made_by, "anna");
  EXPECT_EQ(to_json({{}, {some().tokens[1]}}).find("made_by"), std::string::npos) << "as a file from before it was kept";
}

TEST(UsersJson, SaysWhatIsWrong) {
  struct Case {
    std::string from, to, told;
  };
  for (const Case& wrong :
       {Case{"\"version\": 1", "\"version\": 2", "version: expected 1"},
        Case{"\"anna\"", "\"an na\"", "users[0].name: expected a user's name"},
        Case{"\"admin\"", "\"root\"", "users[0].role: expected viewer, operator or admin"},
        Case{"\"bert@example.org\"", "\"anna\"", "users[1]: expected each once"},
        Case{"\"front\"", "7", "users[1].cameras: expected cameras' names"},
        Case{"\"role\": \"admin\"", "\"role\": \"admin\", \"root\": true", "users[0].root: expected no such member"},
        Case{"$argon2id$", "$argon2i$", "users[0].password_hash: expected an Argon2id hash"},
        Case{"0123456789abcdef", "0123456789ABCDEF", "tokens[0].id: expected 16 hexadecimal digits"},
        Case{"\"created_ms\": 17", "\"created_ms\": \"17\"", "tokens[0].created_ms: expected Unix milliseconds"},
        Case{"\"made_by\": \"anna\"", "\"made_by\": \"\"", "tokens[0].made_by: expected a user's name"},
        Case{"\"tokens\"", "\"tokns\"", "tokens: expected a list"}}) {
    std::string json = to_json(some());
    const std::size_t at = json.find(wrong.from);
    ASSERT_NE(at, std::string::npos) << wrong.from;
    json.replace(at, wrong.from.size(), wrong.to);
    const auto read = parse_users(json);
    ASSERT_FALSE(read) << wrong.to;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(read.error().text, wrong.told);
  }
  for (const char* text : {"", "{", "[]", "null", "7", "{\"version\":1,\"users\":{},\"tokens\":[]}"})
    EXPECT_FALSE(parse_users(text)) << text;
  EXPECT_FALSE(parse_users(std::string(kMostUsersBytes + 1, ' ')));
}

TEST_F(UsersFile, IsForItsOwnerAloneAndWhole) {
  EXPECT_EQ(*load_users(folder_), Users{}) << "none yet";
  const std::string storage = folder_ + "/made/on/the/way";
  ASSERT_TRUE(change_users(storage, [](Users& users) -> Result<> {
    users = some();
    return {};
  }));
  struct ::stat info {};
  ASSERT_EQ(::stat(users_path(storage).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(*load_users(storage), some());
}

TEST_F(UsersFile, AnErrorWritesNothing) {
  ASSERT_TRUE(change_users(folder_, [](Users& users) -> Result<> {
    users = some();
    return {};
  }));
  EXPECT_FALSE(change_users(folder_, [](Users& users) -> Result<> {
    users = {};
    return Error{ErrorCode::kBusy, "no"};
  }));
  EXPECT_FALSE(change_users(folder_, [](Users& users) -> Result<> {
    users.users[0].name = "what wouldn't load";
    return {};
  }));
  EXPECT_EQ(*load_users(folder_), some());
  std::ofstream(users_path(folder_)) << "{";
  const auto read = load_users(folder_);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().text, users_path(folder_) + ": not JSON");
  EXPECT_FALSE(change_users(folder_, [](Users&) -> Result<> { return {}; })) << "a broken file is somebody's to mend";
}

TEST_F(UsersFile, ChangesAtTheSameTimeAllStay) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([this, i] {
      const auto done = change_users(folder_, [i](Users& users) -> Result<> {
        users.users.push_back({"user" + std::to_string(i), Role::kViewer, kHash, {}});
        return {};
      });
      EXPECT_TRUE(done.ok());
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(load_users(folder_)->users.size(), 8u);
}

TEST(NewToken, IsKeptByItsHash) {
  const NewToken made = new_token("Home Assistant", Role::kViewer, {"front"}, 17, std::nullopt, "anna");
  EXPECT_TRUE(made.text.starts_with("vdt_" + made.token.id + "_"));
  EXPECT_EQ(made.text.size(), 4 + 16 + 1 + 64u);
  EXPECT_EQ(to_json({{}, {made.token}}).find(made.text.substr(21)), std::string::npos);
  EXPECT_NE(new_token("", Role::kViewer, {}, 0, std::nullopt, "").text, made.text);
}

}  // namespace
}  // namespace vedette::users
