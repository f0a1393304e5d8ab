#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/unique_fd.h"
#include "support/shared.h"
#include "support/write_tracer.h"

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

TEST_F(File, WhatAKilledWriterLeftGoesAndNothingElse) {
  for (const char* left : {"a.1-0.part", "a.4711-23.part"}) std::ofstream(path(left)) << "half of";
  const std::vector<std::string> others = {"b.1-0.part", "a.1-0",     "a.20261127-0915", "a.1-.part", "a.-1.part",
                                           "a1-0.part",  "a.1-0.txt", "a.x-0.part",      "a.part",    "ab.1-0.part"};
  for (const std::string& other : others) std::ofstream(path(other)) << "somebody's";
  std::ofstream(path("a.1-7.part")) << "on its way";
  const UniqueFd writing(::open(path("a.1-7.part").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(writing.get(), LOCK_EX), 0);
  fs::create_symlink(path("b.1-0.part"), path("a.1-8.part"));
  ASSERT_TRUE(write_file(path("a"), "x"));
  for (const std::string& other : others) EXPECT_TRUE(fs::exists(path(other))) << other;
  EXPECT_EQ(read_file(path("a.1-7.part")).value(), "on its way");
  EXPECT_EQ(count(), others.size() + 3) << "those, a, the one that is being written and the link";
}

// A kill, and a power cut, before every call of two writes that changes a file.
TEST(WriteFile, IsWholeAfterACutAtEveryCallAndStaysOnceItReturned) {
  const std::string older(10'000, 'o'), newer(20'000, 'n');
  std::size_t leftovers = 0;
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("before call " + std::to_string(n));
    std::string folder = "/dev/shm/vedette-file-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const std::string root = folder + "/root", after_a_cut = folder + "/cut";
    fs::create_directory(root);
    const test::SharedCount written;
    test::WriteTracer tracer(
        [&] {
          for (const std::string& content : {older, newer}) {
            if (!write_file(root + "/a", content)) return 1;
            ++*written;
          }
          return 0;
        },
        n);
    tracer.lay_out(root, after_a_cut);
    for (const std::string& left : {root, after_a_cut}) {
      const auto content = read_file(left + "/a");
      const std::string now = content ? *content : "";
      EXPECT_TRUE(now == older || now == newer || (now.empty() && *written == 0)) << left;
      if (*written == 2) {
        EXPECT_EQ(now, newer) << left;
      }
      for (const auto& entry : fs::directory_iterator(left)) leftovers += entry.path().filename() != "a" ? 1 : 0;
      EXPECT_TRUE(write_file(left + "/a", "next"));
      EXPECT_EQ(std::distance(fs::directory_iterator(left), fs::directory_iterator{}), 1) << left;
    }
    fs::remove_all(folder);
    if (tracer.finished()) {
      EXPECT_EQ(tracer.exit_code(), 0);
      break;
    }
    ASSERT_LT(n, 1000u);
  }
  EXPECT_GT(leftovers, 0u) << "no cut came in between";
}

}  // namespace
}  // namespace vedette
