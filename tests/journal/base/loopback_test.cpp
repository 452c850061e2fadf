#include "journal/base/loopback.hpp"
#include "tests/support/catch2.hpp"

using namespace orderhub;

TEST_CASE("only loopback names are loopback hosts", "[base]") {
  for (const auto* host : {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1",
                           "127.9.8.7:80", "[::1]", "[::1]:8080"}) {
    CAPTURE(host);
    CHECK(is_loopback_host(host));
  }
  for (const auto* host : {"", "localhost.", "localhost.evil.com", "127.0.0.1.nip.io", "127.1",
                           "0177.0.0.1", "127.0.0.256", "evil.com", "128.0.0.1", "[::2]", "[::1]x",
                           "[::1]:", "localhost:", "localhost:80x", "127.0.0.1@evil.com", "0.0.0.0",
                           "127.0.0.1:80:80", "::1"}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback_host(host));
  }
}

TEST_CASE("a loopback name has no port", "[base]") {
  for (const auto* name : {"localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "[::1]"}) {
    CAPTURE(name);
    CHECK(is_loopback_name(name));
  }
  for (const auto* name : {"", "localhost:80", "127.0.0.1:80", "[::1]:80", "::1", "127.0.0.01"}) {
    CAPTURE(name);
    CHECK_FALSE(is_loopback_name(name));
  }
}
