// Cameras with a user and a password: the right ones open them, wrong ones are told of and tried again; no password ever reaches
// a log.
#include "conformance/sources/rig.h"

namespace vedette::test {
namespace {

std::vector<Kind> guarded_kinds() {
  return {
      {"rtsp_basic", Way::kRtspTcp, "h264", "", 0, "none", {}, "basic"},
      {"rtsp_digest", Way::kRtspTcp, "h264", "", 0, "none", {}, "digest"},
      {"rtsp_udp_digest", Way::kRtspUdp, "h264", "", 0, "none", {}, "digest"},
      {"http_mjpeg_basic", Way::kHttpMjpeg, "mjpeg", "", 0, "none", {}, "basic"},
      {"http_mjpeg_digest", Way::kHttpMjpeg, "mjpeg", "", 0, "none", {}, "digest"},
  };
}

class Guarded : public Rig {
 protected:
  void start(const std::string& password) {
    start_capture({"username: \"us er\"", "password: '" + password + "'", "timeout: 1s"});
  }
  void expect_no_word_of(const std::string& password, const std::string& in_url) const {
    EXPECT_EQ(log().find(password), std::string::npos);
    EXPECT_EQ(log().find(in_url), std::string::npos);
  }
};

class RightLogin : public Guarded {
 public:
  void run() {
    start(password_);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(next_frame());
    expect_no_word_of(password_, "p%40ss%3Aw%2Frd%25%3F%23x");
  }
};
TEST(Credentials, TheRightOnesOpenIt) { for_all<RightLogin>(guarded_kinds()); }

class WrongLogin : public Guarded {
 public:
  void run() {
    start("wr@ng");
    ASSERT_TRUE(wait_until([&] { return count_in_log("opening it again") >= 2; }));
    EXPECT_NE(log().find("401"), std::string::npos) << "what is wrong is said";
    expect_no_word_of("wr@ng", "wr%40ng");
    EXPECT_FALSE(next_frame(std::chrono::seconds(0)));
    EXPECT_TRUE(capture().running());
  }
};
TEST(Credentials, WithWrongOnesItSaysSoAndTriesAgain) { for_all<WrongLogin>(guarded_kinds()); }

}  // namespace
}  // namespace vedette::test
