#include "journal/base/hash.hpp"

#include "journal/base/owned_handle.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <vector>

#include <libdeflate.h>
#include <openssl/core_names.h>
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

namespace {

using mac_context = owned_handle<EVP_MAC_CTX, EVP_MAC_CTX_free>;

/// What OpenSSL never lacks but when memory is out: there is nothing to go on with.
[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "orderhub: OpenSSL has no %s\n", what);
  std::abort();
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

const char* openssl_name(hash_algorithm algorithm) {
  switch (algorithm) {
  case hash_algorithm::sha1:
    return "SHA1";
  case hash_algorithm::sha256:
    return "SHA256";
  case hash_algorithm::sha512:
    return "SHA512";
  }
  give_up("such hash");
}

/// A context that has taken the key.
mac_context keyed_context(hash_algorithm algorithm, std::string_view key) {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  mac_context context(mac ? EVP_MAC_CTX_new(mac) : nullptr);
  if (!context)
    give_up("HMAC");
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                       const_cast<char*>(openssl_name(algorithm)), 0),
      OSSL_PARAM_construct_end()};
  // A null key would mean the one before; an empty one is a key.
  const auto* key_bytes = key.empty() ? bytes_of("") : bytes_of(key);
  if (EVP_MAC_init(context.get(), key_bytes, key.size(), parameters.data()) != 1)
    give_up("HMAC");
  return context;
}

/// A copy of one that has taken it before: to look the hash up and take the key again costs more
/// than the hash of a webhook.
mac_context context_for(hash_algorithm algorithm, std::string_view key) {
  struct remembered_key {
    hash_algorithm algorithm{};
    std::string key;
    mac_context context;
  };
  constexpr std::size_t remembered_max = 16;
  thread_local std::vector<remembered_key> remembered;
  auto known = std::find_if(remembered.begin(), remembered.end(), [&](const auto& one) {
    return one.algorithm == algorithm && one.key == key;
  });
  if (known == remembered.end()) {
    if (remembered.size() == remembered_max)
      remembered.erase(remembered.begin());
    remembered.push_back({algorithm, std::string(key), keyed_context(algorithm, key)});
    known = std::prev(remembered.end());
  }
  return mac_context(EVP_MAC_CTX_dup(known->context.get()));
}

} // namespace

std::string hmac_of(hash_algorithm algorithm, std::string_view key,
                    std::initializer_list<std::string_view> parts) {
  const auto context = context_for(algorithm, key);
  if (!context)
    give_up("HMAC");
  for (const auto part : parts)
    if (EVP_MAC_update(context.get(), bytes_of(part), part.size()) != 1)
      give_up("HMAC");
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  std::size_t size = 0;
  if (EVP_MAC_final(context.get(), out.data(), &size, out.size()) != 1)
    give_up("HMAC");
  return {reinterpret_cast<const char*>(out.data()), size};
}

} // namespace orderhub
