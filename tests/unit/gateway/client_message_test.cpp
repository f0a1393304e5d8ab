#include "gateway/client_message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace vedette::gateway {
namespace {

TEST(ClientMessage, APingIsAnsweredWithTheTimeHere) {
  const auto ping = parse_ping(R"({"type":"ping","id":7,"client_ms":1234.5,"more":[]})");
  ASSERT_TRUE(ping);
  EXPECT_EQ(nlohmann::json::parse(pong_json(*ping, 5'000'250'499)),
            nlohmann::json::parse(R"({"type":"pong","id":7,"client_ms":1234.5,"now_ms":5000.25})"));
}

TEST(ClientMessage, AllElseIsIgnored) {
  for (const std::string& text :
       {std::string(), std::string("x"), std::string(4096, '['), std::string("{}"), std::string(R"({"type":"ping"})"),
        std::string(R"({"type":"pong","id":1,"client_ms":1})"), std::string(R"({"type":"ping","id":"1","client_ms":1})"),
        std::string(R"({"type":"ping","id":1.5,"client_ms":1})"), std::string(R"({"type":"ping","id":1,"client_ms":null})"),
        std::string(R"({"type":"ping","id":1,"client_ms":1e999})"), std::string("\"ping\""), std::string("\xff\xfe{")})
    EXPECT_FALSE(parse_ping(text)) << text.substr(0, 60);
}

}  // namespace
}  // namespace vedette::gateway
