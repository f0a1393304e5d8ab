// The page's address: what it may be, who has it, and how it is named for people without giving a secret away.
#include "supervise/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/unique_fd.h"

namespace vedette::supervise {
namespace {

GatewayConfig at(const std::string& listen, std::uint16_t port) {
  GatewayConfig config;
  config.listen = listen, config.port = port;
  return config;
}

TEST(Address, LocalhostIsLoopback) {
  const auto port = free_port(at("localhost", 0));
  ASSERT_TRUE(port.ok()) << port.error().text;
  EXPECT_GT(*port, 0);
}

TEST(Address, PortInUseIsBusyAndNamed) {
  const UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(other.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(other.get(), 1), 0);
  ASSERT_EQ(::getsockname(other.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  const auto taken = free_port(at("localhost", port));
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::kBusy);
  EXPECT_NE(taken.error().text.find(std::to_string(port)), std::string::npos);
  EXPECT_TRUE(answers(at("localhost", port)));
}

TEST(Address, OneThatThisMachineLacksNamesTheKey) {
  const auto elsewhere = free_port(at("192.0.2.1", 0));  // TEST-NET-1: nobody's
  ASSERT_FALSE(elsewhere.ok());
  EXPECT_EQ(elsewhere.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(elsewhere.error().text.find("gateway.listen"), std::string::npos) << elsewhere.error().text;
  const auto word = free_port(at("example.com", 0));
  ASSERT_FALSE(word.ok());
  EXPECT_NE(word.error().text.find("gateway.listen"), std::string::npos) << word.error().text;
}

TEST(Address, OnlyATokenOfThisRunIsPrinted) {
  GatewayConfig config = at("127.0.0.1", 8080);
  EXPECT_EQ(page_urls(config, false), (std::vector<std::string>{"http://127.0.0.1:8080/"}));
  config.token.value = "chosen by somebody";
  EXPECT_EQ(page_urls(config, false), (std::vector<std::string>{"http://127.0.0.1:8080/?token=<gateway.token>"}));
  config.token.value = "0123456789abcdef";
  EXPECT_EQ(page_urls(config, true), (std::vector<std::string>{"http://127.0.0.1:8080/?token=0123456789abcdef"}));
  config.listen = "::1";
  EXPECT_EQ(page_urls(config, true), (std::vector<std::string>{"http://[::1]:8080/?token=0123456789abcdef"}));
}

}  // namespace
}  // namespace vedette::supervise
