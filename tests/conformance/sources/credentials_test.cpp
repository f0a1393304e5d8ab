// Cameras with a user and a password: the right ones open them, wrong ones are told of and tried again; no password ever reaches
// a log.
#include "conformance/sources/rig.h"

namespace vedette::test {
namespace {

constexpr const char* kPassword = "p@ss:w/rd%?#x";
constexpr const char* kPasswordInUrl = "p%40ss%3Aw%2Frd%25%3F%23x";

struct Guarded {
  Kind kind;
  std::string method;
};
void PrintTo(const Guarded& guarded, std::ostream* out) { *out << guarded.kind.name << "_" << guarded.method; }

class Credentials : public Rig, public ::testing::WithParamInterface<Guarded> {
 protected:
  bool make(const std::string& password) { return make_source(GetParam().kind, {GetParam().method, "us er", password}); }
};

TEST_P(Credentials, TheRightOnesOpenIt) {
  if (!make(kPassword)) GTEST_SKIP() << "this kind of server isn't there";
  start_capture({"username: \"us er\"", std::string("password: '") + kPassword + "'"});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(next_frame());
  EXPECT_EQ(log().find(kPassword), std::string::npos);
  EXPECT_EQ(log().find(kPasswordInUrl), std::string::npos);
}

TEST_P(Credentials, WithWrongOnesItSaysSoAndTriesAgain) {
  if (!make("another")) GTEST_SKIP() << "this kind of server isn't there";
  start_capture({"username: \"us er\"", std::string("password: '") + kPassword + "'", "timeout: 1s"});
  ASSERT_TRUE(wait_until([&] { return count_in_log("opening it again") >= 2; }));
  EXPECT_NE(log().find("401"), std::string::npos) << "what is wrong is said";
  EXPECT_EQ(log().find(kPassword), std::string::npos);
  EXPECT_EQ(log().find(kPasswordInUrl), std::string::npos);
  EXPECT_FALSE(next_frame(std::chrono::seconds(0)));
  EXPECT_TRUE(capture().running());
}

const Guarded kGuarded[] = {
    {{"rtsp", Way::kRtspTcp, "h264"}, "basic"},           {{"rtsp", Way::kRtspTcp, "h264"}, "digest"},
    {{"rtsp_udp", Way::kRtspUdp, "h264"}, "digest"},      {{"http_mjpeg", Way::kHttpMjpeg, "mjpeg"}, "basic"},
    {{"http_mjpeg", Way::kHttpMjpeg, "mjpeg"}, "digest"},
};
INSTANTIATE_TEST_SUITE_P(All, Credentials, ::testing::ValuesIn(kGuarded),
                         [](const auto& guarded) { return guarded.param.kind.name + "_" + guarded.param.method; });

}  // namespace
}  // namespace vedette::test
