#include "gateway/static_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace vedette::gateway {
namespace {

namespace fs = std::filesystem;

class StaticFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "vedette_web_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  fs::path root_;
};

TEST_F(StaticFilesTest, ServesWhatIsThereUnderItsType) {
  write("index.html", "<html>");
  write("assets/index-1a.js", "let x");
  write("assets/index-1a.css", "b{}");
  write("icon.svg", "<svg/>");
  write("notes.secret", "no");
  const auto files = StaticFiles::load(root_.string());
  ASSERT_TRUE(files) << files.error().text;
  EXPECT_EQ(files->size(), 4u);
  EXPECT_EQ(*files->find("/")->body, "<html>");
  EXPECT_EQ(files->find("/")->content_type, "text/html; charset=utf-8");
  EXPECT_FALSE(files->find("/")->immutable);
  EXPECT_EQ(files->find("/assets/index-1a.js")->content_type, "text/javascript; charset=utf-8");
  EXPECT_TRUE(files->find("/assets/index-1a.js")->immutable);
  EXPECT_EQ(files->find("/icon.svg")->content_type, "image/svg+xml");
  EXPECT_NE(files->find("/")->etag, files->find("/icon.svg")->etag);
  for (const char* absent : {"", "/notes.secret", "/assets", "/assets/", "index.html", "/../etc/passwd", "/nothing"})
    EXPECT_EQ(files->find(absent), nullptr) << absent;
}

TEST_F(StaticFilesTest, FollowsNoLinks) {
  write("index.html", "x");
  fs::create_symlink("/etc/hostname", root_ / "leak.txt");
  fs::create_directory_symlink("/etc", root_ / "etc");
  const auto files = StaticFiles::load(root_.string());
  ASSERT_TRUE(files) << files.error().text;
  EXPECT_EQ(files->size(), 1u);
}

TEST_F(StaticFilesTest, SaysWhatIsMissing) {
  const auto none = StaticFiles::load((root_ / "absent").string());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  const auto empty = StaticFiles::load(root_.string());
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().text.find("index.html"), std::string::npos) << empty.error().text;
}

TEST_F(StaticFilesTest, RefusesAFolderThatIsNoPage) {
  write("index.html", "x");
  for (std::size_t i = 0; i < StaticFiles::kMaxFiles; ++i) write("f" + std::to_string(i) + ".txt", "x");
  const auto files = StaticFiles::load(root_.string());
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, ErrorCode::kResourceExhausted);
}

}  // namespace
}  // namespace vedette::gateway
