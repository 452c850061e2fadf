#include "journal/base/hash.hpp"

#include <cstdio>
#include <cstdlib>

#include <libdeflate.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

namespace orderhub {

std::uint32_t crc32_of(std::string_view bytes) {
  return ::libdeflate_crc32(0, bytes.data(), bytes.size());
}

digest sha256_of(std::string_view bytes) {
  digest out{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr) != 1 ||
      size != out.size()) {
    std::fputs("orderhub: OpenSSL has no SHA-256\n", stderr);
    std::abort();
  }
  return out;
}

} // namespace orderhub
