// The certificate that the gateway shows: loaded and checked at start, with a sentence for each thing that can be wrong.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace boost::asio::ssl {
class context;
}

namespace vedette::gateway {

struct TlsFiles {
  std::string certificate;  // PEM: the server's, then those between it and who trusts it (gateway.tls_cert)
  std::string key;          // PEM, without a passphrase (gateway.tls_key)
};

struct Tls {
  std::shared_ptr<boost::asio::ssl::context> context;  // TLS 1.2 and 1.3
  std::vector<std::string> warnings;                   // a sentence each: expired, expires soon, the key is others' to read
};

// The error names the file, the key of the configuration, and what is wrong: missing, unreadable, not PEM, encrypted, not this
// certificate's.
Result<Tls> load_tls(const TlsFiles& files);

}  // namespace vedette::gateway
