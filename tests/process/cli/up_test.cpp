// `vedette up`: who may see the page, and what the terminal and the list of processes show of secrets.
#include <csignal>

#include "process/cli/cli.h"
#include "support/net_client.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

// A camera that can't be reached and wants no detector: enough for the page.
class Up : public ::testing::Test {
 protected:
  void start(const std::string& more_config, std::vector<std::string> arguments) {
    const std::string config =
        folder_.write("v.yaml", "cameras:\n  front:\n    url: rtsp://127.0.0.1:1/x\n    detect: false\n" + more_config);
    arguments.insert(arguments.begin(), {vedette(), "up", "-c", config, "--bus-dir", shm_.file("bus"), "--port", "0", "--set",
                                         "storage.dir=" + folder_.file("storage")});
    up_ = std::make_unique<Program>(arguments, folder_.file("up"));
    ASSERT_TRUE(wait_until([&] { return up_->out().find("page: ") != std::string::npos || !up_->running(); }));
    ASSERT_TRUE(up_->running()) << up_->err();
  }
  void TearDown() override {
    if (!up_) return;
    up_->signal(SIGTERM);
    EXPECT_EQ(up_->wait_exit(), 0) << up_->err();
  }
  std::uint16_t port() const {
    const std::string out = up_->out();
    const std::size_t slash = out.find('/', out.find("http://") + 7);
    return static_cast<std::uint16_t>(std::stoi(out.substr(out.rfind(':', slash) + 1)));
  }

  TempFolder folder_{fs::temp_directory_path()};
  TempFolder shm_{"/dev/shm"};
  std::unique_ptr<Program> up_;
};

TEST_F(Up, OpenToTheNetworkMakesATokenPrintsItAndDemandsIt) {
  start("", {"--listen", "0.0.0.0"});
  const std::string out = up_->out();
  const std::size_t at = out.find("?token=");
  ASSERT_NE(at, std::string::npos) << out;
  const std::string token = out.substr(at + 7, out.find('\n', at) - at - 7);
  EXPECT_EQ(token.size(), 32u);
  EXPECT_EQ(http_get(port(), "/api/cameras").status, 401);
  EXPECT_EQ(http_get(port(), "/api/cameras?token=" + std::string(32, '0')).status, 401);
  EXPECT_EQ(http_get(port(), "/api/cameras?token=" + token).status, 200);
  EXPECT_EQ(up_->err().find(token), std::string::npos) << "the token is in the log";
}

TEST_F(Up, ATokenOfTheConfigurationIsntPrinted) {
  start("gateway:\n  token: chosen-by-somebody\n", {"--listen", "0.0.0.0"});
  EXPECT_EQ((up_->out() + up_->err()).find("chosen-by-somebody"), std::string::npos);
  EXPECT_NE(up_->out().find("/?token=<gateway.token>\n"), std::string::npos) << up_->out();
  EXPECT_EQ(http_get(port(), "/api/cameras").status, 401);
  EXPECT_EQ(http_get(port(), "/api/cameras?token=chosen-by-somebody").status, 200);
}

TEST_F(Up, PasswordsOfUrlsAreInNoLogAndOnNoCommandLineOfAStage) {
  start("", {"--camera-url", "rtsp://user:hunter22@127.0.0.1:1/x?token=hunter33"});
  ASSERT_TRUE(wait_until([&] { return up_->err().find("127.0.0.1:1") != std::string::npos; })) << up_->err();
  const auto stages = children_of(up_->pid());
  EXPECT_EQ(stages.size(), 4u);
  for (const ChildProcess& stage : stages)
    EXPECT_EQ(read_file("/proc/" + std::to_string(stage.pid) + "/cmdline").find("hunter"), std::string::npos) << stage.name;
  EXPECT_EQ((up_->out() + up_->err()).find("hunter"), std::string::npos) << up_->err();
}

TEST_F(Up, LocalhostIsLoopback) {
  start("gateway:\n  listen: localhost\n", {});
  EXPECT_NE(up_->out().find("page: http://localhost:"), std::string::npos) << up_->out();
  EXPECT_EQ(http_get(port(), "/healthz").status, 200);
}

}  // namespace
}  // namespace vedette::test
