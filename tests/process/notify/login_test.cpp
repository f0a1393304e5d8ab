// Brokers that ask who comes: passwords, TLS, client certificates; and what is said when that fails.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>

#include "process/notify/notify_fixture.h"

namespace vedette::test {
namespace {

// A command of the machine's; its output goes to a file.
void run(const TempFolder& folder, const std::vector<std::string>& words) {
  Program program(words, folder.file("run"));
  VD_ASSERT(program.wait_exit() == 0, program.err().c_str());
}

// A certificate authority, a broker's certificate for 127.0.0.1 and one of a client, made by openssl.
class Certificates {
 public:
  explicit Certificates(const TempFolder& folder) : folder_(folder) {
    make_authority("ca");
    make("server", "subjectAltName=IP:127.0.0.1");
    make("client", "extendedKeyUsage=clientAuth");
  }
  std::string file(const std::string& name) const { return folder_.file(name); }
  void make_authority(const std::string& name) const {
    run(folder_, {"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                  file(name + ".key"), "-out", file(name + ".crt"), "-days", "2", "-subj", "/CN=" + name});
  }

 private:
  void make(const std::string& name, const std::string& extension) const {
    run(folder_, {"/usr/bin/openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                  file(name + ".key"), "-out", file(name + ".csr"), "-subj", "/CN=" + name});
    folder_.write(name + ".ext", extension + "\n");
    run(folder_, {"/usr/bin/openssl", "x509", "-req", "-in", file(name + ".csr"), "-CA", file("ca.crt"), "-CAkey", file("ca.key"),
                  "-CAcreateserial", "-out", file(name + ".crt"), "-days", "2", "-extfile", file(name + ".ext")});
  }
  const TempFolder& folder_;
};

class Login : public NotifyTest {
 protected:
  std::string password_lines() {
    run(folder_, {"/usr/bin/mosquitto_passwd", "-b", "-c", folder_.file("passwords"), "sentry", "right-password"});
    return "allow_anonymous false\npassword_file " + folder_.file("passwords") + "\n";
  }
  std::string tls_lines() const {
    return "cafile " + folder_.file("ca.crt") + "\ncertfile " + folder_.file("server.crt") + "\nkeyfile " +
           folder_.file("server.key") + "\n";
  }
};

class LoginBy : public Login, public ::testing::WithParamInterface<const char*> {};

TEST_P(LoginBy, AWrongPasswordIsOneLineAndIsTriedSlowly) {
  Broker broker(folder_, free_port(), password_lines());
  configure(broker.port(), "  username: sentry\n  password: wrong-password\n  protocol: " + std::string(GetParam()) + "\n");
  start();
  ASSERT_TRUE(wait_log("it refuses the user name \"sentry\" with this password"));
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_EQ(count_log("MQTT:"), 1) << log();
  EXPECT_EQ(log().find("wrong-password"), std::string::npos);
  const std::string said = broker.log();
  EXPECT_EQ(said.find("not authorised"), said.rfind("not authorised")) << "one try in three seconds";
  for (int i = 0; i < 300; ++i) stages_->tell({});
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
}
INSTANTIATE_TEST_SUITE_P(Protocols, LoginBy, ::testing::Values("5", "3.1.1"),
                         [](const auto& value) { return std::string(value.param) == "5" ? "V5" : "V311"; });

TEST_F(Login, ARightPasswordFromAFileGetsIn) {
  Broker broker(folder_, free_port(), password_lines());
  const std::string file = folder_.write("password", "right-password\n");
  configure(broker.port(), "  username: sentry\n  password_file: " + file + "\n");
  start();
  Listener listener({.port = broker.port(), .username = "sentry", .password = "right-password"});
  EXPECT_TRUE(listener.wait_last("vedette/availability/test-1", "online"));
}

TEST_F(Login, TlsKnowsTheBrokerByItsCertificate) {
  const Certificates certificates(folder_);
  Broker broker(folder_, free_port(), "allow_anonymous true\n" + tls_lines());
  configure(broker.port(), "  tls: true\n  tls_ca: " + certificates.file("ca.crt") + "\n");
  start();
  Listener listener({.port = broker.port(), .ca = certificates.file("ca.crt")});
  EXPECT_TRUE(listener.wait_last("vedette/availability/test-1", "online"));
  for (int i = 0; i < 100; ++i) stages_->tell({.text = std::to_string(i)});
  ASSERT_TRUE(listener.wait(
      [](const auto& heard) { return !heard.empty() && heard.back().payload.find("\"text\":\"99\"") != std::string::npos; }));
  EXPECT_EQ(listener.payloads("vedette/front/events").size(), 100u);
}

TEST_F(Login, ACertificateOfSomebodyElseIsRefused) {
  const Certificates certificates(folder_);
  certificates.make_authority("other");
  Broker broker(folder_, free_port(), "allow_anonymous true\n" + tls_lines());
  configure(broker.port(), "  tls: true\n  tls_ca: " + certificates.file("other.crt") + "\n");
  start();
  EXPECT_TRUE(wait_log("certificate verify failed"));
  EXPECT_EQ(count_log("connected to"), 0);
  program_.reset();

  configure(broker.port(), "  tls: true\n  tls_insecure: true\n");
  start();
  EXPECT_TRUE(wait_log("connected to"));
}

TEST_F(Login, AClientCertificateGetsIn) {
  const Certificates certificates(folder_);
  Broker broker(folder_, free_port(), "allow_anonymous true\nrequire_certificate true\n" + tls_lines());
  const std::string tls = "  tls: true\n  tls_ca: " + certificates.file("ca.crt") + "\n";
  configure(broker.port(), tls);
  start();
  EXPECT_TRUE(wait_log("tried again until it works"));
  program_.reset();

  configure(broker.port(),
            tls + "  tls_cert: " + certificates.file("client.crt") + "\n  tls_key: " + certificates.file("client.key") + "\n");
  start();
  Listener listener({.port = broker.port(),
                     .ca = certificates.file("ca.crt"),
                     .cert = certificates.file("client.crt"),
                     .key = certificates.file("client.key")});
  EXPECT_TRUE(listener.wait_last("vedette/availability/test-1", "online"));
}

TEST_F(Login, ACertificateFileThatIsNotThereRefusesToStart) {
  configure(1, "  tls: true\n  tls_ca: /nowhere/ca.crt\n");
  program_ = std::make_unique<Program>(std::vector<std::string>{VEDETTE_NOTIFY, "--config", folder_.file("vedette.yaml")},
                                       folder_.file("notify"));
  EXPECT_EQ(program_->wait_exit(), 78);
  EXPECT_NE(log().find("mqtt.tls_ca: /nowhere/ca.crt: No such file or directory"), std::string::npos) << log();
}

constexpr char kMadeUpId[] = "  client_id: \"\"\n";

// Another Vedette at the same broker, with defaults: its own bus and storage, the same base.
class SecondDevice {
 public:
  SecondDevice(const TempFolder& folder, std::uint16_t port, const std::string& camera)
      : bus_(std::move(bus::BusDir::open(other_.file("bus"))).value()), stages_(bus_, camera) {
    stages_.publish(Played{});
    stages_.publish_source(schema::SourceStatus::Open);
    const std::string file =
        folder.write("other.yaml", "cameras:\n  " + camera + ":\n    url: clip.mp4\nbus:\n  dir: " + other_.file("bus") +
                                       "\nstorage:\n  dir: " + other_.file("storage") +
                                       "\nmqtt:\n  host: 127.0.0.1\n  port: " + std::to_string(port) + "\n");
    program_.emplace(std::vector<std::string>{VEDETTE_NOTIFY, "--config", file}, other_.file("notify"));
  }
  Program& program() { return *program_; }
  std::string id() const { return read_file(other_.file("storage") + "/notify_id"); }

 private:
  const TempFolder other_{"/dev/shm"};
  bus::BusDir bus_;
  Stages stages_;
  std::optional<Program> program_;
};

// Topics of availability, and what they said last.
std::map<std::string, std::string> availabilities(const std::vector<Heard>& heard) {
  std::map<std::string, std::string> last;
  for (const Heard& one : heard)
    if (one.topic.starts_with("vedette/availability/")) last[one.topic] = one.payload;
  return last;
}

TEST_F(Login, TwoDevicesWithDefaultsAtOneBrokerDontFight) {
  Broker broker(folder_);
  configure(broker.port(), kMadeUpId);
  stages_->publish(Played{});
  stages_->publish_source(schema::SourceStatus::Open);
  start();
  Listener listener(broker.port());
  SecondDevice second(folder_, broker.port(), "rear");
  EXPECT_TRUE(listener.wait_last("vedette/front/availability", "online"));
  EXPECT_TRUE(listener.wait_last("vedette/rear/availability", "online"));
  for (int i = 0; i < 50; ++i) stages_->tell({.text = std::to_string(i)});
  ASSERT_TRUE(listener.wait([](const auto& heard) { return heard.back().payload.find("\"text\":\"49\"") != std::string::npos; }));
  EXPECT_EQ(count_log("MQTT: connected"), 1);
  EXPECT_EQ(broker.log().find("already connected"), std::string::npos) << broker.log();
  EXPECT_NE(read_file(folder_.file("storage") + "/notify_id"), second.id());

  second.program().signal(SIGTERM);
  EXPECT_EQ(second.program().wait_exit(), 0);
  ASSERT_TRUE(listener.wait_last("vedette/rear/availability", "offline"));
  ASSERT_TRUE(listener.wait([](const auto& heard) {
    const auto last = availabilities(heard);
    return std::any_of(last.begin(), last.end(), [](const auto& one) { return one.second == "offline"; });
  }));
  const auto last = availabilities(listener.heard());
  EXPECT_EQ(last.size(), 2u);
  EXPECT_EQ(std::count_if(last.begin(), last.end(), [](const auto& one) { return one.second == "online"; }), 1)
      << "that one device has ended says nothing of the other";
  EXPECT_EQ((log() + second.program().err()).find("another client publishes"), std::string::npos);
}

TEST_F(Login, TwoDevicesWithTheSameCamerasAreSaid) {
  Broker broker(folder_);
  configure(broker.port(), kMadeUpId);
  start();
  Listener listener(broker.port());
  ASSERT_TRUE(listener.wait([](const auto& heard) {
    return std::any_of(heard.begin(), heard.end(),
                       [](const Heard& one) { return one.topic.starts_with("homeassistant/device/"); });
  }));
  SecondDevice second(folder_, broker.port(), "front");
  EXPECT_TRUE(wait_until([&] {
    return second.program().err().find("MQTT: another client publishes camera front too") != std::string::npos;
  })) << second.program().err();
}

TEST_F(Login, TheMadeUpIdIsTheSameAfterARestart) {
  Broker broker(folder_);
  configure(broker.port(), kMadeUpId);
  start();
  ASSERT_TRUE(wait_log("MQTT: connected"));
  const std::string id = read_file(folder_.file("storage") + "/notify_id");
  EXPECT_EQ(id.size(), 8u);
  program_.reset();
  start();
  ASSERT_TRUE(wait_log("MQTT: connected"));
  EXPECT_EQ(read_file(folder_.file("storage") + "/notify_id"), id);
}

}  // namespace
}  // namespace vedette::test
