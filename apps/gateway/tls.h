// The certificate that the gateway shows: loaded and checked at start, with a sentence for each thing that can be wrong.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
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

// Files that are renewed while they are in use. Thread-bound.
class TlsRenewal {
 public:
  explicit TlsRenewal(TlsFiles files);
  // A context of other files than the last one was of; null: they are the same, or not whole yet. Says so in the log.
  std::shared_ptr<boost::asio::ssl::context> look();

 private:
  using Marks = std::pair<FileMark, FileMark>;
  Marks marks() const { return {mark_of(files_.certificate), mark_of(files_.key)}; }

  TlsFiles files_;
  Marks loaded_;
  Marks refused_;
};

}  // namespace vedette::gateway
