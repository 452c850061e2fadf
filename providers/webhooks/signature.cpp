#include "providers/webhooks/signature.hpp"

#include "journal/base/hash.hpp"
#include "journal/base/owned_handle.hpp"
#include "journal/base/text.hpp"
#include "providers/codec/base64.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <utility>
#include <vector>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace orderhub::providers::webhooks {

namespace {

using digest_context = owned_handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using key_context = owned_handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using bio = owned_handle<BIO, BIO_free_all>;

/// What OpenSSL never lacks but when memory is out: there is nothing to go on with.
[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "orderhub: OpenSSL has no %s\n", what);
  std::abort();
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::shared_ptr<void> owned(EVP_PKEY* key) {
  return {key, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); }};
}

EVP_PKEY* key_in(const std::shared_ptr<void>& key) {
  return static_cast<EVP_PKEY*>(key.get());
}

bool is_ed25519(EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "ED25519") == 1;
}

bool is_p256(EVP_PKEY* key) {
  std::array<char, 32> curve{};
  std::size_t size = 0;
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &size) == 1 &&
         std::string_view(curve.data(), size) == SN_X9_62_prime256v1;
}

std::string joined(signed_parts parts) {
  std::string all;
  for (const auto part : parts)
    all += part;
  return all;
}

EVP_PKEY* read_der(std::string_view base64) {
  const auto der = base64_decoded(base64);
  if (!der)
    return nullptr;
  const unsigned char* at = bytes_of(*der);
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der->size()));
  if (key && at != bytes_of(*der) + der->size()) {
    EVP_PKEY_free(key);
    return nullptr;
  }
  return key;
}

EVP_PKEY* read_pem(std::string_view text) {
  const bio in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return in ? PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr) : nullptr;
}

constexpr std::size_t key_text_size_max = 4'096;

std::shared_ptr<void> read_p256(std::string_view text) {
  if (text.empty() || text.size() > key_text_size_max)
    return nullptr;
  auto key = owned(text.starts_with("-----BEGIN") ? read_pem(text) : read_der(text));
  return key && is_p256(key_in(key)) ? key : nullptr;
}

} // namespace

std::string hmac_hex(hash_algorithm algorithm, std::string_view key, signed_parts parts) {
  return hex_of(hmac(algorithm, key, parts));
}

bool are_same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<public_key> public_key::p256(std::string_view text) {
  constexpr std::size_t remembered_max = 8;
  thread_local std::vector<std::pair<std::string, public_key>> remembered;
  for (const auto& [known, key] : remembered)
    if (known == text)
      return key;
  auto key = read_p256(text);
  if (!key)
    return std::nullopt;
  const std::shared_ptr<EVP_PKEY_CTX> ready(EVP_PKEY_CTX_new(key_in(key), nullptr),
                                            EVP_PKEY_CTX_free);
  if (!ready || EVP_PKEY_verify_init(ready.get()) != 1)
    give_up("signatures");
  if (remembered.size() == remembered_max)
    remembered.erase(remembered.begin());
  remembered.emplace_back(text, public_key(std::move(key), ready));
  return remembered.back().second;
}

std::optional<public_key> public_key::ed25519(std::string_view raw) {
  auto key =
      owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(raw), raw.size()));
  return key ? std::optional(public_key(std::move(key), nullptr)) : std::nullopt;
}

bool public_key::verifies(signed_parts parts, std::string_view signature) const {
  if (ready_) {
    // A copy of a context that is set up for the key, which is worth a fifth of the time.
    const key_context context(EVP_PKEY_CTX_dup(static_cast<EVP_PKEY_CTX*>(ready_.get())));
    if (!context)
      give_up("signatures");
    const auto hash = sha256_of(parts);
    return EVP_PKEY_verify(context.get(), bytes_of(signature), signature.size(), hash.data(),
                           hash.size()) == 1;
  }
  const digest_context context(EVP_MD_CTX_new());
  if (!context || EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr,
                                          key_in(key_), nullptr) != 1)
    give_up("signatures");
  const auto all = joined(parts); // Ed25519 takes all bytes at once.
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(all),
                          all.size()) == 1;
}

signing_key signing_key::new_p256() {
  auto key = owned(EVP_EC_gen(SN_X9_62_prime256v1));
  if (!key)
    give_up("P-256");
  return signing_key(std::move(key));
}

signing_key signing_key::new_ed25519() {
  auto key = owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key)
    give_up("Ed25519");
  return signing_key(std::move(key));
}

std::string signing_key::sign(signed_parts parts) const {
  EVP_PKEY* const key = key_in(key_);
  const digest_context context(EVP_MD_CTX_new());
  const char* const hash = is_ed25519(key) ? nullptr : "SHA256";
  const auto all = joined(parts);
  std::size_t size = 0;
  if (!context ||
      EVP_DigestSignInit_ex(context.get(), nullptr, hash, nullptr, nullptr, key, nullptr) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(all), all.size()) != 1)
    give_up("signatures");
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                     bytes_of(all), all.size()) != 1)
    give_up("signatures");
  out.resize(size);
  return out;
}

std::string signing_key::public_text() const {
  EVP_PKEY* const key = key_in(key_);
  if (is_ed25519(key)) {
    std::array<unsigned char, 32> raw{};
    std::size_t size = raw.size();
    if (EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1)
      give_up("Ed25519");
    return base64_encode({reinterpret_cast<const char*>(raw.data()), size});
  }
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0)
    give_up("P-256");
  std::string text =
      base64_encode({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return text;
}

} // namespace orderhub::providers::webhooks
