#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace orderhub::testing {

/// `http2_server.py` in a process of its own, which ends with this: a vendor behind TLS that speaks
/// HTTP/2 and fails as a path says. Another library than libcurl's reads and writes its frames.
class http2_vendor {
public:
  /// Protocols that it offers by ALPN. Throws where it does not come up.
  explicit http2_vendor(std::string_view protocols = "h2,http/1.1");
  ~http2_vendor();
  http2_vendor(const http2_vendor&) = delete;
  http2_vendor& operator=(const http2_vendor&) = delete;

  [[nodiscard]] std::string url(std::string_view path) const;
  /// Its own certificate, in PEM.
  [[nodiscard]] std::string ca_file() const { return directory_ + "/ca.pem"; }
  /// What has come: arrivals by path, `connections_h1`, `connections_h2`, `streams_at_once`.
  [[nodiscard]] std::map<std::string, std::size_t> log() const;

private:
  std::string directory_;
  pid_t pid_ = -1;
  int input_ = -1;
  int port_ = 0;
};

} // namespace orderhub::testing
