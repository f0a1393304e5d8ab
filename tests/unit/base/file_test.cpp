#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace vedette {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  File() : folder_(testing::TempDir() + "vedette-file-XXXXXX") { EXPECT_NE(::mkdtemp(folder_.data()), nullptr); }
  ~File() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}));
  }

  std::string folder_;
};

TEST_F(File, WhatIsWrittenIsRead) {
  std::string content(10'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31);
  ASSERT_TRUE(write_file(path("a"), content));
  ASSERT_TRUE(write_file(path("empty"), ""));
  EXPECT_EQ(read_file(path("a")).value(), content);
  EXPECT_EQ(read_file(path("empty")).value(), "");
  ASSERT_TRUE(write_file(path("a"), "less"));
  EXPECT_EQ(read_file(path("a")).value(), "less");
  EXPECT_EQ(count(), 2u);  // nothing else is left behind
}

TEST_F(File, OthersMayReadItAsTheUmaskHasIt) {
  const ::mode_t before = ::umask(0027);
  ASSERT_TRUE(write_file(path("a"), "x"));
  ::umask(before);
  struct ::stat info {};
  ASSERT_EQ(::stat(path("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(File, RefusalsNameThePathAndLeaveNothing) {
  EXPECT_EQ(read_file(path("none")).error().text, path("none") + ": No such file or directory");
  EXPECT_EQ(read_file(path("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_file(folder_).error().text, folder_ + ": not a file");
  EXPECT_EQ(read_file("/dev/zero").error().text, "/dev/zero: not a file");
  EXPECT_EQ(write_file(path("none/a"), "x").error().text, path("none/a") + ": No such file or directory");
  fs::create_directory(path("folder"));
  EXPECT_FALSE(write_file(path("folder"), "x"));
  EXPECT_EQ(count(), 1u);
}

TEST_F(File, ALinkIsReplacedNotFollowed) {
  ASSERT_TRUE(write_file(path("target"), "mine"));
  fs::create_symlink(path("target"), path("link"));
  ASSERT_TRUE(write_file(path("link"), "other"));
  EXPECT_EQ(read_file(path("target")).value(), "mine");
  EXPECT_EQ(read_file(path("link")).value(), "other");
}

}  // namespace
}  // namespace vedette
