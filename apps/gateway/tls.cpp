#include "gateway/tls.h"

#include <sys/stat.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

#include "base/file.h"
#include "telemetry/log.h"

namespace vedette::gateway {
namespace {

namespace net = boost::asio;
namespace ssl = boost::asio::ssl;

constexpr int kSoonDays = 14;
// Of TLS 1.2: with forward secrecy and authenticated encryption alone. TLS 1.3 has no others.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

Error wrong(const std::string& key, const std::string& file, const std::string& what) {
  return {ErrorCode::kInvalidArgument, key + ": " + file + ": " + what};
}

// As the configuration is wrong in whatever way: a restart doesn't mend it.
Result<std::string> read(const std::string& key, const std::string& file) {
  auto content = read_file(file);
  if (!content) return std::move(content).error().in(key);
  if (content->find("-----BEGIN ") == std::string::npos)
    return wrong(key, file, "not a PEM file; expected one with \"-----BEGIN …\" in it");
  return content;
}

// Sentences about when the certificate is valid; none: now and for a while.
std::vector<std::string> look_at_dates(ssl::context& context, const std::string& file) {
  const X509* certificate = SSL_CTX_get0_certificate(context.native_handle());
  if (certificate == nullptr) return {};
  int days = 0;
  int seconds = 0;
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
    return {"gateway.tls_cert: " + file + " isn't valid yet: browsers refuse it (is this machine's clock right?)"};
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    return {"gateway.tls_cert: " + file + " has expired: browsers refuse it"};
  if (ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) == 1 && days < kSoonDays)
    return {"gateway.tls_cert: " + file + " expires in " + std::to_string(days) + " days"};
  return {};
}

}  // namespace

Result<Tls> load_tls(const TlsFiles& files) {
  VD_ASSIGN(const std::string certificate, read("gateway.tls_cert", files.certificate));
  VD_ASSIGN(const std::string key, read("gateway.tls_key", files.key));
  boost::system::error_code error;
  Tls tls;
  tls.context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = tls.context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_cipher_list(native, kCiphers);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // of connections that wait

  tls.context->use_certificate_chain(net::buffer(certificate), error);
  if (error) return wrong("gateway.tls_cert", files.certificate, "no certificate in PEM that can be read");
  const bool encrypted = key.find("ENCRYPTED") != std::string::npos;
  tls.context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  tls.context->use_private_key(net::buffer(key), ssl::context::pem, error);
  if (error && encrypted)
    return wrong("gateway.tls_key", files.key, "the key has a passphrase; expected one without, readable for its owner alone");
  if (error && ERR_GET_REASON(static_cast<unsigned long>(error.value())) != X509_R_KEY_VALUES_MISMATCH)
    return wrong("gateway.tls_key", files.key, "no private key in PEM that can be read");
  if (error || SSL_CTX_check_private_key(native) != 1)
    return wrong("gateway.tls_key", files.key, "not the key of the certificate in " + files.certificate);

  tls.warnings = look_at_dates(*tls.context, files.certificate);
  struct ::stat info {};
  if (::stat(files.key.c_str(), &info) == 0 && (info.st_mode & S_IRWXO) != 0)
    tls.warnings.push_back("gateway.tls_key: everybody on this machine may read " + files.key + "; chmod o= it");
  return tls;
}

TlsRenewal::TlsRenewal(TlsFiles files) : files_(std::move(files)), loaded_(marks()) {}

std::shared_ptr<ssl::context> TlsRenewal::look() {
  const Marks now = marks();
  if (now == loaded_) return nullptr;
  const auto tls = load_tls(files_);
  if (!tls) {
    if (now != refused_) log::warning("the certificate in use stays: {}", tls.error().text);
    refused_ = now;
    return nullptr;
  }
  loaded_ = now;
  for (const std::string& warning : tls->warnings) log::warning("{}", warning);
  log::info("a new certificate from {}", files_.certificate);
  return tls->context;
}

}  // namespace vedette::gateway
