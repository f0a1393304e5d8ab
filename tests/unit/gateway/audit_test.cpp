#include "gateway/audit.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

namespace vedette::gateway {
namespace {

using Json = nlohmann::json;

class Audit : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "audit-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(Audit, TellsTheNewestFirst) {
  AuditLog log(folder_ + "/made");
  EXPECT_TRUE(log.newest(10, std::nullopt)->empty());
  log.add({"anna", "admin", "192.168.1.2", "PUT /api/cameras/front/mode", 200, ""});
  log.add({"", "", "10.0.0.9", "login", 401, "name \"bert\"\n\xff"});
  log.flush();
  const auto newest = log.newest(10, std::nullopt);
  ASSERT_TRUE(newest) << newest.error().text;
  ASSERT_EQ(newest->size(), 2u);
  const Json failed = Json::parse((*newest)[0]);
  EXPECT_EQ(failed["what"], "login");
  EXPECT_EQ(failed["result"], 401);
  EXPECT_FALSE(failed.contains("role"));
  const Json done = Json::parse((*newest)[1]);
  EXPECT_EQ(done["who"], "anna");
  EXPECT_EQ(done["from"], "192.168.1.2");
  EXPECT_EQ(log.newest(1, std::nullopt)->size(), 1u);
  EXPECT_TRUE(log.newest(10, done["time_ms"].get<std::int64_t>())->empty()) << "older than the oldest";
  struct ::stat info {};
  ASSERT_EQ(::stat((folder_ + "/made/audit.log").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(Audit, GoesOnInTheSameFileAndRotates) {
  const std::string detail(200, 'x');
  for (int run = 0; run < 3; ++run) {
    AuditLog log(folder_);
    for (int i = 0; i < 30'000; ++i) {
      log.add({"anna", "admin", "::1", "POST /api/cameras/front/pause", 204, detail});
      if (i % 512 == 0) log.flush();
    }
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/audit.log.1"));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/audit.log.4"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/audit.log.5"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) EXPECT_LE(entry.file_size(), AuditLog::kRotateBytes);
  EXPECT_EQ(AuditLog(folder_).newest(50'000, std::nullopt)->size(), 50'000u) << "over the files' borders";
}

TEST_F(Audit, NobodyKnownWashesTheOthersAway) {
  AuditLog log(folder_);
  for (std::uint32_t i = 0; i < 5 * AuditLog::kUnknownAMinute; ++i) log.add({"", "", "10.0.0.9", "POST /api/users", 401, ""});
  log.add({"anna", "admin", "::1", "DELETE /api/users/bert", 204, ""});
  log.flush();
  const auto newest = log.newest(1000, std::nullopt);
  EXPECT_LE(newest->size(), 2 * AuditLog::kUnknownAMinute + 1) << "twice, if a minute begins meanwhile";
  const Json last = Json::parse(newest->front());
  EXPECT_EQ(last["who"], "anna");
  EXPECT_GE(last["left_out_before"], 1);
}

TEST_F(Audit, WhatComesByItselfIsToldOnceAMinuteAndAddress) {
  AuditLog log(folder_);
  for (int i = 0; i < 50; ++i) {
    log.add({"", "", "10.0.0.9", "GET /api/cameras", 401, "a wrong token", true});
    log.add({"", "", "10.0.0.8", "GET /api/cameras", 401, "a wrong token", true});
  }
  log.flush();
  const std::size_t lines = log.newest(1000, std::nullopt)->size();
  EXPECT_GE(lines, 2u);
  EXPECT_LE(lines, 4u) << "twice, if a minute begins meanwhile";
}

TEST_F(Audit, NobodyKnownByNameDoesEither) {
  AuditLog log(folder_);
  for (std::uint32_t i = 0; i < 5 * AuditLog::kOfNameAMinute; ++i) {
    log.add({"vera", "viewer", "10.0.0.9", "DELETE /api/users/x", 403, ""});
    log.add({"vera", "viewer", "10.0.0.9", "login", 200, ""});
    log.flush();
  }
  log.add({"bert", "viewer", "10.0.0.8", "DELETE /api/users/x", 403, ""});
  for (std::uint32_t i = 0; i < 5 * AuditLog::kOfNameAMinute; ++i)
    log.add({"vera", "operator", "10.0.0.9", "POST /api/cameras/front/pause", 204, ""});
  log.flush();
  std::uint32_t limited = 0, berts = 0, done = 0, said = 0, left_out = 0;
  const auto newest = log.newest(1000, std::nullopt);
  for (const std::string& line : *newest) {
    const Json entry = Json::parse(line);
    limited += entry["who"] == "vera" && entry["role"] == "viewer";
    berts += entry["who"] == "bert";
    done += entry["result"] == 204;
    said += entry.value("detail", "") == "more of this minute are left out";
    left_out += entry.value("left_out_before", 0u);
  }
  EXPECT_LE(limited, 2 * AuditLog::kOfNameAMinute) << "twice, if a minute begins meanwhile";
  EXPECT_EQ(limited + left_out, 10 * AuditLog::kOfNameAMinute) << "counted";
  EXPECT_GE(said, 1u);
  EXPECT_EQ(berts, 1u) << "others have their own";
  EXPECT_EQ(done, 5 * AuditLog::kOfNameAMinute) << "what was done is told whatever it takes";
}

}  // namespace
}  // namespace vedette::gateway
