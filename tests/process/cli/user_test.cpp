// `vedette user` as somebody types it: the password from a pipe, and from a terminal that doesn't show it.
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "support/program.h"

namespace vedette::test {
namespace {

struct Ran {
  int status = -1;
  std::string out;
};

class UserCommand : public testing::Test {
 protected:
  // `input`: what comes by a pipe.
  Ran run(const std::string& words, const std::string& input = "") const {
    Ran ran;
    const std::string from = folder_.write("input", input);
    FILE* pipe = ::popen((VEDETTE_BIN_DIR "/vedette user " + words + place(words) + " <" + from + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return ran;
    std::array<char, 4096> piece{};
    while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe)) ran.out.append(piece.data(), got);
    const int status = ::pclose(pipe);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
  }

  // The same on a terminal, where each of `typed` follows a ": ".
  Ran type(const std::string& words, const std::vector<std::string>& typed) const {
    Ran ran;
    int terminal = -1;
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
      const std::string line = VEDETTE_BIN_DIR "/vedette user " + words + place(words);
      ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
      ::_exit(127);
    }
    std::size_t answered = 0, looked = 0;
    std::array<char, 4096> piece{};
    for (ssize_t got = 0; (got = ::read(terminal, piece.data(), piece.size())) > 0;) {
      ran.out.append(piece.data(), static_cast<std::size_t>(got));
      const std::size_t question = ran.out.find(": ", looked);
      if (question == std::string::npos || answered == typed.size()) continue;
      looked = question + 2;
      const std::string answer = typed[answered++] + "\n";
      EXPECT_EQ(::write(terminal, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    ::close(terminal);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
  }

  std::string file() const { return read_file(folder_.file("storage/users.json")); }

  TempFolder folder_{testing::TempDir()};

 private:
  std::string place(const std::string& words) const {
    return words.starts_with("hash") ? "" : " --set storage.dir=" + folder_.file("storage") + " -c " + config_;
  }
  std::string config_ =
      folder_.write("vedette.yaml", "cameras:\n  front:\n    url: \"synthetic:\"\n  yard:\n    url: \"synthetic:\"\n");
};

TEST_F(UserCommand, AddsChangesListsAndRemoves) {
  const Ran viewer = run("add bert --role viewer --camera front", "a viewer's own\n");
  EXPECT_EQ(viewer.status, 0) << viewer.out;
  EXPECT_NE(viewer.out.find("nobody is admin yet"), std::string::npos) << viewer.out;
  const Ran admin = run("add anna --role admin", "anna's own one\n");
  EXPECT_EQ(admin.status, 0) << admin.out;
  EXPECT_EQ(admin.out.find("nobody is admin"), std::string::npos) << admin.out;
  EXPECT_EQ(file().find("own"), std::string::npos) << "no password, only its hash";
  EXPECT_EQ(std::filesystem::status(folder_.file("storage/users.json")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);

  std::string before = file();
  EXPECT_EQ(run("password bert", "another one of his\n").status, 0);
  EXPECT_NE(file(), before);
  EXPECT_EQ(run("change bert --role operator --camera front --camera yard").status, 0);
  const Ran list = run("list");
  EXPECT_NE(list.out.find("anna"), std::string::npos) << list.out;
  EXPECT_NE(list.out.find("operator"), std::string::npos) << list.out;
  EXPECT_NE(list.out.find("front, yard"), std::string::npos) << list.out;
  EXPECT_EQ(run("remove bert").status, 0);
  EXPECT_EQ(run("list").out.find("bert"), std::string::npos);
}

TEST_F(UserCommand, TokensEndWithTheAdminWhoMadeThem) {
  ASSERT_EQ(run("add anna --role admin", "anna's own one\n").status, 0);
  ASSERT_EQ(run("add bert --role admin", "another one of his\n").status, 0);
  std::string json = file();
  const std::size_t at = json.find("\"tokens\": []");
  ASSERT_NE(at, std::string::npos) << json;
  const auto token = [](const std::string& id, const std::string& made_by) {
    return R"({"id":")" + id + R"(","name":"a program","role":"admin","sha256":")" + std::string(64, id[0]) +
           R"(","created_ms":1,"made_by":")" + made_by + R"("})";
  };
  json.replace(at, 12, "\"tokens\": [" + token("aaaaaaaaaaaaaaaa", "anna") + "," + token("bbbbbbbbbbbbbbbb", "bert") + "]");
  folder_.write("storage/users.json", json);
  EXPECT_NE(run("list").out.find("token bbbbbbbbbbbbbbbb, made by bert"), std::string::npos) << run("list").out;
  EXPECT_EQ(run("password anna", "another one of hers\n").status, 0);
  EXPECT_NE(file().find("aaaaaaaaaaaaaaaa"), std::string::npos) << "she is who she was";
  const Ran removed = run("remove bert");
  EXPECT_NE(removed.out.find("tokens that ended with that: 1"), std::string::npos) << removed.out;
  EXPECT_EQ(file().find("bbbbbbbbbbbbbbbb"), std::string::npos);
  EXPECT_NE(file().find("aaaaaaaaaaaaaaaa"), std::string::npos);
  EXPECT_EQ(run("change anna --role operator").status, 0);
  EXPECT_EQ(file().find("aaaaaaaaaaaaaaaa"), std::string::npos) << "an operator makes none";
}

TEST_F(UserCommand, SaysWhatIsWrong) {
  ASSERT_EQ(run("add anna --role admin", "anna's own one\n").status, 0);
  const std::string before = file();
  const auto refused = [&](const std::string& words, const std::string& input, const std::string& sentence) {
    const Ran ran = run(words, input);
    EXPECT_NE(ran.status, 0) << words;
    EXPECT_NE(ran.out.find(sentence), std::string::npos) << ran.out;
  };
  refused("add anna", "anna's own one\n", "there is a user \"anna\" already");
  refused("add carl", "short\n", "too short");
  refused("add carl", "", "too short");
  refused("add 'ca rl'", "carl's own one\n", "expected a name");
  refused("add carl --camera garage", "carl's own one\n", "no camera \"garage\"");
  refused("add carl --role admin --camera front", "carl's own one\n", "an admin sees all cameras");
  refused("add carl --role root", "carl's own one\n", "root");
  refused("password carl", "carl's own one\n", "no user \"carl\"");
  refused("remove carl", "", "no user \"carl\"");
  EXPECT_EQ(file(), before);
}

TEST_F(UserCommand, ATerminalDoesNotShowThePassword) {
  const Ran added = type("add anna --role admin", {"anna's own one", "anna's own one"});
  EXPECT_EQ(added.status, 0) << added.out;
  EXPECT_EQ(added.out.find("own one"), std::string::npos) << added.out;
  EXPECT_NE(file().find("anna"), std::string::npos);
  const Ran differs = type("add bert", {"a viewer's own", "another one"});
  EXPECT_NE(differs.status, 0);
  EXPECT_NE(differs.out.find("the two differ"), std::string::npos) << differs.out;
  EXPECT_EQ(file().find("bert"), std::string::npos);
}

TEST_F(UserCommand, HashesForTheConfiguration) {
  const Ran hash = run("hash", "a viewer's own\n");
  EXPECT_EQ(hash.status, 0) << hash.out;
  EXPECT_TRUE(hash.out.starts_with("$argon2id$v=19$")) << hash.out;
  EXPECT_FALSE(std::filesystem::exists(folder_.file("storage")));
}

}  // namespace
}  // namespace vedette::test
