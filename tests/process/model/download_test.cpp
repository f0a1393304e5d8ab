// download(): what it does with servers as they are.
#include "models/download.h"

#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <span>

#include "base/unique_fd.h"
#include "model_file/sha256.h"
#include "process/model/model_fixture.h"

namespace vedette::models {
namespace {

using namespace vedette::test;
namespace fs = std::filesystem;

std::string content(std::size_t bytes, unsigned seed) {
  std::string text(bytes, '\0');
  for (char& byte : text) byte = static_cast<char>(seed = seed * 1103515245 + 12345, seed >> 16);
  return text;
}
std::string sha256(const std::string& text) {
  model_file::Sha256 hash;
  hash.add(std::as_bytes(std::span(text)));
  return hash.hex();
}

class DownloadTest : public testing::Test {
 protected:
  DownloadTest() : content_(content(350'000, 1)) {
    folder_.write("file", content_);
    fs::create_directory(folder_.file("here"));
  }
  Download wanted(const std::string& path) const {
    return {.url = server_.url(path),
            .path = here(),
            .bytes = content_.size(),
            .sha256 = sha256(content_),
            .stall = std::chrono::seconds(2)};
  }
  Download unknown(const std::string& path) const {
    return {.url = server_.url(path), .path = here(), .stall = std::chrono::seconds(2)};
  }
  std::string here() const { return folder_.file("here/model"); }
  std::string part() const { return here() + ".part"; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.file("here")), fs::directory_iterator{}));
  }
  void leave_part(std::size_t bytes, const std::string& path, const std::string& validator) {
    folder_.write("here/model.part", content_.substr(0, bytes));
    folder_.write("here/model.part.from", server_.url(path) + "\n" + validator);
  }
  void expect_whole(const Result<>& done) {
    ASSERT_TRUE(done.ok()) << done.error().text;
    EXPECT_EQ(test::read_file(here()), content_);
    EXPECT_EQ(files(), 1u);
  }
  void expect_nothing_left() { EXPECT_EQ(files(), 0u); }
  static std::string error(const Result<>& done) { return done.ok() ? "no error" : done.error().text; }

  std::string content_;
  TempFolder folder_{fs::temp_directory_path()};
  WebServer server_{folder_};
};

TEST_F(DownloadTest, AFileComesWhole) {
  std::uint64_t last = 0, all = 0;
  Download ok = wanted("/ok/file");
  ok.progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_GT(done, last);
    last = done, all = total;
  };
  expect_whole(download(ok));
  EXPECT_EQ(last, content_.size());
  EXPECT_EQ(all, content_.size());
  fs::remove(here());
  expect_whole(download(unknown("/ok/file")));
  fs::remove(here());
  expect_whole(download(wanted("/redirect/redirect/ok/file")));
}

TEST_F(DownloadTest, AConnectionThatBreaksIsMadeAnewFromThere) {
  for (const bool known : {true, false}) {
    expect_whole(download(known ? wanted("/cut/file") : unknown("/cut/file")));
    fs::remove(here());
  }
  EXPECT_EQ(server_.requests(), (std::vector<std::string>{"/cut/file -", "/cut/file bytes=100000-", "/cut/file bytes=200000-",
                                                          "/cut/file bytes=300000-", "/cut/file -", "/cut/file bytes=100000-",
                                                          "/cut/file bytes=200000-", "/cut/file bytes=300000-"}));
}

