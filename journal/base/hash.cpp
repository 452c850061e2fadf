#include "journal/base/hash.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <libdeflate.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

namespace orderhub {

std::uint32_t crc32_of(std::string_view bytes) {
  return ::libdeflate_crc32(0, bytes.data(), bytes.size());
}

namespace {

[[noreturn]] void no_sha256() {
  std::fputs("orderhub: OpenSSL has no SHA-256\n", stderr);
  std::abort();
}

/// Looked up once: OpenSSL's own look-up takes longer than the hash of a key.
const EVP_MD* sha256() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return found;
}

struct context_end {
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};

} // namespace

digest sha256_of(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, context_end> context(EVP_MD_CTX_new());
  digest out{};
  unsigned int size = 0;
  if (!context || sha256() == nullptr ||
      EVP_DigestInit_ex2(context.get(), sha256(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), out.data(), &size) != 1 || size != out.size())
    no_sha256();
  return out;
}

} // namespace orderhub
