#include "process/api/api_fixture.h"

namespace vedette::test {

ApiTest::~ApiTest() {
  if (!HasFailure()) return;
  if (gateway_) ADD_FAILURE() << "log of vedette-gateway:\n" << gateway_->err();
  if (control_) ADD_FAILURE() << "log of vedette-control:\n" << control_->err();
}

void ApiTest::configure(const std::string& camera, const std::string& more) {
  folder_.write("vedette.yaml", "cameras:\n  front:\n    url: rtsp://anna:s3cretpass@camera/main\n    pre_roll: 3s\n" + camera +
                                    "  yard:\n    url: \"bus:\"\nstorage:\n  dir: " + storage() +
                                    "\nbus:\n  dir: " + shm_.file("bus") +
                                    "\nrecord:\n  post_roll: 2s\n  least_free: 0\ngateway:\n  port: 0\n" + more);
}

void ApiTest::start_control() {
  control_ = std::make_unique<Program>(
      std::vector<std::string>{VEDETTE_BIN_DIR "/vedette-control", "--config", folder_.file("vedette.yaml")},
      folder_.file("control"));
  ASSERT_TRUE(wait_until([&] { return control_->err().find("decides for") != std::string::npos || !control_->running(); }));
}

void ApiTest::start_gateway() {
  gateway_ = std::make_unique<Program>(
      std::vector<std::string>{VEDETTE_BIN_DIR "/vedette-gateway", "--config", folder_.file("vedette.yaml")},
      folder_.file("gateway"));
  const std::string words = "page on http://127.0.0.1:";
  ASSERT_TRUE(wait_until([&] {
    const std::string log = gateway_->err();
    const std::size_t found = log.find(words);
    if (found != std::string::npos && log.find('\n', found) != std::string::npos)
      port_ = static_cast<std::uint16_t>(std::stoi(log.substr(found + words.size())));
    return port_ != 0 || !gateway_->running();
  }));
  ASSERT_NE(port_, 0) << gateway_->err();
}

HttpAnswer ApiTest::ask(const std::string& method, const std::string& target, const std::string& body,
                        const std::string& headers) const {
  Connection connection = Connection::open(port_);
  const std::string about =
      body.empty() ? "" : "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  connection.send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + about + headers + "\r\n" + body);
  return connection.read_answer(method == "HEAD");
}

Json ApiTest::json(const std::string& target) const {
  const HttpAnswer answer = get(target);
  EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
  return Json::parse(answer.body, nullptr, false);
}

}  // namespace vedette::test
