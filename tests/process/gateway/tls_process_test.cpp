// TLS against clients that aren't ours: curl and openssl s_client, with a certificate as scripts/tls makes it.
#include <array>
#include <cstdio>
#include <fstream>

#include "process/gateway/gateway_fixture.h"

namespace vedette::test {
namespace {

struct Ran {
  int status = -1;
  std::string out;
};

Ran run(const std::string& command) {
  Ran ran;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> piece{};
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe)) ran.out.append(piece.data(), got);
  const int status = ::pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

class TlsGatewayTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    folder_tls_ = (folder_ / "tls").string();
    const Ran made = run(VEDETTE_SOURCE_DIR "/scripts/tls --folder " + folder_tls_ + " camera.lan");
    ASSERT_EQ(made.status, 0) << made.out;
    configure_tls(folder_tls_ + "/server.crt", folder_tls_ + "/server.key");
  }
  void configure_tls(const std::string& certificate, const std::string& key) {
    configure("  token: \"s3cret-token;\"\n  tls_cert: " + certificate + "\n  tls_key: " + key + "\n");
  }
  std::string address(const std::string& scheme, const std::string& host, const std::string& path) const {
    return " '" + scheme + "://" + host + ":" + std::to_string(port_) + path + "' ";
  }
  Ran curl(const std::string& words) const {
    return run("curl -sS -i --max-time 25 --cacert " + folder_tls_ + "/ca.crt --resolve camera.lan:" + std::to_string(port_) +
               ":127.0.0.1 " + words);
  }
  Ran s_client(const std::string& words) const {
    return run("echo | timeout 25 openssl s_client -CAfile " + folder_tls_ +
               "/ca.crt -verify_return_error -connect 127.0.0.1:" + std::to_string(port_) + " " + words);
  }
  std::string folder_tls_;
};

TEST_F(TlsGatewayTest, CurlTrustsItAndGetsThePage) {
  start();
  EXPECT_NE(gateway_->log().find("page on https://127.0.0.1:"), std::string::npos) << gateway_->log();
  const Ran page = curl(address("https", "camera.lan", "/?token=s3cret-token%3B"));
  ASSERT_EQ(page.status, 0) << page.out;
  EXPECT_NE(page.out.find("<title>page</title>"), std::string::npos) << page.out;
  EXPECT_NE(page.out.find("Strict-Transport-Security: max-age="), std::string::npos) << page.out;
  EXPECT_NE(page.out.find("Set-Cookie: __Host-vedette_"), std::string::npos) << page.out;
  EXPECT_NE(page.out.find("; HttpOnly; SameSite=Strict; Secure\r\n"), std::string::npos) << page.out;
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const Ran health = curl(address("https", host, "/healthz"));
    EXPECT_NE(health.out.find(R"({"status":"ok"})"), std::string::npos) << health.out;
    EXPECT_EQ(health.out.find("Strict-Transport"), std::string::npos)
        << "other programs on localhost speak plain HTTP: " << health.out;
  }
  // Many requests and a large body by one connection.
  const Ran twice = curl(address("https", "localhost", "/healthz") + address("https", "localhost", "/nothing"));
  EXPECT_EQ(twice.status, 0) << twice.out;
  const Ran stranger = run("curl -sS --max-time 25" + address("https", "localhost", "/healthz"));
  EXPECT_EQ(stranger.status, 60) << "who doesn't trust our authority doesn't go on: " << stranger.out;
}

TEST_F(TlsGatewayTest, OldProtocolsAndWeakCiphersAreRefused) {
  start();
  for (const char* good : {"-tls1_2", "-tls1_3"}) {
    const Ran ran = s_client(good);
    EXPECT_EQ(ran.status, 0) << ran.out;
    EXPECT_NE(ran.out.find("Verify return code: 0 (ok)"), std::string::npos) << ran.out;
  }
  for (const char* old : {"-tls1 -cipher DEFAULT:@SECLEVEL=0", "-tls1_1 -cipher DEFAULT:@SECLEVEL=0",
                          "-tls1_2 -cipher AES128-SHA256", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA"}) {
    const Ran ran = s_client(old);
    EXPECT_NE(ran.status, 0) << old << ": " << ran.out;
    EXPECT_NE(ran.out.find("alert"), std::string::npos) << "the server says no: " << ran.out;
  }
}

TEST_F(TlsGatewayTest, WhoSpeaksPlainHttpIsTold) {
  start();
  const Ran plain = curl(address("http", "localhost", "/"));
  EXPECT_NE(plain.out.find("400 Bad Request"), std::string::npos) << plain.out;
  EXPECT_NE(plain.out.find("https://"), std::string::npos) << plain.out;
}

// Neither holds a place for ever, nor anybody up.
TEST_F(TlsGatewayTest, ASlowHandshakeEnds) {
  start();
  Connection silent = Connection::open(port_);
  Connection slow = Connection::open(port_);
  ASSERT_TRUE(slow.send(std::string("\x16\x03\x01\x02\x00\x01", 6)));  // a handshake's first bytes
  Connection garbage = Connection::open(port_);
  ASSERT_TRUE(garbage.send(std::string(4096, '\xff')));
  EXPECT_TRUE(garbage.wait_closed());
  EXPECT_EQ(curl(address("https", "localhost", "/healthz")).status, 0);
  EXPECT_TRUE(silent.wait_closed());
  EXPECT_TRUE(slow.wait_closed());
}

TEST_F(TlsGatewayTest, PicturesComeByWss) {
  start();
  std::jthread camera([this](const std::stop_token& stop) {
    Stages stages(bus_dir());
    while (!stop.stop_requested()) {
      stages.publish_frame();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  const Ran ran = run("python3 " VEDETTE_SOURCE_DIR "/tests/process/gateway/wss.py " + folder_tls_ + "/ca.crt " +
                      std::to_string(port_) + " '/ws/front?token=s3cret-token%3B'");
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_NE(ran.out.find("\"frame_id\""), std::string::npos) << ran.out;
}

TEST_F(TlsGatewayTest, SaysAtStartWhatIsWrongWithTheFiles) {
  const auto refusal = [&](const std::string& certificate, const std::string& key) {
    configure_tls(certificate, key);
    GatewayProgram refused((folder_ / "vedette.yaml").string());
    const int status = refused.wait_exit();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 78) << status;
    return refused.log();
  };
  const std::string certificate = folder_tls_ + "/server.crt";
  EXPECT_NE(refusal(folder_tls_ + "/none.crt", folder_tls_ + "/server.key").find("gateway.tls_cert"), std::string::npos);
  EXPECT_NE(refusal(certificate, folder_tls_ + "/ca.key").find("gateway.tls_key"), std::string::npos);
}

}  // namespace
}  // namespace vedette::test
