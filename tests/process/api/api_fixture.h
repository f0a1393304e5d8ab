// Real gateway, control and record on one configuration, bus and storage of the test's own. The test plays capture and tells
// events. Everything is gone after the test.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "process/record/record_fixture.h"
#include "support/net_client.h"

namespace vedette::test {

using Json = nlohmann::json;

class ApiTest : public RecordTest {
 protected:
  ~ApiTest() override;

  // `cameras`: more keys of camera "front", each line indented by four.
  void configure(const std::string& camera = "", const std::string& more = "");
  void start_control();
  void start_gateway();

  HttpAnswer ask(const std::string& method, const std::string& target, const std::string& body = "",
                 const std::string& headers = "") const;
  HttpAnswer get(const std::string& target, const std::string& headers = "") const { return ask("GET", target, "", headers); }
  Json json(const std::string& target) const;  // of a GET that must be answered by 200

  std::unique_ptr<Program> control_, gateway_;
  std::uint16_t port_ = 0;
};

}  // namespace vedette::test