TEST_F(DownloadTest, ALaterRunGoesOnWhereTheLastOneStopped) {
  for (const auto& [path, validator] :
       {std::pair{"/ok/file", "\"file-350000\""}, {"/old/file", "Wed, 26 Nov 2025 07:00:00 GMT"}}) {
    leave_part(120'000, path, validator);
    expect_whole(download(unknown(path)));
    EXPECT_EQ(server_.requests().back(), std::string(path) + " bytes=120000-");
    fs::remove(here());
  }
  // All of it came, only the end was missing.
  leave_part(content_.size(), "/ok/file", "\"file-350000\"");
  const std::size_t before = server_.requests().size();
  expect_whole(download(wanted("/ok/file")));
  EXPECT_EQ(server_.requests().size(), before);
}

TEST_F(DownloadTest, WhatCantBeGoneOnWithBeginsAtTheFront) {
  // From elsewhere; of another file than the server has now; a server without ranges, with a longer part than it has.
  leave_part(120'000, "/elsewhere", "\"file-350000\"");
  expect_whole(download(wanted("/ok/file")));
  EXPECT_EQ(server_.requests().back(), "/ok/file -");
  fs::remove(here());

  leave_part(120'000, "/ok/file", "\"file-1\"");
  expect_whole(download(unknown("/ok/file")));
  EXPECT_EQ(server_.requests().back(), "/ok/file bytes=120000-");
  fs::remove(here());

  leave_part(120'000, "/norange/file", "\"file-350000\"");
  expect_whole(download(wanted("/norange/file")));
  fs::remove(here());

  folder_.write("here/model.part", content_ + "more");
  folder_.write("here/model.part.from", server_.url("/ok/file") + "\n\"file-350000\"");
  expect_whole(download(wanted("/ok/file")));
  fs::remove(here());

  // Neither the server nor a checksum says that it is still the same file.
  leave_part(120'000, "/bare/file", "");
  expect_whole(download(unknown("/bare/file")));
  EXPECT_EQ(server_.requests().back(), "/bare/file -");
  fs::remove(here());
  leave_part(120'000, "/bare/file", "");
  expect_whole(download(wanted("/bare/file")));
  EXPECT_EQ(server_.requests().back(), "/bare/file bytes=120000-");
}

TEST_F(DownloadTest, AFileThatChangesMeanwhileIsNeverMixed) {
  const std::string next = content(400'000, 2);
  folder_.write("file.new", next);
  const auto done = download(unknown("/changed/file"));
  ASSERT_TRUE(done.ok()) << done.error().text;
  EXPECT_EQ(test::read_file(here()), next);
}

TEST_F(DownloadTest, AnotherFileThanExpectedIsRefusedAndRemoved) {
  folder_.write("other", content(content_.size(), 3));
  EXPECT_EQ(error(download(wanted("/ok/other"))), server_.url("/ok/other") + ": what came has the sha256 " +
                                                      sha256(content(content_.size(), 3)) + ", expected " + sha256(content_) +
                                                      "; it was removed");
  expect_nothing_left();
  EXPECT_EQ(error(download(wanted("/short/file"))),
            server_.url("/short/file") + ": the server's file has 233333 bytes, expected 350000");
  expect_nothing_left();
  EXPECT_EQ(error(download(wanted("/more/file"))),
            server_.url("/more/file") + ": the server's file has 700000 bytes, expected 350000");
  expect_nothing_left();
  leave_part(120'000, "/wrongpart/file", "\"file-350000\"");
  EXPECT_EQ(error(download(wanted("/wrongpart/file"))),
            server_.url("/wrongpart/file") + ": the server sends another part of the file than the one asked for");
  expect_nothing_left();
}

TEST_F(DownloadTest, WhatTheServerSaysIsSaid) {
  EXPECT_EQ(error(download(wanted("/ok/absent"))), server_.url("/ok/absent") + ": the server answers 404");
  for (const char* status : {"403", "500", "503", "416"})
    EXPECT_EQ(error(download(wanted(std::string("/status/") + status))),
              server_.url(std::string("/status/") + status) + ": the server answers " + status);
  EXPECT_EQ(error(download(wanted("/loop"))), server_.url("/loop") + ": Maximum (10) redirects followed");
  EXPECT_EQ(error(download(wanted("/nothing/file"))), server_.url("/nothing/file") + ": Empty reply from server");
  Download nobody = wanted("");
  nobody.url = "http://127.0.0.1:9/file";
  EXPECT_EQ(error(download(nobody)).find("http://127.0.0.1:9/file: Failed to connect"), 0u) << error(download(nobody));
  nobody.url = "ftp://127.0.0.1/file";
  EXPECT_FALSE(download(nobody).ok());
  nobody.url = "file:///etc/hostname";
  EXPECT_FALSE(download(nobody).ok());
  expect_nothing_left();
}

TEST_F(DownloadTest, AServerThatFallsSilentIsGivenUpAndWhatCameStays) {
  Download slow = wanted("/slow/file");
  slow.stopped = [&] { return fs::exists(part()) && fs::file_size(part()) > 0; };
  EXPECT_EQ(error(download(slow)), "stopped; run it again to go on");
  const auto kept = fs::file_size(part());
  EXPECT_GT(kept, 0u);
  expect_whole(download(wanted("/slow/file")));  // silent after each 100,000 bytes, and each time tried again
  EXPECT_EQ(server_.requests()[1], "/slow/file bytes=" + std::to_string(kept) + "-");

  leave_part(content_.size() - 1, "/ok/file", "");
  Download silent = unknown("/mute/file");
  EXPECT_NE(error(download(silent)).find(": Operation too slow"), std::string::npos) << error(download(silent));
}

TEST_F(DownloadTest, OnlyOneWritesAtATime) {
  std::ofstream(part()) << "x";
  const UniqueFd other(::open(part().c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  const auto done = download(wanted("/ok/file"));
  EXPECT_EQ(error(done), part() + ": another fetch is writing it");
  EXPECT_EQ(done.error().code, ErrorCode::kBusy);
}

TEST_F(DownloadTest, AFolderThatIsntThereIsSaid) {
  Download nowhere = wanted("/ok/file");
  nowhere.path = folder_.file("absent/model");
  EXPECT_EQ(error(download(nowhere)), folder_.file("absent/model.part") + ": No such file or directory");
}

TEST_F(DownloadTest, ADiskWithoutRoomIsSaidBeforeItIsFull) {
  if (::mount("none", folder_.file("here").c_str(), "tmpfs", 0, "size=200k") != 0)
    GTEST_SKIP() << "needs root: " << std::strerror(errno);
  const std::string text = error(download(wanted("/ok/file")));
  const std::size_t left = files();
  ::umount(folder_.file("here").c_str());
  EXPECT_EQ(text.find(part() + ": 342 KiB are missing, but only "), 0u) << text;
  EXPECT_EQ(left, 0u);
}

}  // namespace
}  // namespace vedette::models
