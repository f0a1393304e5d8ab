// What FFmpeg gets as URL, and which of it is secret.
#include <gtest/gtest.h>

#include <algorithm>

#include "capture/source.h"

namespace vedette::capture {
namespace {

SourceOptions with(const std::string& url, const std::string& user = "", const std::string& password = "") {
  SourceOptions options;
  options.url = url;
  options.username = user;
  options.password.value = password;
  return options;
}

bool is_secret(const SourceOptions& options, const std::string& text) {
  const auto secrets = secrets_of(options);
  return std::find(secrets.begin(), secrets.end(), text) != secrets.end();
}

TEST(SourceUrl, KindsAreToldByTheirForm) {
  EXPECT_EQ(kind_of("/dev/video0"), SourceKind::kDevice);
  EXPECT_EQ(kind_of("rtsp://camera/1"), SourceKind::kNetwork);
  EXPECT_EQ(kind_of("http://camera/1"), SourceKind::kNetwork);
  EXPECT_EQ(kind_of("/videos/a:b.mp4"), SourceKind::kFile);
  EXPECT_EQ(kind_of("file:/videos/a.mp4"), SourceKind::kFile);
  EXPECT_EQ(kind_of("/tmp"), SourceKind::kFolder);
  EXPECT_EQ(kind_of("v4l2:HD Webcam"), SourceKind::kDevice);
  EXPECT_EQ(kind_of("synthetic:?fps=5"), SourceKind::kSynthetic);
  EXPECT_EQ(kind_of("ingest:"), SourceKind::kIngest);
  EXPECT_EQ(kind_of("tcp://pi:8888"), SourceKind::kNetwork);
}
TEST(SourceUrl, CredentialsArePercentEncoded) {
  const auto options = with("rtsp://camera:554/1", "me", "p@ss/word:1");
  EXPECT_EQ(url_with_credentials(options), "rtsp://me:p%40ss%2Fword%3A1@camera:554/1");
  EXPECT_TRUE(is_secret(options, "p@ss/word:1"));
  EXPECT_TRUE(is_secret(options, "p%40ss%2Fword%3A1"));
}
TEST(SourceUrl, APasswordInTheUrlIsSecretToo) { EXPECT_TRUE(is_secret(with("rtsp://me:hunter2@camera/1"), "hunter2")); }
TEST(SourceUrl, FilesGoByTheFileProtocol) { EXPECT_EQ(url_with_credentials(with("/videos/a:b.mp4")), "file:/videos/a:b.mp4"); }

}  // namespace
}  // namespace vedette::capture
