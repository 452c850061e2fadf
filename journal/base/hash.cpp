#include "journal/base/hash.hpp"

#include "journal/base/owned_handle.hpp"

#include <cstdio>
#include <cstdlib>

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

} // namespace

digest sha256_of(std::string_view bytes) {
  return sha256_of(std::initializer_list<std::string_view>{bytes});
}

digest sha256_of(std::initializer_list<std::string_view> parts) {
  thread_local const owned_handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  digest out{};
  unsigned int size = 0;
  if (!context || sha256() == nullptr || EVP_DigestInit_ex2(context.get(), sha256(), nullptr) != 1)
    no_sha256();
  for (const auto part : parts)
    if (EVP_DigestUpdate(context.get(), part.data(), part.size()) != 1)
      no_sha256();
  if (EVP_DigestFinal_ex(context.get(), out.data(), &size) != 1 || size != out.size())
    no_sha256();
  return out;
}

} // namespace orderhub
