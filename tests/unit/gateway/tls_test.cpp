// Certificates as scripts/tls makes them, and what can be wrong with the files.
#include "gateway/tls.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "support/program.h"

namespace vedette::gateway {
namespace {

class TlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TempFolder(testing::TempDir());
    ASSERT_TRUE(run(std::string(VEDETTE_SOURCE_DIR) + "/scripts/tls --folder " + folder_->path() + " camera.lan"));
    ASSERT_TRUE(run(std::string(VEDETTE_SOURCE_DIR) + "/scripts/tls --folder " + folder_->path() + "/other"));
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static bool run(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }
  static std::string file(const std::string& name) { return folder_->file(name); }
  static std::string refusal(const std::string& certificate, const std::string& key) {
    const auto loaded = load_tls({certificate, key});
    EXPECT_FALSE(loaded.ok());
    return loaded.ok() ? "" : loaded.error().text;
  }
  static test::TempFolder* folder_;
};
test::TempFolder* TlsTest::folder_ = nullptr;

TEST_F(TlsTest, TakesWhatTheScriptMakes) {
  const auto loaded = load_tls({file("server.crt"), file("server.key")});
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_NE(loaded->context, nullptr);
  EXPECT_TRUE(loaded->warnings.empty()) << loaded->warnings.front();
}

TEST_F(TlsTest, SaysWhichFileIsWrongAndHow) {
  const std::string certificate = file("server.crt");
  const std::string key = file("server.key");
  EXPECT_EQ(refusal(file("none.crt"), key), "gateway.tls_cert: " + file("none.crt") + ": No such file or directory");
  EXPECT_EQ(refusal(certificate, file("none.key")), "gateway.tls_key: " + file("none.key") + ": No such file or directory");
  EXPECT_EQ(refusal(folder_->path(), key), "gateway.tls_cert: " + folder_->path() + ": not a file");
  const std::string text = folder_->write("text", "a certificate\n");
  EXPECT_EQ(refusal(text, key), "gateway.tls_cert: " + text + ": not a PEM file; expected one with \"-----BEGIN …\" in it");
  const std::string broken = folder_->write("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_EQ(refusal(broken, key), "gateway.tls_cert: " + broken + ": no certificate in PEM that can be read");
  EXPECT_EQ(refusal(key, key), "gateway.tls_cert: " + key + ": no certificate in PEM that can be read");
  EXPECT_EQ(refusal(certificate, certificate), "gateway.tls_key: " + certificate + ": no private key in PEM that can be read");
  EXPECT_EQ(refusal(certificate, file("other/server.key")),
            "gateway.tls_key: " + file("other/server.key") + ": not the key of the certificate in " + certificate);
  ASSERT_TRUE(run("openssl pkey -in " + key + " -aes256 -passout pass:secret -out " + file("locked.key")));
  EXPECT_EQ(refusal(certificate, file("locked.key")),
            "gateway.tls_key: " + file("locked.key") +
                ": the key has a passphrase; expected one without, readable for its owner alone");
}

TEST_F(TlsTest, ARenewedCertificateIsTakenOnceItIsWhole) {
  const test::TempFolder folder(testing::TempDir());
  const auto copy = [&](const std::string& from) {
    ASSERT_TRUE(run("cp " + file(from) + " " + folder.path() + "/" + from.substr(from.find('/') + 1)));
  };
  copy("server.crt");
  copy("server.key");
  TlsRenewal renewal({folder.file("server.crt"), folder.file("server.key")});
  EXPECT_EQ(renewal.look(), nullptr) << "nothing is new";
  copy("other/server.crt");
  EXPECT_EQ(renewal.look(), nullptr) << "its key isn't there yet";
  copy("other/server.key");
  EXPECT_NE(renewal.look(), nullptr);
  EXPECT_EQ(renewal.look(), nullptr);
}

TEST_F(TlsTest, WarnsOfWhatBrowsersRefuse) {
  const auto warned = [](const std::string& certificate, const std::string& key) {
    const auto loaded = load_tls({certificate, key});
    EXPECT_TRUE(loaded) << loaded.error().text;
    return loaded && loaded->warnings.size() == 1 ? loaded->warnings.front() : "";
  };
  const std::string key = file("server.key");
  const auto made = [&](const std::string& name, const std::string& dates) {
    EXPECT_TRUE(run("openssl req -new -key " + key + " -subj /CN=x -out " + file(name + ".csr") + " && openssl x509 -req -in " +
                    file(name + ".csr") + " -signkey " + key + " " + dates + " -out " + file(name)));
    return file(name);
  };
  const std::string expired = made("expired.crt", "-days 0");  // within the second; openssl 3.5 makes none that is older
  EXPECT_TRUE(test::wait_until([&] { return warned(expired, key).find("has expired") != std::string::npos; }));
  EXPECT_NE(warned(made("soon.crt", "-days 3"), key).find("expires in "), std::string::npos);
  const std::string open = file("open.key");
  ASSERT_TRUE(run("cp " + key + " " + open));
  ASSERT_EQ(::chmod(open.c_str(), 0644), 0);
  EXPECT_NE(warned(file("server.crt"), open).find("may read"), std::string::npos);
}

}  // namespace
}  // namespace vedette::gateway
